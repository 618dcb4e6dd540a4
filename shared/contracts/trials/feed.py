"""Readings of a subject from another system (wearable, ePRO, eSource), a day and a measure at a time.

No reading stands here: how many were due, how many came, and where the raw data lie.
"""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Value

FeedKind = Literal["wearable", "epro", "esource", "edc", "laboratory", "imaging"]


class Measure(Value):
    """What a feed brings, by its code, and how many readings a day are due."""

    code: str
    expected_a_day: int


class AboutFeed(Event):
    """What every event of a feed says."""

    feed_id: UUID
    trial_id: UUID
    site_id: UUID
    subject_id: UUID


class FeedStarted(AboutFeed):
    """Readings are due from the local day `begins_on` in `zone`; a day is missing `late_after` days later."""

    type: ClassVar[str] = "trials.feed.started.v1"
    kind: FeedKind
    source_system: str
    measures: tuple[Measure, ...]
    begins_on: date
    zone: str
    late_after: int


class DaySummarised(AboutFeed):
    """The readings of one measure on one local day: `expected` were due, `received` came.

    `raw_data_ref` and its SHA-256 name the readings where the source system keeps them. `received_before`
    is what an earlier summary of the day said, `was_missing` that the day had been told missing. `breaks`
    names the rules that it breaks, which does not undo it.
    """

    type: ClassVar[str] = "trials.feed.day_summarised.v1"
    day: date
    measure: str
    expected: int
    received: int
    raw_data_ref: str
    sha256: str
    received_before: int | None = None
    was_missing: bool = False
    breaks: tuple[str, ...] = ()


class DayMissing(AboutFeed):
    """No summary of these measures came in time; `expected` readings were due in all."""

    type: ClassVar[str] = "trials.feed.day_missing.v1"
    day: date
    measures: tuple[str, ...]
    expected: int


class FeedEnded(AboutFeed):
    """The last local day of which readings are due; the day before the first where none ever was.

    Days after it that had been told missing are missing no more: `days_taken_back` of them, a day once a
    measure, of which `expected_taken_back` readings had been due.
    """

    type: ClassVar[str] = "trials.feed.ended.v1"
    ended_on: date
    reason: str
    days_taken_back: int = 0
    expected_taken_back: int = 0


FeedEvent = FeedStarted | DaySummarised | DayMissing | FeedEnded
