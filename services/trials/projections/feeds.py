"""Rows of feeds: what was due and what came, by feed and by site."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from services.trials.rules.other_trial import misplaced
from shared.contracts.message import Recorded
from shared.contracts.trials.feed import AboutFeed, DayMissing, DaySummarised, FeedEnded, FeedStarted, Measure

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One feed. `expected` and `received` are readings; days due and missing count once a measure.

    `questionable` counts summaries that break a rule.
    """

    table: ClassVar[str] = "feed"
    key: ClassVar[tuple[str, ...]] = ("feed_id",)
    feed_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    subject_id: UUID | None = None
    kind: str | None = None
    source_system: str | None = None
    measures: tuple[Measure, ...] = ()
    begins_on: date | None = None
    ended_on: date | None = None
    last_day: date | None = None
    expected: int = 0
    received: int = 0
    days_due: int = 0
    days_missing: int = 0
    questionable: int = 0
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SiteFeeds:
    """The feeds of a site's subjects together: what a risk indicator of data completeness reads."""

    table: ClassVar[str] = "site_feeds"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    trial_id: UUID | None = None
    feeds: int = 0
    expected: int = 0
    received: int = 0
    days_due: int = 0
    days_missing: int = 0


R = TypeVar("R", FeedRow, SiteFeeds)


def feed_keys(message: Recorded[AboutFeed]) -> tuple[Key, ...]:
    return ((message.data.feed_id,),)


def fold_feed(row: FeedRow | None, message: Recorded[Any], key: Key) -> FeedRow:
    """The feed after an event of its own stream."""
    event = message.data
    feed = row or FeedRow(key[0], event.trial_id, event.site_id, event.subject_id)
    feed = _counted(replace(feed, changed_at=message.time), event)
    match event:
        case FeedStarted():
            told = event.model_dump(include={"trial_id", "site_id", "kind", "source_system", "begins_on"})
            return replace(feed, **told, measures=event.measures)
        case DaySummarised(day=day, breaks=breaks):
            last, questionable = max(day, feed.last_day or day), feed.questionable + bool(breaks)
            return replace(feed, last_day=last, questionable=questionable)
        case FeedEnded(ended_on=day):
            return replace(feed, ended_on=day)
        case _:
            return feed


def site_feeds_keys(message: Recorded[AboutFeed]) -> tuple[Key, ...]:
    return () if misplaced(message.data) else ((message.data.site_id,),)


def fold_site_feeds(row: SiteFeeds | None, message: Recorded[Any], key: Key) -> SiteFeeds:
    """The sums over the site's feeds; streams may come in any order."""
    site = row or SiteFeeds(key[0], message.data.trial_id)
    started = isinstance(message.data, FeedStarted)
    return _counted(replace(site, feeds=site.feeds + started), message.data)


def _counted(row: R, event: AboutFeed) -> R:
    expected, received = row.expected, row.received
    due, missing = row.days_due, row.days_missing
    match event:
        case DaySummarised():
            again = event.was_missing or event.received_before is not None
            expected += 0 if again else event.expected
            due += not again and event.expected > 0  # nothing is due of a measure that the feed does not have
            received += event.received - (event.received_before or 0)
            missing -= event.was_missing
        case DayMissing():
            expected += event.expected
            due, missing = due + len(event.measures), missing + len(event.measures)
        case FeedEnded(days_taken_back=back):
            expected -= event.expected_taken_back
            due, missing = due - back, missing - back
    return replace(row, expected=expected, received=received, days_due=due, days_missing=missing)


@dataclass(frozen=True, slots=True)
class FeedDue:
    """A feed with its first and, once it has ended, its last local day; whose it is and from which system."""

    subject_id: UUID
    source_system: str
    begins_on: date
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class SiteFeedsDue:
    """The feeds of a site by their id: what the end of a subject, or of the site, ends."""

    table: ClassVar[str] = "site_feeds_due"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    trial_id: UUID | None = None
    feeds: dict[UUID, FeedDue] = field(default_factory=dict)


def site_feeds_due_keys(message: Recorded[FeedStarted | FeedEnded]) -> tuple[Key, ...]:
    return ((message.data.site_id,),)


def fold_site_feeds_due(row: SiteFeedsDue | None, message: Recorded[Any], key: Key) -> SiteFeedsDue:
    """The site's feeds after the start or the end of one; each event touches that feed alone."""
    event = message.data
    site = row or SiteFeedsDue(key[0], event.trial_id)
    match event:
        case FeedStarted(feed_id=feed):
            due = FeedDue(event.subject_id, event.source_system, event.begins_on)
        case FeedEnded(feed_id=feed) if feed in site.feeds:
            due = replace(site.feeds[feed], ended_on=event.ended_on)
        case _:
            return site
    return replace(site, feeds=dict(sorted((site.feeds | {feed: due}).items())))
