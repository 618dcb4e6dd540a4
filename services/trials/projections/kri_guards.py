"""What risk indicators are computed from: a trial's plan, and the counters of a site."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.trials.kri import Kri, Tolerance


@dataclass(frozen=True, slots=True)
class MonitoringPlan:
    """How the trial is watched, as its plan says now; `ended` once the trial is finished."""

    table: ClassVar[str] = "monitoring_plan"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    kris: tuple[Kri, ...] = ()
    tolerances: tuple[Tolerance, ...] = ()
    run_every_days: int | None = None
    visit_interval_days: int | None = None
    targeted_days: int | None = None
    visit_from: str | None = None
    sdv_percent: int | None = None
    zone: str | None = None
    document_ref: str | None = None
    planned_on: date | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class DataCounts:
    """Data of one capture system, as it counted them last."""

    as_of: date
    forms_entered: int
    forms_verified: int
    oldest_open_days: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit that has not taken place."""

    kind: str
    planned_on: date


@dataclass(frozen=True, slots=True)
class SiteCounters:
    """Sums over the streams of a site; each event adds to them, so that their order does not matter.

    Days under observation are `ends` - `starts` + `observed` x the day of the cut, days as ordinals: every
    begin of a subject's time adds to `starts`, every end to `ends`. `serious` are reports of serious events
    whose investigator's awareness is known, `serious_late` those that took more than a calendar day. Of the
    `deviations` those `annulled` are left out, each once. `recruiting_since`: none while the site takes no
    subjects; `recruited` are the days that it took them before. `over`: closed or terminated.
    """

    table: ClassVar[str] = "site_counters"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    trial_id: UUID | None = None
    activated_on: date | None = None
    enrolled: int = 0
    observed: int = 0
    starts: int = 0
    ends: int = 0
    screened: int = 0
    screen_failed: int = 0
    deviations: int = 0
    adverse_events: int = 0
    serious: int = 0
    serious_late: int = 0
    forms_verified: int = 0
    fields_verified: int = 0
    data: dict[str, DataCounts] = field(default_factory=dict)
    visits: dict[UUID, PlannedVisit] = field(default_factory=dict)
    closed_out: bool = False
    annulled: tuple[UUID, ...] = ()
    recruiting_since: date | None = None
    recruited: int = 0
    over: bool = False

    def days_recruiting(self, cut: date) -> int:
        """Days on which the site could take subjects, up to the day of the cut."""
        since = self.recruiting_since
        return self.recruited + (max((cut - since).days, 0) if since else 0)

    def stopped(self, day: date) -> "SiteCounters":
        """The site once it takes no subjects from that day on."""
        return replace(self, recruited=self.days_recruiting(day), recruiting_since=None)

    def days_observed(self, cut: date) -> int:
        """Subject-days up to the day of the cut."""
        return self.ends - self.starts + self.observed * cut.toordinal()

    def forms_entered(self) -> int:
        return sum(one.forms_entered for one in self.data.values())

    def verified(self) -> int:
        """Forms verified: as the capture systems count them or as visits reported, whichever is more."""
        return max(sum(one.forms_verified for one in self.data.values()), self.forms_verified)
