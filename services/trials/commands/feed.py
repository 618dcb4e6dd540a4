"""Commands on feeds: readings of another system, told a day and a measure at a time."""

from typing import Annotated, ClassVar, Self
from uuid import UUID, uuid5

from pydantic import Field, model_validator

from services.trials.commands.words import Code, Count, Sha256, Text
from services.trials.projections.consent_guards import SiteSubjects
from services.trials.projections.guards import SiteGuard, SubjectGuard, TrialGuard
from services.trials.rules import NAMESPACE
from shared.contracts.message import Command, Need, Value
from shared.contracts.trials.feed import FeedKind
from shared.rules.dates import Day, ZoneName


class MeasureDue(Value):
    """A measure by its code, and how many readings of it are due a day."""

    code: Code
    expected_a_day: Annotated[int, Field(ge=1, le=100_000)]


class OfFeed(Command):
    """A command on the feed of one subject from one source system."""

    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    source_system: Code

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"feed|{self.trial_id}|{self.subject_id}|{self.source_system}")

    def needs(self) -> tuple[Need, ...]:
        return (
            Need(SiteGuard, (self.site_id,)),
            Need(SubjectGuard, (self.subject_id,)),
            Need(TrialGuard, (self.trial_id,)),
        )


class StartFeed(OfFeed):
    """Say that readings of a subject of the site are due; `late_after` days later a day not told is missing.

    `begins_on` lies at most 366 days back; summaries of days before it are kept and marked.
    """

    type: ClassVar[str] = "trials.start_feed.v1"
    kind: FeedKind
    measures: Annotated[tuple[MeasureDue, ...], Field(min_length=1, max_length=50)]
    begins_on: Day
    zone: ZoneName
    late_after: Annotated[int, Field(ge=0, le=60)] = 2

    @model_validator(mode="after")
    def _each_measure_once(self) -> Self:
        if len({measure.code for measure in self.measures}) < len(self.measures):
            raise ValueError("measures: each code stands once")
        return self

    def needs(self) -> tuple[Need, ...]:
        return (*super().needs(), Need(SiteSubjects, (self.site_id,)))


class RecordDailySummary(OfFeed):
    """Report how many readings of a measure came on a local day, and where the raw data lie.

    It counts at the site where the feed was started, whichever it names.
    """

    type: ClassVar[str] = "trials.record_daily_summary.v1"
    report: ClassVar[bool] = True
    day: Day
    measure: Code
    received: Count
    raw_data_ref: Annotated[Text, Field(max_length=500)]
    sha256: Sha256


class EndFeed(OfFeed):
    """Say that `ended_on` is the last day of which readings are due: days after it are not missing.

    The day before the first says that none was ever due.
    """

    type: ClassVar[str] = "trials.end_feed.v1"
    ended_on: Day
    reason: Code
