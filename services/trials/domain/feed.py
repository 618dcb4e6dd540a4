"""The feed: readings are due, told by the day, missing when nothing came in time."""

from datetime import date, datetime, timedelta
from typing import assert_never

from services.trials.commands.feed import EndFeed, RecordDailySummary, StartFeed
from services.trials.domain.feed_state import Events, Feed, evolve
from services.trials.domain.feed_summary import FeedCommand, elsewhere, holds_at, ids, summarise
from services.trials.domain.permissions import refusal_under
from services.trials.projections.consent_guards import SiteSubjects
from services.trials.projections.guards import SiteGuard
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.feed import DayMissing, FeedEnded, FeedStarted, Measure
from shared.rules.dates import local_date, start_of_day

__all__ = ["Feed", "FeedCommand", "decide", "evolve", "wake_at"]

OLDEST = 366  # days before today that a feed may begin on: a slip of the year would make decades missing
AT_ONCE = 31  # days told missing in one transaction; the clock strikes again at once for those that are left


def decide(feed: Feed, command: FeedCommand | Wake, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case StartFeed():
            return _start(feed, command, facts, now)
        case RecordDailySummary():
            return summarise(feed, command, facts, now)
        case EndFeed():
            return _end(feed, command)
        case Wake():
            return _missing(feed, now)
        case _:
            assert_never(command)


def wake_at(feed: Feed) -> datetime | None:
    """When the first day of which something is untold becomes missing; None once nothing more is due."""
    if feed.started is None or (feed.ended_on and feed.open_from > feed.ended_on):
        return None
    return start_of_day(feed.open_from + timedelta(days=feed.started.late_after + 1), feed.started.zone)


def _start(feed: Feed, command: StartFeed, facts: Facts, now: datetime) -> Events | Refusal:
    measures = tuple(Measure(**measure.model_dump()) for measure in command.measures)
    started = FeedStarted(**command.model_dump(exclude={"measures"}) | ids(command), measures=measures)
    if feed.started:
        otherwise = Refusal("feed.already_started", "the feed was started otherwise", "started")
        return [] if feed.started == started else otherwise
    site, present = facts.get(SiteGuard, command.site_id), facts.get(SiteSubjects, command.site_id)
    if site is None or site.trial_id != command.trial_id:
        return Refusal("site.other_trial", "the trial has no such site", None, "site_id")
    if present is None or command.subject_id not in present.subjects:
        said = "the site has no such subject, or they have left"
        return Refusal("subject.not_at_site", said, None, "subject_id")
    first = local_date(now, command.zone) - timedelta(days=OLDEST)
    if command.begins_on < first:
        return Refusal("feed.begins_too_early", f"it may begin on {first} or later", None, "begins_on")
    return refusal_under(holds_at(command, facts), "collect_data") or [started]


def _end(feed: Feed, command: EndFeed) -> Events | Refusal:
    if feed.started is None:
        return Refusal("feed.not_started", "no such feed was started", None, "source_system")
    if elsewhere(feed, command):
        return Refusal("feed.other_site", "the feed is one of another site", "started", "site_id")
    last, back = command.ended_on, feed.missing_after(command.ended_on)
    if feed.ended_on == last and not back:
        return []
    if last < feed.started.begins_on - timedelta(days=1):
        detail = f"it began on {feed.started.begins_on}"
        return Refusal("feed.ends_before_it_begins", detail, "started", "ended_on")
    taken_back = {"days_taken_back": len(back), "expected_taken_back": sum(map(feed.due, back))}
    return [FeedEnded(**ids(command) | taken_back, ended_on=last, reason=command.reason)]


def _missing(feed: Feed, now: datetime) -> Events:
    if feed.started is None:
        return []
    last = local_date(now, feed.started.zone) - timedelta(days=feed.started.late_after + 1)
    within = feed.open_from + timedelta(days=AT_ONCE - 1)
    events: Events = []
    for day in _days(feed.open_from, min(last, within, feed.ended_on or date.max)):
        if measures := feed.untold(day):
            expected = sum(map(feed.due, measures))
            events.append(DayMissing(**ids(feed.started), day=day, measures=measures, expected=expected))
    return events


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
