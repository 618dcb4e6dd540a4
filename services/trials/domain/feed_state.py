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


@dataclass(frozen=True)
class Feed:
    """`told` is what the latest summary of a day and measure said: readings received and their SHA-256.

    `open_from` is the first day that is neither summarised nor told missing for every measure.
    """

    started: FeedStarted | None = None
    ended_on: date | None = None
    told: Mapping[tuple[date, str], Told] = field(default_factory=dict)
    missing: frozenset[tuple[date, str]] = frozenset()
    open_from: date = date.max
    deviations: frozenset[UUID] = frozenset()

    def due(self, measure: str) -> int:
        """Readings of the measure that are due a day; 0 where the feed brings none of it."""
        measures = self.started.measures if self.started else ()
        return next((known.expected_a_day for known in measures if known.code == measure), 0)

    def untold(self, day: date) -> tuple[str, ...]:
        """The measures of which nothing is known for the day."""
        codes = (measure.code for measure in (self.started.measures if self.started else ()))
        return tuple(code for code in codes if {(day, code)}.isdisjoint(self.told.keys() | self.missing))


def evolve(feed: Feed, event: FeedEvent | DeviationReported) -> Feed:
    match event:
        case FeedStarted():
            return _advanced(replace(feed, started=event, open_from=event.begins_on))
        case DaySummarised(day=day, measure=measure):
            told = {**feed.told, (day, measure): (event.received, event.sha256)}
            return _advanced(replace(feed, told=told, missing=feed.missing - {(day, measure)}))
        case DayMissing(day=day, measures=measures):
            return _advanced(replace(feed, missing=feed.missing | {(day, code) for code in measures}))
        case FeedEnded(ended_on=day):
            return replace(feed, ended_on=day)
        case DeviationReported(deviation_id=deviation):
            return replace(feed, deviations=feed.deviations | {deviation})
        case _:
            assert_never(event)


def _advanced(feed: Feed) -> Feed:
    day = feed.open_from
    while feed.started and not feed.untold(day):
        day += timedelta(days=1)
    return replace(feed, open_from=day)
