"""Which gates of a site are open: derived from evidence and its dates, never stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from services.trials.projections.guards import HoldView
from services.trials.rules.holds import AUTHORITY_HOLDS
from shared.contracts.trials.site import Gate, GateEvidenceRecorded
from shared.rules.dates import local_date, start_of_day


@dataclass(frozen=True)
class Open:
    """A gate that was found open, by which evidence and until which day (inclusive)."""

    evidence: UUID
    valid_to: date | None


@dataclass(frozen=True)
class Gates:
    """Evidence of a site and what was last told of its gates; `held` is the hold that closed `ha_ok`.

    `looked_on` is the site's local date of the latest evidence or loss: later dates are still to come.
    """

    required: tuple[Gate, ...] = ()
    evidence: Mapping[UUID, GateEvidenceRecorded] = field(default_factory=dict)
    open: Mapping[Gate, Open] = field(default_factory=dict)
    lost: Mapping[Gate, UUID] = field(default_factory=dict)
    held: UUID | None = None
    looked_on: date = date.min


def gates(state: Gates, zone: str, now: datetime) -> dict[Gate, GateEvidenceRecorded]:
    """The required gates that evidence opens on the site's local date, each with the longest valid."""
    today = local_date(now, zone)
    found: dict[Gate, GateEvidenceRecorded] = {}
    corrected = {e.corrects for e in state.evidence.values() if e.corrects != e.evidence_id}
    for evidence in state.evidence.values():
        if evidence.gate not in state.required or evidence.evidence_id in corrected:
            continue
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
    """When time alone may open or close a gate: evidence begins, or the day after its last one."""
    ends = [start_of_day(o.valid_to + timedelta(days=1), zone) for o in state.open.values() if o.valid_to]
    begins = [
        start_of_day(evidence.valid_from, zone)
        for evidence in state.evidence.values()
        if evidence.gate in state.required
        and evidence.gate not in state.open
        and evidence.valid_from > state.looked_on
    ]
    return min(ends + begins, default=None)


def _valid(evidence: GateEvidenceRecorded, on: date) -> bool:
    return evidence.valid_from <= on and (evidence.valid_to is None or on <= evidence.valid_to)


def _last_day(evidence: GateEvidenceRecorded) -> date:
    return evidence.valid_to or date.max
