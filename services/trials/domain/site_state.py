"""What decisions need of a site, and how its events change that."""

from dataclasses import dataclass, field, replace
from typing import Literal, assert_never
from uuid import UUID

from services.trials.domain.gates import Gates, Open
from services.trials.domain.permissions import ALLOWED, Permissions
from shared.contracts.trials.hold import PermissionsChanged
from shared.contracts.trials.site import (
    Gate,
    GateEvidenceRecorded,
    GateRevoked,
    GateSatisfied,
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
        case _:
            assert_never(event)
