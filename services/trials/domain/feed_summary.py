"""A summary of a day: kept as told, counted where the feed was started, marked with the rules it breaks."""

from datetime import datetime
from typing import Any
from uuid import uuid5

from services.trials.commands.feed import EndFeed, RecordDailySummary, StartFeed
from services.trials.domain.broken import in_future, rules_of, site_breaks
from services.trials.domain.feed_state import Events, Feed
from services.trials.domain.permissions import forbidding, holds_on
from services.trials.projections.guards import HoldView, SiteGuard, SubjectGuard, TrialGuard
from services.trials.rules import NAMESPACE
from shared.contracts.message import Facts
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.feed import DaySummarised, FeedStarted

FeedCommand = StartFeed | RecordDailySummary | EndFeed


def summarise(feed: Feed, command: RecordDailySummary, facts: Facts, now: datetime) -> Events:
    """The summary, with a deviation for each hold that it is the first to stand against."""
    known = feed.known(command.day)
    before = known.get(command.measure)
    if before == (command.received, command.sha256):
        return []
    where = ids(feed.started or command)
    holds = forbidding(holds_at(feed.started or command, facts), "collect_data", command.day)
    # A feed has its place from its start: until then the command alone says where it is.
    misplaced = () if feed.started else site_breaks(facts.get(SiteGuard, command.site_id), command.trial_id)
    told = DaySummarised(
        **command.model_dump(exclude={"source_system"}) | where,
        expected=feed.due(command.measure),
        received_before=before[0] if before else None,
        was_missing=command.measure in known and before is None,
        breaks=(*_breaks(feed, command, holds, now), *misplaced),
    )
    return [told, *_deviations(feed, told, holds)]


def ids(of: FeedStarted | FeedCommand) -> dict[str, Any]:
    """The ids that every event of the feed has."""
    given = of.model_dump(include={"feed_id", "trial_id", "site_id", "subject_id"})
    return given if isinstance(of, FeedStarted) else given | {"feed_id": of.stream_id}


def holds_at(at: FeedStarted | FeedCommand, facts: Facts) -> tuple[HoldView, ...]:
    """The holds on trial, site and subject; those of a site that the command does not name are not known."""
    trial, site = facts.get(TrialGuard, at.trial_id), facts.get(SiteGuard, at.site_id)
    return holds_on(trial, site, facts.get(SubjectGuard, at.subject_id))


def elsewhere(feed: Feed, command: FeedCommand) -> bool:
    """Whether the command names another place than that of the feed."""
    started = feed.started
    return started is not None and (started.trial_id, started.site_id) != (command.trial_id, command.site_id)


def _breaks(
    feed: Feed, command: RecordDailySummary, holds: tuple[HoldView, ...], now: datetime
) -> tuple[str, ...]:
    started, day = feed.started, command.day
    outside = started and (day < started.begins_on or (feed.ended_on and day > feed.ended_on))
    found = {
        "feed.not_started": started is None,
        "feed.other_site": elsewhere(feed, command),
        "feed.outside_period": bool(outside),
        "feed.unknown_measure": started is not None and not feed.due(command.measure),
        "feed.in_future": in_future(day, now),
        "data.under_hold": bool(holds),
    }
    return rules_of(found)


def _deviations(feed: Feed, told: DaySummarised, holds: tuple[HoldView, ...]) -> Events:
    """One deviation a hold, however many days it stood against; other breaks are questions to the sender."""
    named = {hold: uuid5(NAMESPACE, f"deviation|{told.feed_id}|{hold.hold_id}") for hold in holds}
    return [
        DeviationReported(
            deviation_id=deviation_id,
            trial_id=told.trial_id,
            site_id=told.site_id,
            subject_id=told.subject_id,
            category="data_collection",
            rules=("data.under_hold",),
            holds=(hold.hold_id,),
            occurred_on=told.day,
        )
        for hold, deviation_id in named.items()
        if deviation_id not in feed.deviations
    ]
