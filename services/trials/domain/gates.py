"""Which gates of a site are open: derived from evidence and its dates, never stored."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import assert_never
from uuid import UUID

from services.trials.projections.guards import HoldView
from services.trials.rules.holds import AUTHORITY_HOLDS
from services.trials.rules.qualifications import training_evidence
from shared.contracts.trials.site import Gate, GateEvidenceRecorded, GateRevoked, GateSatisfied
from shared.rules.dates import local_date, start_of_day


@dataclass(frozen=True)
class Open:
    """A gate that was found open, by which evidence and until which day (inclusive)."""

    evidence: UUID
    valid_to: date | None


@dataclass(frozen=True)
class Gates:
    """Evidence of a site and what was last told of its gates; `held` is the hold that closed `ha_ok`.

    `papers` is what was recorded for a gate by somebody whose word does not open it.

    `looked_on` is the site's local date of the latest evidence or loss: later dates are still to come.
    """

    required: tuple[Gate, ...] = ()
    evidence: Mapping[UUID, GateEvidenceRecorded] = field(default_factory=dict)
    papers: Mapping[UUID, GateEvidenceRecorded] = field(default_factory=dict)
    open: Mapping[Gate, Open] = field(default_factory=dict)
    lost: Mapping[Gate, UUID] = field(default_factory=dict)
    held: UUID | None = None
    looked_on: date = date.min


def gates(state: Gates, zone: str, now: datetime) -> dict[Gate, GateEvidenceRecorded]:
    """The required gates that evidence opens on the site's local date, each with the longest valid."""
    today = local_date(now, zone)
    found: dict[Gate, GateEvidenceRecorded] = {}
    for evidence in _counting(state):
        if not _valid(evidence, today):
            continue
        known = found.get(evidence.gate)
        if known is None or _last_day(evidence) > _last_day(known):
            found[evidence.gate] = evidence
    return {gate: found[gate] for gate in state.required if gate in found}


def closing_hold(holds: Iterable[HoldView]) -> UUID | None:
    """The open hold by which an authority takes its word back; no evidence opens `ha_ok` under it."""
    return next((hold.hold_id for hold in holds if hold.open and hold.source in AUTHORITY_HOLDS), None)


def next_change(state: Gates, zone: str) -> datetime | None:
    """When time alone may open or close a gate: evidence begins, or the day after its last one.

    Evidence that ends before it begins opens nothing, nor does any under the hold that closed its gate.
    """
    ends = [start_of_day(o.valid_to + timedelta(days=1), zone) for o in state.open.values() if o.valid_to]
    begins = [
        start_of_day(evidence.valid_from, zone)
        for evidence in _counting(state)
        if evidence.gate not in state.open and evidence.valid_from > state.looked_on
        if evidence.valid_from <= _last_day(evidence) and not (evidence.gate == "ha_ok" and state.held)
    ]
    return min(ends + begins, default=None)


def _counting(state: Gates) -> Iterator[GateEvidenceRecorded]:
    """The evidence for required gates that nothing has taken the place of.

    Once `training` follows from the people of the site, no other paper opens it.
    """
    corrected = {e.corrects for e in state.evidence.values() if e.corrects != e.evidence_id}
    for evidence in state.evidence.values():
        derived = training_evidence(evidence.site_id)
        outdone = evidence.gate == "training" and derived in state.evidence
        if evidence.gate not in state.required or evidence.evidence_id in corrected:
            continue
        if not outdone or evidence.evidence_id == derived:
            yield evidence


def _valid(evidence: GateEvidenceRecorded, on: date) -> bool:
    return evidence.valid_from <= on and (evidence.valid_to is None or on <= evidence.valid_to)


def _last_day(evidence: GateEvidenceRecorded) -> date:
    return evidence.valid_to or date.max


def evolve_gates(state: Gates, event: GateEvidenceRecorded | GateSatisfied | GateRevoked) -> Gates:
    """The gates after evidence, or after what was told of one."""
    match event:
        case GateEvidenceRecorded(counts=False):
            return replace(state, papers=dict(state.papers) | {event.evidence_id: event})
        case GateEvidenceRecorded():
            evidence = dict(state.evidence) | {event.evidence_id: event}
            return replace(state, evidence=evidence, looked_on=max(state.looked_on, event.recorded_on))
        case GateSatisfied(gate=gate):
            opened = dict(state.open) | {gate: Open(event.evidence, event.valid_to)}
            lost = {g: e for g, e in state.lost.items() if g != gate}
            held = None if gate == "ha_ok" else state.held
            return replace(state, open=opened, lost=lost, held=held)
        case GateRevoked(gate=gate):
            still = {g: o for g, o in state.open.items() if g != gate}
            lost = dict(state.lost) | {gate: event.evidence}
            looked_on = max(state.looked_on, event.revoked_on)
            held = event.hold if gate == "ha_ok" else state.held
            return replace(state, open=still, lost=lost, held=held, looked_on=looked_on)
        case _:
            assert_never(event)
