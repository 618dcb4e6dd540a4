"""Guard rows: what decisions of this service read about a trial, its sites and its subjects."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar, Self
from uuid import UUID

from shared.contracts.trials.hold import Effect, HoldSource
from shared.contracts.trials.trial import Route, TrialStatus


@dataclass(frozen=True, slots=True)
class HoldView:
    """A hold as decisions see it; `until` is the first day on which it forbids nothing more.

    `trial_id` is whose it is: in the row of a site or a subject of another trial it forbids nothing.
    """

    hold_id: UUID
    source: HoldSource
    effects: tuple[Effect, ...]
    since: date
    until: date | None = None
    arm: str | None = None
    trial_id: UUID | None = None

    @property
    def open(self) -> bool:
        return self.until is None

    def forbids(self, effect: Effect, on: date) -> bool:
        """Whether it forbade the effect on that day, as known today."""
        return effect in self.effects and self.since <= on and (self.until is None or on < self.until)


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The day from which a country's authority lets the trial begin, and the authorisation's id."""

    effective_on: date
    authorisation: UUID


@dataclass(frozen=True, slots=True)
class Standing:
    """A status of a trial and its first day: the one that was stated, else that of its telling (UTC)."""

    since: date
    status: TrialStatus


@dataclass(frozen=True, slots=True)
class TrialGuard:
    """A trial's status and holds; every decision on a site or a subject shares it.

    `statuses` are those told so far, in their order. What a trial was before the first, nobody knows here.
    `owner_id`: the organisation that its plan names, which has the obligations that follow the plan.
    """

    table: ClassVar[str] = "trial_guard"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    status: TrialStatus | None = None
    route: Route = "other"
    holds: tuple[HoldView, ...] = ()
    authorised: dict[str, Authorisation] = field(default_factory=dict)
    owner_id: UUID | None = None
    statuses: tuple[Standing, ...] = ()

    def moved(self, last: Standing) -> Self:
        """With one status more: by its day the others were over, also where they were told later."""
        before = (replace(one, since=min(one.since, last.since)) for one in self.statuses)
        return replace(self, status=last.status, statuses=(*before, last))

    def had(self, status: TrialStatus, on: date) -> bool:
        """Whether it had the status at some time of that day; two have the day of a change."""
        ends = [*(one.since for one in self.statuses[1:]), date.max]
        known = zip(self.statuses, ends, strict=True)
        return any(one.status == status and one.since <= on <= end for one, end in known)


@dataclass(frozen=True, slots=True)
class CloseOut:
    """A close-out visit that took place; `report_ref` is its report once a second person approved it."""

    visit_id: UUID
    conducted_on: date
    report_ref: str | None = None


@dataclass(frozen=True, slots=True)
class SiteGuard:
    """A site's status, holds and count; enrolments lock it for update, for they count against its target.

    `enrolment_closed_on`: the first local day on which it takes no new subjects, whatever ended that.
    """

    table: ClassVar[str] = "site_guard"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    trial_id: UUID | None = None
    status: str | None = None
    zone: str | None = None
    activated_on: date | None = None
    enrolled: int = 0
    consented: bool = False
    holds: tuple[HoldView, ...] = ()
    enrolment_closed_on: date | None = None
    close_out: CloseOut | None = None

    def ended(self, status: str, on: date) -> Self:
        """The guard with a status in which the site takes nobody new, from that day or an earlier one on."""
        return replace(self, status=status, enrolment_closed_on=min(on, self.enrolment_closed_on or on))


@dataclass(frozen=True, slots=True)
class SubjectGuard:
    """The holds on one subject."""

    table: ClassVar[str] = "subject_guard"
    key: ClassVar[tuple[str, ...]] = ("subject_id",)
    subject_id: UUID
    holds: tuple[HoldView, ...] = ()


@dataclass(frozen=True, slots=True)
class TrialSites:
    """The sites chosen for a trial, with their countries, and those that were activated."""

    table: ClassVar[str] = "trial_sites"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    countries: dict[UUID, str] = field(default_factory=dict)
    activated: tuple[UUID, ...] = ()

    def within(self, country: str) -> list[UUID]:
        """The sites in that country."""
        return [site for site, place in self.countries.items() if place == country]


@dataclass(frozen=True, slots=True)
class TrialCount:
    """How many subjects have enrolled in a trial."""

    table: ClassVar[str] = "trial_count"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    enrolled: int = 0
