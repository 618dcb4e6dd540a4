"""What evidence, holds and time make of a site: gates open and close, it becomes ready, stops and goes on."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never
from uuid import UUID

from services.trials.domain.gates import Gates, Open, closing_hold, gates, next_change
from services.trials.domain.permissions import ALLOWED, Permissions, holds_on, permissions
from services.trials.guards import SiteGuard, TrialGuard
from shared.contracts.trials import (
    Gate,
    GateEvidenceRecorded,
    GateRevoked,
    GateSatisfied,
    PermissionsChanged,
    SiteActivated,
    SiteEnrolmentStarted,
    SiteEvent,
    SiteIdentified,
    SiteReady,
    SiteRegistryStatusChanged,
    SiteResumed,
    SiteSelected,
    SiteSuspended,
)
from shared.rules.dates import local_date

Status = Literal["identified", "selected", "startup", "ready", "activated", "enrolling", "suspended"]
Events = list[SiteEvent | PermissionsChanged]


@dataclass(frozen=True)
class Site:
    """What decisions need of a site. `goes_on_as` is the status behind a suspension."""

    trial_id: UUID | None = None
    status: Status | None = None
    registry_status: str | None = None
    listed: bool = True
    selection: SiteSelected | None = None
    gates: Gates = field(default_factory=Gates)
    goes_on_as: Literal["activated", "enrolling"] | None = None
    stopped_by: tuple[frozenset[UUID], frozenset[Gate]] = (frozenset(), frozenset())
    permissions: Permissions = field(default_factory=lambda: dict(ALLOWED))

    @property
    def activated(self) -> bool:
        return self.goes_on_as is not None

    @property
    def zone(self) -> str | None:
        return self.selection.zone if self.selection else None


def evolve(site: Site, event: SiteEvent | PermissionsChanged) -> Site:
    match event:
        case SiteIdentified(trial_id=trial_id, registry_status=said):
            known = replace(site, trial_id=trial_id, registry_status=said)
            return replace(known, status=site.status or "identified")
        case SiteRegistryStatusChanged(registry_status=said, listed=listed):
            return replace(site, registry_status=said, listed=listed)
        case SiteSelected():
            gated = replace(site.gates, required=event.required_gates)
            return replace(site, selection=event, status="selected", gates=gated)
        case GateEvidenceRecorded() | GateSatisfied() | GateRevoked():
            status = "startup" if site.status in ("selected", "ready") else site.status
            moved = status if isinstance(event, GateSatisfied | GateRevoked) else site.status
            return replace(site, gates=_evolve_gates(site.gates, event), status=moved)
        case SiteReady():
            return replace(site, status="ready")
        case SiteActivated():
            return replace(site, status="activated", goes_on_as="activated")
        case SiteEnrolmentStarted():
            stopped = site.status == "suspended"
            return replace(site, status="suspended" if stopped else "enrolling", goes_on_as="enrolling")
        case SiteSuspended(holds=holds, gates=closed):
            return replace(site, status="suspended", stopped_by=(frozenset(holds), frozenset(closed)))
        case SiteResumed(status=status):
            return replace(site, status=status, stopped_by=(frozenset(), frozenset()))
        case PermissionsChanged(permissions=answer):
            return replace(site, permissions=answer)
        case _:
            assert_never(event)


def _evolve_gates(state: Gates, event: GateEvidenceRecorded | GateSatisfied | GateRevoked) -> Gates:
    match event:
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


def wake_at(site: Site) -> datetime | None:
    """When time alone may change a gate of a selected site."""
    return next_change(site.gates, site.selection.zone) if site.selection else None


def on_time(site: Site, now: datetime) -> Events:
    """What time alone makes of the gates; a review of the holds follows by reaction."""
    return _gate_changes(site, site.gates.held, now)


def review(site: Site, trial: TrialGuard | None, guard: SiteGuard | None, now: datetime) -> Events:
    """Everything that follows from evidence, holds and enrolment as they stand."""
    if site.selection is None:
        return []
    holds = holds_on(trial, guard)
    events = _gate_changes(site, closing_hold(holds), now)
    ids = _ids(site.selection)
    for event in events:
        site = evolve(site, event)
    if site.status in ("selected", "startup") and len(site.gates.open) == len(site.gates.required):
        events.append(SiteReady(**ids, gates=tuple(site.gates.required)))
    if site.goes_on_as == "activated" and guard and guard.enrolled:
        events.append(SiteEnrolmentStarted(**ids))
        site = evolve(site, events[-1])
    answer = permissions(trial, guard)
    events += _stop_or_go_on(site, answer["enrol"], ids)
    if answer != site.permissions:
        events.append(
            PermissionsChanged(
                trial_id=ids["trial_id"], scope_kind="site", scope_id=ids["site_id"], permissions=answer
            )
        )
    return events


def _gate_changes(site: Site, held: UUID | None, now: datetime) -> Events:
    if site.selection is None:
        return []
    ids = _ids(site.selection)
    found = gates(site.gates, site.selection.zone, now)
    today = local_date(now, site.selection.zone)
    events: Events = []
    for gate in site.gates.required:
        was, evidence = site.gates.open.get(gate), found.get(gate)
        closed_by = held if gate == "ha_ok" else None
        if evidence and not closed_by:
            by = Open(evidence.evidence_id, evidence.valid_to)
            if was != by:
                events.append(
                    GateSatisfied(
                        **ids,
                        gate=gate,
                        evidence=by.evidence,
                        valid_to=by.valid_to,
                        replaces=site.gates.lost.get(gate),
                    )
                )
        elif was:
            events.append(
                GateRevoked(
                    **ids,
                    gate=gate,
                    evidence=was.evidence,
                    valid_to=was.valid_to,
                    activated=site.activated,
                    hold=closed_by,
                    revoked_on=today,
                )
            )
    return events


def _ids(selection: SiteSelected) -> dict[str, UUID]:
    return {"trial_id": selection.trial_id, "site_id": selection.site_id}


def _stop_or_go_on(site: Site, holds: tuple[UUID, ...], ids: dict[str, UUID]) -> Events:
    if not site.activated:
        return []
    closed = tuple(gate for gate in site.gates.required if gate not in site.gates.open)
    if (holds or closed) and (
        site.status != "suspended" or site.stopped_by != (frozenset(holds), frozenset(closed))
    ):
        return [SiteSuspended(**ids, holds=holds, gates=closed)]
    if site.status == "suspended" and not holds and not closed and site.goes_on_as:
        return [SiteResumed(**ids, status=site.goes_on_as)]
    return []
