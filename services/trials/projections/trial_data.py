"""How far a trial's data are: what their lock and the trial's completion ask for, and its page shows."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from services.trials.rules.other_trial import misplaced
from shared.contracts.message import Recorded
from shared.contracts.trials.data import (
    CleaningStarted,
    DatabaseLocked,
    DatabaseUnlocked,
    DataCountsRecorded,
    DataSoftLocked,
    DataStatus,
    LastVisitRecorded,
    Precondition,
    TmfCompleted,
)
from shared.contracts.trials.site import SiteEnrolmentStarted
from shared.contracts.trials.statistics import AnalysisPlanApproved

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SiteCounts:
    """The totals of a site on its latest day, as one system counts them."""

    as_of: date
    forms_expected: int = 0
    forms_entered: int = 0
    forms_verified: int = 0
    queries_opened: int = 0
    queries_closed: int = 0


@dataclass(frozen=True, slots=True)
class TrialData:
    """`status` since the day (UTC) `since`; `locked_on` and `preconditions` are those of the latest lock.

    `counts` by site and system, `enrolling` are the sites at which a subject enrolled, `analysis_plan` is the
    one approved last.
    """

    table: ClassVar[str] = "trial_data"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    status: DataStatus = "open"
    since: date | None = None
    locks: int = 0
    locked_on: date | None = None
    unlock_reason: str | None = None
    last_visit_on: date | None = None
    tmf_completed_on: date | None = None
    tmf_ref: str | None = None
    preconditions: tuple[Precondition, ...] = ()
    counts: dict[UUID, dict[str, SiteCounts]] = field(default_factory=dict)
    enrolling: tuple[UUID, ...] = ()
    analysis_plan: str | None = None


Told = (
    CleaningStarted
    | DataSoftLocked
    | DatabaseLocked
    | DatabaseUnlocked
    | LastVisitRecorded
    | TmfCompleted
    | DataCountsRecorded
    | SiteEnrolmentStarted
    | AnalysisPlanApproved
)


def trial_data_keys(message: Recorded[Told]) -> tuple[Key, ...]:
    return () if misplaced(message.data) else ((message.data.trial_id,),)


def fold_trial_data(row: TrialData | None, message: Recorded[Any], key: Key) -> TrialData:
    """The row after an event of the trial's data, of a site or its counts, or of a plan."""
    data = row or TrialData(key[0])
    match message.data:
        case CleaningStarted(started_on=day):
            return replace(data, status="cleaning", since=day)
        case DataSoftLocked(soft_locked_on=day):
            return replace(data, status="soft_locked", since=day)
        case DatabaseLocked(locked_on=day, lock=lock, preconditions=met):
            locked = replace(data, status="locked", since=day, locks=lock, locked_on=day)
            return replace(locked, preconditions=met, unlock_reason=None)
        case DatabaseUnlocked(unlocked_on=day, reason=reason):
            return replace(data, status="unlocked", since=day, unlock_reason=reason)
        case LastVisitRecorded(visited_on=day):
            return replace(data, last_visit_on=day)
        case TmfCompleted(completed_on=day, document_ref=ref):
            return replace(data, tmf_completed_on=day, tmf_ref=ref)
        case SiteEnrolmentStarted(site_id=site):
            return replace(data, enrolling=tuple(sorted({*data.enrolling, site})))
        case AnalysisPlanApproved(plan=plan):
            return replace(data, analysis_plan=plan)
        case DataCountsRecorded() as event:
            return replace(data, counts=_counted(data.counts, event))
        case _:
            return data


def _counted(
    known: dict[UUID, dict[str, SiteCounts]], event: DataCountsRecorded
) -> dict[UUID, dict[str, SiteCounts]]:
    of_site = known.get(event.site_id, {})
    latest = of_site.get(event.source)
    if latest and latest.as_of > event.as_of:
        return known
    counts = SiteCounts(
        event.as_of,
        event.forms_expected,
        event.forms_entered,
        event.forms_verified,
        event.queries_opened,
        event.queries_closed,
    )
    return dict(sorted((known | {event.site_id: of_site | {event.source: counts}}).items()))
