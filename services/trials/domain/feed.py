"""The feed: readings are due, told by the day, missing when nothing came in time."""

from datetime import date, datetime, timedelta
from typing import Any, assert_never
from uuid import uuid5

from services.trials.commands.feed import EndFeed, RecordDailySummary, StartFeed
from services.trials.domain.broken import in_future, site_breaks
from services.trials.domain.feed_state import Events, Feed, evolve
from services.trials.domain.permissions import forbidding, holds_on, refusal_under
from services.trials.projections.guards import HoldView, SiteGuard, SubjectGuard, TrialGuard
from services.trials.rules import NAMESPACE
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.feed import DayMissing, DaySummarised, FeedEnded, FeedStarted, Measure
from shared.rules.dates import local_date, start_of_day

__all__ = ["Feed", "decide", "evolve", "wake_at"]

FeedCommand = StartFeed | RecordDailySummary | EndFeed


def decide(feed: Feed, command: FeedCommand | Wake, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case StartFeed():
            return _start(feed, command, facts)
        case RecordDailySummary():
            return _summarise(feed, command, facts, now)
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


def _ids(command: FeedCommand) -> dict[str, Any]:
    given = command.model_dump(include={"trial_id", "site_id", "subject_id"})
    return given | {"feed_id": command.stream_id}


def _holds(command: FeedCommand, facts: Facts) -> tuple[HoldView, ...]:
    trial, site = facts.get(TrialGuard, command.trial_id), facts.get(SiteGuard, command.site_id)
    return holds_on(trial, site, facts.get(SubjectGuard, command.subject_id))


def _start(feed: Feed, command: StartFeed, facts: Facts) -> Events | Refusal:
    measures = tuple(Measure(**measure.model_dump()) for measure in command.measures)
    started = FeedStarted(**command.model_dump(exclude={"measures"}) | _ids(command), measures=measures)
    if feed.started:
        otherwise = Refusal("feed.already_started", "the feed was started otherwise", "started")
        return [] if feed.started == started else otherwise
    site = facts.get(SiteGuard, command.site_id)
    if site is None or site.trial_id != command.trial_id:
        return Refusal("site.other_trial", "the trial has no such site", None, "site_id")
    return refusal_under(_holds(command, facts), "collect_data") or [started]


def _summarise(feed: Feed, command: RecordDailySummary, facts: Facts, now: datetime) -> Events:
    key = (command.day, command.measure)
    before = feed.told.get(key)
    if before == (command.received, command.sha256):
        return []
    holds = forbidding(_holds(command, facts), "collect_data", command.day)
    breaks = site_breaks(facts.get(SiteGuard, command.site_id), command.trial_id)
    told = DaySummarised(
        **command.model_dump(exclude={"source_system"}),
        feed_id=command.stream_id,
        expected=feed.due(command.measure),
        received_before=before[0] if before else None,
        was_missing=key in feed.missing,
        breaks=(*_breaks(feed, command, holds, now), *breaks),
    )
    return [told, *_deviation(feed, command, holds)]


def _breaks(
    feed: Feed, command: RecordDailySummary, holds: tuple[HoldView, ...], now: datetime
) -> tuple[str, ...]:
    started, day = feed.started, command.day
    outside = started and (day < started.begins_on or (feed.ended_on and day > feed.ended_on))
    found = {
        "feed.not_started": started is None,
        "feed.outside_period": bool(outside),
        "feed.unknown_measure": started is not None and not feed.due(command.measure),
        "feed.in_future": in_future(day, now),
        "data.under_hold": bool(holds),
    }
    return tuple(rule for rule, broken in found.items() if broken)


def _deviation(feed: Feed, command: RecordDailySummary, holds: tuple[HoldView, ...]) -> Events:
    """One deviation a hold, however many days it stood against; other breaks are questions to the sender."""
    named = {hold: uuid5(NAMESPACE, f"deviation|{command.stream_id}|{hold.hold_id}") for hold in holds}
    return [
        DeviationReported(
            deviation_id=deviation_id,
            trial_id=command.trial_id,
            site_id=command.site_id,
            subject_id=command.subject_id,
            category="data_collection",
            rules=("data.under_hold",),
            holds=(hold.hold_id,),
            occurred_on=command.day,
        )
        for hold, deviation_id in named.items()
        if deviation_id not in feed.deviations
    ]


def _end(feed: Feed, command: EndFeed) -> Events | Refusal:
    if feed.started is None:
        return Refusal("feed.not_started", "no such feed was started", None, "source_system")
    if feed.ended_on == command.ended_on:
        return []
    if command.ended_on < feed.started.begins_on:
        detail = f"it began on {feed.started.begins_on}"
        return Refusal("feed.ends_before_it_begins", detail, "started", "ended_on")
    return [FeedEnded(**_ids(command), ended_on=command.ended_on, reason=command.reason)]


def _missing(feed: Feed, now: datetime) -> Events:
    if feed.started is None:
        return []
    ids = feed.started.model_dump(include={"feed_id", "trial_id", "site_id", "subject_id"})
    last = local_date(now, feed.started.zone) - timedelta(days=feed.started.late_after + 1)
    events: Events = []
    for day in _days(feed.open_from, min(last, feed.ended_on or date.max)):
        if measures := feed.untold(day):
            expected = sum(map(feed.due, measures))
            events.append(DayMissing(**ids, day=day, measures=measures, expected=expected))
    return events


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
