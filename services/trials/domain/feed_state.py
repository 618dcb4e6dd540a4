"""What decisions need of a feed, and how its events change that."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import assert_never
from uuid import UUID

from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.feed import DayMissing, DaySummarised, FeedEnded, FeedEvent, FeedStarted

Events = list[FeedEvent | DeviationReported]
Told = tuple[int, str]
Known = Mapping[str, Told | None]  # by measure; None: told missing
NOTHING: Known = {}


@dataclass(frozen=True)
class Feed:
    """`months` has what is known of each day, below the first day of its month: of each measure the readings
    that its latest summary said were received and their SHA-256, or None where it was told missing.

    `open_from` is the first day that is neither summarised nor told missing for every measure.
    """

    started: FeedStarted | None = None
    ended_on: date | None = None
    months: Mapping[date, Mapping[date, Known]] = field(default_factory=dict)
    open_from: date = date.max
    deviations: frozenset[UUID] = frozenset()

    def known(self, day: date) -> Known:
        """What is known of the day, by measure."""
        return self.months.get(day.replace(day=1), {}).get(day, NOTHING)

    def due(self, measure: str) -> int:
        """Readings of the measure that are due a day; 0 where the feed brings none of it."""
        measures = self.started.measures if self.started else ()
        return next((known.expected_a_day for known in measures if known.code == measure), 0)

    def untold(self, day: date) -> tuple[str, ...]:
        """The measures of which nothing is known for the day."""
        known, measures = self.known(day), self.started.measures if self.started else ()
        return tuple(measure.code for measure in measures if measure.code not in known)

    def missing_after(self, last: date) -> tuple[str, ...]:
        """The measures told missing of days after that one, each as often as there are such days."""
        days = (days.items() for month, days in self.months.items() if month >= last.replace(day=1))
        after = (known for of_month in days for day, known in of_month if day > last)
        return tuple(code for known in after for code, told in known.items() if told is None)


def evolve(feed: Feed, event: FeedEvent | DeviationReported) -> Feed:
    match event:
        case FeedStarted():
            return _advanced(replace(feed, started=event, open_from=event.begins_on))
        case DaySummarised(day=day, measure=measure):
            return _with(feed, day, {measure: (event.received, event.sha256)})
        case DayMissing(day=day, measures=measures):
            return _with(feed, day, dict.fromkeys(measures))
        case FeedEnded(ended_on=day, days_taken_back=back):
            ended = replace(feed, ended_on=day)
            return _without_missing_after(ended, day) if back else ended
        case DeviationReported(deviation_id=deviation):
            return replace(feed, deviations=feed.deviations | {deviation})
        case _:
            assert_never(event)


def _with(feed: Feed, day: date, told: Known) -> Feed:
    """Kept by month, so that an event copies its month and not the years before it."""
    month = day.replace(day=1)
    days = {**feed.months.get(month, {}), day: {**feed.known(day), **told}}
    return _advanced(replace(feed, months={**feed.months, month: days}))


def _without_missing_after(feed: Feed, last: date) -> Feed:
    """Of days after that one nothing is known but what came: they are due again if the end moves."""
    months = {
        month: {
            day: {code: told for code, told in known.items() if told is not None or day <= last}
            for day, known in days.items()
        }
        for month, days in feed.months.items()
    }
    following = last + timedelta(days=1)
    return _advanced(replace(feed, months=months, open_from=min(feed.open_from, following)))


def _advanced(feed: Feed) -> Feed:
    day = feed.open_from
    while feed.started and not feed.untold(day):
        day += timedelta(days=1)
    return replace(feed, open_from=day)
