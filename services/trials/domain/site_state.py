"""What decisions need of a site, and how its events change that."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal, assert_never
from uuid import UUID

from services.trials.domain.gates import Gates, evolve_gates
from services.trials.domain.permissions import Permitted, closed_by
from services.trials.rules.site_states import STATUS_AFTER
from shared.contracts.trials.feasibility import (
    Answer,
    FeasibilityCompleted,
    FeasibilityEvent,
    FeasibilityOverdue,
    FeasibilityReceived,
    FeasibilitySent,
)
from shared.contracts.trials.hold import PermissionsChanged
from shared.contracts.trials.site import (
    Gate,
    GateEvidenceRecorded,
    GateRevoked,
    GateSatisfied,
    SiteActivated,
    SiteDetailsChanged,
    SiteEnrolmentStarted,
    SiteEvent,
    SiteIdentified,
    SiteReady,
    SiteRegistryStatusChanged,
    SiteResumed,
    SiteSelected,
    SiteStatus,
    SiteSuspended,
)
from shared.contracts.trials.site_steps import (
    QualificationScheduled,
    SiteClosingStarted,
    SiteStepEvent,
    SiteTerminated,
)

AnyEvent = SiteEvent | SiteStepEvent | FeasibilityEvent | PermissionsChanged
Events = list[AnyEvent]
DETAILS = ("name", "country", "city", "state", "postcode", "zone", "identifiers")


@dataclass(frozen=True)
class Site:
    """What decisions need of a site. `goes_on_as` is the status behind a suspension.

    `permitted` is what others know of its permissions: nothing is open until they hear of the activation.
    `details` are its name and place as they were told last, `adopted` the events that a takeover told.
    """

    trial_id: UUID | None = None
    status: SiteStatus | None = None
    identified_zone: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    asked: FeasibilitySent | None = None
    reminded: bool = False
    answers: tuple[Answer, ...] = ()
    completed: FeasibilityCompleted | None = None
    visit_on: date | None = None
    activated_on: date | None = None
    registry_status: str | None = None
    adopted: tuple[AnyEvent, ...] = ()
    listed: bool = True
    selection: SiteSelected | None = None
    gates: Gates = field(default_factory=Gates)
    goes_on_as: Literal["activated", "enrolling"] | None = None
    stopped_by: tuple[frozenset[UUID], frozenset[Gate]] = (frozenset(), frozenset())
    permitted: Permitted = field(default_factory=lambda: Permitted(closed=closed_by(None, "identified")))

    @property
    def activated(self) -> bool:
        return self.goes_on_as is not None

    @property
    def zone(self) -> str | None:
        return self.selection.zone if self.selection else None

    @property
    def known_zone(self) -> str | None:
        """The zone it was selected with, or the one it was identified with."""
        return self.zone or self.identified_zone

    @property
    def local_zone(self) -> str:
        """Its zone; UTC while that is not known."""
        return self.known_zone or "UTC"


def evolve(site: Site, event: AnyEvent) -> Site:
    after = _evolved(site, event)
    taken_over = getattr(event, "adopted_from", None)
    return replace(after, adopted=(*after.adopted, event)) if taken_over else after


def _evolved(site: Site, event: AnyEvent) -> Site:
    match event:
        case SiteIdentified(trial_id=trial_id, registry_status=said, zone=zone):
            return replace(
                site,
                trial_id=trial_id,
                registry_status=said,
                identified_zone=zone,
                details={name: getattr(event, name) for name in DETAILS},
                status=site.status or "identified",
            )
        case SiteDetailsChanged(zone=zone):
            details = {name: getattr(event, name) for name in DETAILS}
            return replace(site, identified_zone=zone, details=details)
        case SiteRegistryStatusChanged(registry_status=said, listed=listed):
            return replace(site, registry_status=said, listed=listed)
        case SiteSelected():
            gated = replace(site.gates, required=event.required_gates)
            return replace(site, selection=event, status="selected", gates=gated)
        case GateEvidenceRecorded() | GateSatisfied() | GateRevoked():
            status = "startup" if site.status in ("selected", "ready") else site.status
            moved = status if isinstance(event, GateSatisfied | GateRevoked) else site.status
            return replace(site, gates=evolve_gates(site.gates, event), status=moved)
        case SiteReady():
            return replace(site, status="ready")
        case SiteActivated(activated_on=day):
            begun = replace(site, status="activated", goes_on_as="activated", activated_on=day)
            return replace(begun, permitted=replace(site.permitted, closed=()))
        case SiteEnrolmentStarted():
            stopped = site.status == "suspended"
            return replace(site, status="suspended" if stopped else "enrolling", goes_on_as="enrolling")
        case SiteSuspended(holds=holds, gates=closed):
            return replace(site, status="suspended", stopped_by=(frozenset(holds), frozenset(closed)))
        case SiteResumed(status=status):
            return replace(site, status=status, stopped_by=(frozenset(), frozenset()))
        case PermissionsChanged():
            return replace(site, permitted=Permitted(event.permissions, event.closed, event.arms))
        case FeasibilitySent() | FeasibilityOverdue() | FeasibilityReceived() | FeasibilityCompleted():
            return _evolve_feasibility(site, event)
        case _:
            return _evolve_steps(site, event)


def _evolve_feasibility(site: Site, event: FeasibilityEvent) -> Site:
    match event:
        case FeasibilitySent():
            return replace(site, status="feasibility_sent", asked=event)
        case FeasibilityOverdue():
            return replace(site, reminded=True)
        case FeasibilityReceived(answers=answers):
            return replace(site, status="feasibility_received", answers=answers)
        case FeasibilityCompleted():
            return replace(site, completed=event)
        case _:
            assert_never(event)


def _evolve_steps(site: Site, event: SiteStepEvent) -> Site:
    moved = replace(site, status=STATUS_AFTER[type(event)])
    match event:
        case QualificationScheduled(visit_on=day):
            return replace(moved, visit_on=day)
        case SiteClosingStarted() | SiteTerminated():
            return replace(moved, goes_on_as=None, stopped_by=(frozenset(), frozenset()))
        case _:
            return moved
