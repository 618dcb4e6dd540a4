"""The rows of sites behind the trial page."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from services.trials.rules.facilities import facility_key, place_key
from services.trials.rules.site_states import STATUS_AFTER, MovesOn
from shared.contracts.message import Identifier, Recorded
from shared.contracts.trials.site import (
    GateRevoked,
    GateSatisfied,
    SiteActivated,
    SiteDetailsChanged,
    SiteEnrolmentStarted,
    SiteIdentified,
    SiteReady,
    SiteRegistryStatusChanged,
    SiteResumed,
    SiteSelected,
    SiteSuspended,
)
from shared.contracts.trials.site_steps import (
    QualificationScheduled,
    SiteClosed,
    SiteClosingStarted,
    SiteDeclined,
    SiteEnrolmentClosed,
    SiteNotSelected,
    SiteQualified,
    SiteTerminated,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class OpenGate:
    """By which evidence a gate is open, and until which local day."""

    evidence: UUID
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One site; `stopped_gates` and `stopped_holds` say why it is suspended, `reason` why it is not taken.

    `closed_on` is the day of its end, also of one before its time. `facility` and `place` are the same for
    every spelling of its name and of its city (rules/facilities.py).
    """

    table: ClassVar[str] = "site"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    trial_id: UUID | None = None
    correlation_id: UUID | None = None
    name: str | None = None
    city: str | None = None
    state: str | None = None
    postcode: str | None = None
    country: str | None = None
    zone: str | None = None
    basis: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    registry_status: str | None = None
    listed: bool = True
    status: str | None = None
    irb: str | None = None
    target: int | None = None
    required_gates: tuple[str, ...] = ()
    gates: dict[str, OpenGate] = field(default_factory=dict)
    stopped_holds: tuple[UUID, ...] = ()
    stopped_gates: tuple[str, ...] = ()
    activated_on: date | None = None
    facility: str | None = None
    place: str | None = None
    reason: str | None = None
    qualification_waived: str | None = None
    visit_on: date | None = None
    qualified_on: date | None = None
    enrolment_closed_on: date | None = None
    closed_on: date | None = None
    changed_at: datetime | None = None


SiteTold = (
    SiteIdentified
    | SiteDetailsChanged
    | SiteRegistryStatusChanged
    | SiteSelected
    | GateSatisfied
    | GateRevoked
    | SiteReady
    | SiteActivated
    | SiteEnrolmentStarted
    | SiteSuspended
    | SiteResumed
    | MovesOn
)


def site_keys(message: Recorded[SiteTold]) -> tuple[Key, ...]:
    return ((message.data.site_id,),)


def fold_site(row: SiteRow | None, message: Recorded[Any], key: Key) -> SiteRow:
    """The site after an event of its own stream."""
    site = row or SiteRow(key[0], correlation_id=message.correlation_id)
    if isinstance(message.data, SiteIdentified | SiteDetailsChanged):  # an import brings thousands
        return _identified(site, message.data, message.time)
    site = replace(site, changed_at=message.time)
    match message.data:
        case SiteRegistryStatusChanged(registry_status=said, listed=listed):
            return replace(site, registry_status=said, listed=listed)
        case SiteSelected() as event:
            chosen = event.model_dump(exclude={"site_id", "trial_id", "route", "selected_on", "adopted_from"})
            return replace(site, **chosen, trial_id=event.trial_id, status="selected")
        case GateSatisfied(gate=gate) as event:
            opened = site.gates | {gate: OpenGate(event.evidence, event.valid_to)}
            return replace(site, gates=dict(sorted(opened.items())), status=_preparing(site))
        case GateRevoked(gate=gate):
            still = {name: by for name, by in site.gates.items() if name != gate}
            return replace(site, gates=still, status=_preparing(site))
        case SiteReady():
            return replace(site, status="ready")
        case SiteActivated(activated_on=day):
            return replace(site, status="activated", activated_on=day)
        case SiteEnrolmentStarted():
            return replace(site, status=site.status if site.status == "suspended" else "enrolling")
        case SiteSuspended(holds=holds, gates=gates):
            return replace(site, status="suspended", stopped_holds=holds, stopped_gates=gates)
        case SiteResumed(status=status):
            return _unstopped(replace(site, status=status))
        case _:
            return _stepped(site, message.data)


def _identified(site: SiteRow, event: SiteIdentified | SiteDetailsChanged, at: datetime) -> SiteRow:
    told = event.model_dump(exclude={"site_id", "identifiers", "adopted_from"})
    told |= {"identifiers": event.identifiers, "status": site.status or "identified", "changed_at": at}
    facility = facility_key(event.name, event.city, event.country)
    return replace(site, **told, facility=facility, place=place_key(event.city, event.country))


def _stepped(site: SiteRow, event: Any) -> SiteRow:
    moved = replace(site, status=STATUS_AFTER.get(type(event), site.status))
    match event:
        case QualificationScheduled(visit_on=day):
            return replace(moved, visit_on=day)
        case SiteQualified(visited_on=day):
            return replace(moved, qualified_on=day)
        case SiteNotSelected(reason=reason) | SiteDeclined(reason=reason):
            return replace(moved, reason=reason)
        case SiteTerminated(reason=reason, terminated_on=day):
            return _unstopped(replace(moved, reason=reason, closed_on=day))
        case SiteEnrolmentClosed(closed_on=day):
            return replace(moved, enrolment_closed_on=day)
        case SiteClosingStarted():
            return _unstopped(moved)
        case SiteClosed(closed_on=day):
            return replace(moved, closed_on=day)
        case _:
            return moved


def _unstopped(site: SiteRow) -> SiteRow:
    return replace(site, stopped_holds=(), stopped_gates=())


def _preparing(site: SiteRow) -> str | None:
    return "startup" if site.status in ("selected", "ready") else site.status
