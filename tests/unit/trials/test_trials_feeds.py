"""Readings of other systems: days told, days missing, and what a summary breaks."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.commands.feed import EndFeed, MeasureDue, RecordDailySummary, StartFeed
from services.trials.domain.feed import Feed, decide, evolve, wake_at
from services.trials.projections.consent_guards import Participant, SiteSubjects
from services.trials.projections.feeds import (
    FeedRow,
    SiteFeeds,
    SiteFeedsDue,
    feed_keys,
    fold_feed,
    fold_site_feeds,
    fold_site_feeds_due,
    site_feeds_due_keys,
    site_feeds_keys,
)
from services.trials.projections.guards import HoldView, SiteGuard, SubjectGuard, TrialGuard
from shared.contracts.message import Command, Event, Facts, Refusal, Wake
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.feed import DayMissing, DaySummarised, FeedEnded, FeedStarted
from tests.support.touched import touched
from tests.unit.trials.trials_world import SITE, SUBJECT, TRIAL, recorded

ZONE = "America/New_York"
FIRST = date(2026, 3, 2)
DAY = timedelta(days=1)
IDS: dict[str, Any] = {
    "trial_id": TRIAL,
    "site_id": SITE,
    "subject_id": SUBJECT,
    "source_system": "wrist-1",
}
MEASURES = (MeasureDue(code="heart_rate", expected_a_day=24), MeasureDue(code="steps", expected_a_day=1))
START = StartFeed(**IDS, kind="wearable", measures=MEASURES, begins_on=FIRST, zone=ZONE, late_after=2)
HELD = HoldView(UUID(int=40), "sponsor_pause", ("collect_data",), FIRST)


PRESENT = SiteSubjects(SITE, TRIAL, {SUBJECT: Participant("on-study")})
ELSEWHERE = UUID(int=77)


def site(*holds: HoldView) -> Facts:
    return Facts(SiteGuard(SITE, TRIAL, "activated", holds=holds), PRESENT)


def told(day: date, measure: str = "heart_rate", received: int = 24, mark: str = "a") -> RecordDailySummary:
    named = {"raw_data_ref": f"readings/{day}", "sha256": mark * 64}
    given: dict[str, Any] = {"day": day, "measure": measure, "received": received, **named}
    return RecordDailySummary(**IDS, **given)


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def after(*steps: tuple[Command, datetime], facts: Facts | None = None) -> tuple[Feed, list[Event]]:
    """The state and all events once these were decided."""
    feed, events = Feed(), list[Event]()
    for command, now in steps:
        found = decide(feed, command, facts or site(), now)  # type: ignore[arg-type]
        assert not isinstance(found, Refusal), found
        for event in found:
            feed = evolve(feed, event)
        events += found
    return feed, events


def refused(feed: Feed, command: Command, facts: Facts | None = None) -> str:
    found = decide(feed, command, facts or site(), at(FIRST))  # type: ignore[arg-type]
    assert isinstance(found, Refusal)
    return found.rule


def summary(command: RecordDailySummary, *before: tuple[Command, datetime], **given: Any) -> DaySummarised:
    _, events = after(*before, (command, given.pop("now", at(FIRST + 30 * DAY))), **given)
    return next(event for event in reversed(events) if isinstance(event, DaySummarised))


def test_a_feed_starts_once() -> None:
    feed, (event,) = after((START, at(FIRST)))
    assert isinstance(event, FeedStarted)
    assert event.feed_id == START.stream_id
    assert decide(feed, START, site(), at(FIRST)) == []
    assert refused(feed, START.model_copy(update={"late_after": 5})) == "feed.already_started"


def test_a_feed_is_asked_for_where_data_may_be_collected() -> None:
    assert refused(Feed(), START, Facts()) == "site.other_trial"
    assert refused(Feed(), START, Facts(SiteGuard(SITE, UUID(int=99)))) == "site.other_trial"
    assert refused(Feed(), START, site(HELD)) == "hold.collect_data"
    present = SiteSubjects(SITE, TRIAL, {UUID(int=78): Participant("on-study")})
    for subjects in ((), (present,), (replace(PRESENT, site_id=ELSEWHERE),)):
        facts = Facts(SiteGuard(SITE, TRIAL, "activated"), *subjects)
        assert refused(Feed(), START, facts) == "subject.not_at_site"


@pytest.mark.parametrize(
    ("days", "rule"),
    [(366, None), (367, "feed.begins_too_early"), (100 * 365, "feed.begins_too_early"), (-400, None)],
)
def test_a_feed_does_not_begin_more_than_a_year_ago(days: int, rule: str | None) -> None:
    command = StartFeed.model_validate(START.model_dump() | {"begins_on": FIRST - days * DAY})
    found = decide(Feed(), command, site(), at(FIRST, 5))  # midnight in New York
    assert (found.rule if isinstance(found, Refusal) else None) == rule
    if rule is None:
        (started,) = found  # type: ignore[misc]
        later = at(FIRST + 500 * DAY)
        assert decide(evolve(Feed(), started), command, site(), later) == []  # said again it is no other


def test_a_wake_tells_at_most_a_month_and_the_next_one_goes_on_at_once() -> None:
    now, wake = at(FIRST + 100 * DAY), Wake(stream=START.stream_id)
    feed, _ = after((START, at(FIRST)))
    told_missing: list[date] = []
    while (due := wake_at(feed)) and due <= now:
        found = decide(feed, wake, site(), now)
        assert isinstance(found, list)
        assert 0 < len(found) <= 31
        for event in found:
            assert isinstance(event, DayMissing)
            told_missing.append(event.day)
            feed = evolve(feed, event)
    assert told_missing == [FIRST + n * DAY for n in range(98)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"measures": ()},
        {"measures": (*MEASURES, MEASURES[0])},
        {"measures": ({"code": "steps", "expected_a_day": 0},)},
        {"zone": "Mars/Olympus"},
        {"late_after": -1},
    ],
)
def test_a_feed_that_cannot_be_is_no_command(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StartFeed.model_validate(START.model_dump() | wrong)


def test_a_day_is_told_and_told_otherwise() -> None:
    first = summary(told(FIRST, received=20), (START, at(FIRST)))
    assert (first.expected, first.received, first.received_before, first.breaks) == (24, 20, None, ())
    again = summary(
        told(FIRST, received=23, mark="b"), (START, at(FIRST)), (told(FIRST, received=20), at(FIRST))
    )
    assert (again.received, again.received_before) == (23, 20)


def test_the_same_summary_again_tells_nothing() -> None:
    feed, _ = after((START, at(FIRST)), (told(FIRST), at(FIRST + DAY)))
    assert decide(feed, told(FIRST), site(), at(FIRST + DAY)) == []


@pytest.mark.parametrize(
    ("command", "before", "rule"),
    [
        (told(FIRST), (), "feed.not_started"),
        (told(FIRST - DAY), ((START, at(FIRST)),), "feed.outside_period"),
        (told(FIRST, "mood"), ((START, at(FIRST)),), "feed.unknown_measure"),
        (told(FIRST + 60 * DAY), ((START, at(FIRST)),), "feed.in_future"),
        (
            told(FIRST + 9 * DAY),
            ((START, at(FIRST)), (EndFeed(**IDS, ended_on=FIRST + 5 * DAY, reason="lost"), at(FIRST))),
            "feed.outside_period",
        ),
    ],
)
def test_a_summary_that_breaks_a_rule_is_kept_and_marked(
    command: RecordDailySummary, before: tuple[tuple[Command, datetime], ...], rule: str
) -> None:
    assert summary(command, *before).breaks == (rule,)


def test_a_summary_counts_where_the_feed_was_started_whichever_site_it_names() -> None:
    wake = (Wake(stream=START.stream_id), at(FIRST + 3 * DAY))
    lost = told(FIRST, "steps", 1).model_copy(update={"site_id": ELSEWHERE})
    _, events = after((START, at(FIRST)), wake, (lost, at(FIRST + 4 * DAY)))
    event = events[-1]
    assert isinstance(event, DaySummarised)
    assert (event.site_id, event.breaks, event.was_missing) == (SITE, ("feed.other_site",), True)
    total = SiteFeeds(SITE)
    for version, one in enumerate(events, 1):
        message = recorded(one, START.stream_id, version)
        assert site_feeds_keys(message) == ((SITE,),)
        total = fold_site_feeds(total, message, (SITE,))
    assert (total.days_due, total.days_missing) == (2, 1)


def test_a_summary_is_judged_by_the_holds_of_its_feed_s_own_place() -> None:
    feed, _ = after((START, at(FIRST)))
    lost = told(FIRST).model_copy(update={"site_id": ELSEWHERE})
    there = Facts(SiteGuard(ELSEWHERE, TRIAL, "activated", holds=(HELD,)))
    (event,) = decide(feed, lost, there, at(FIRST))  # type: ignore[misc]
    assert isinstance(event, DaySummarised)
    assert event.breaks == ("feed.other_site",)
    everywhere = Facts(TrialGuard(TRIAL, holds=(HELD,)))
    _, deviation = decide(feed, lost, everywhere, at(FIRST))  # type: ignore[misc]
    assert isinstance(deviation, DeviationReported)
    assert deviation.site_id == SITE


def test_a_feed_is_not_ended_by_the_name_of_another_site() -> None:
    feed, _ = after((START, at(FIRST)))
    ended = EndFeed(**IDS | {"site_id": ELSEWHERE}, ended_on=FIRST, reason="completed")
    assert refused(feed, ended) == "feed.other_site"


def test_the_row_of_a_feed_stands_at_the_site_where_it_was_started() -> None:
    early = told(FIRST).model_copy(update={"site_id": ELSEWHERE})
    row = FeedRow(START.stream_id)
    for event in after((early, at(FIRST)), (START, at(FIRST)))[1]:
        row = fold_feed(row, recorded(event, START.stream_id), (START.stream_id,))
    assert row.site_id == SITE


def test_data_collected_under_a_hold_are_a_deviation_once_a_hold() -> None:
    started = evolve(Feed(), after((START, at(FIRST)))[1][0])  # type: ignore[arg-type]
    first = decide(started, told(FIRST), site(HELD), at(FIRST))
    assert isinstance(first, list)
    assert [type(event) for event in first] == [DaySummarised, DeviationReported]
    for event in first:
        started = evolve(started, event)
    (second,) = decide(started, told(FIRST + DAY), site(HELD), at(FIRST + DAY))  # type: ignore[misc]
    assert isinstance(second, DaySummarised)
    assert second.breaks == ("data.under_hold",)


def test_a_day_of_which_nothing_came_in_time_is_missing() -> None:
    feed, _ = after((START, at(FIRST)), (told(FIRST), at(FIRST)))
    due = wake_at(feed)
    assert due == datetime(2026, 3, 5, 5, tzinfo=UTC)  # midnight in New York, three days on
    assert decide(feed, Wake(stream=START.stream_id), site(), due - timedelta(seconds=1)) == []
    (missing,) = decide(feed, Wake(stream=START.stream_id), site(), due)  # type: ignore[misc]
    assert missing == DayMissing(
        feed_id=START.stream_id,
        trial_id=TRIAL,
        site_id=SITE,
        subject_id=SUBJECT,
        day=FIRST,
        measures=("steps",),
        expected=1,
    )


def test_a_late_summary_takes_the_missing_day_back() -> None:
    wake = Wake(stream=START.stream_id)
    late = summary(told(FIRST, "steps", 1), (START, at(FIRST)), (wake, at(FIRST + 3 * DAY)))
    assert late.was_missing
    in_time = (told(FIRST, "steps", 1), at(FIRST))
    assert not summary(told(FIRST, "steps", 0, "b"), (START, at(FIRST)), in_time).was_missing


def test_nothing_is_missing_after_the_end_or_before_the_start() -> None:
    ended = EndFeed(**IDS, ended_on=FIRST + DAY, reason="completed")
    feed, events = after(
        (START, at(FIRST)),
        (ended, at(FIRST + DAY)),
        (Wake(stream=START.stream_id), at(FIRST + 60 * DAY)),
    )
    assert [event.day for event in events if isinstance(event, DayMissing)] == [FIRST, FIRST + DAY]
    assert wake_at(feed) is None
    assert wake_at(Feed()) is None
    assert decide(Feed(), Wake(stream=START.stream_id), site(), at(FIRST)) == []
    assert decide(feed, ended, site(), at(FIRST)) == []


def test_a_feed_does_not_end_before_it_begins() -> None:
    feed, _ = after((START, at(FIRST)))
    early = EndFeed(**IDS, ended_on=FIRST - 2 * DAY, reason="completed")
    assert refused(feed, early) == "feed.ends_before_it_begins"
    assert refused(Feed(), early) == "feed.not_started"


def test_the_day_before_the_first_says_that_none_was_due() -> None:
    never = EndFeed(**IDS, ended_on=FIRST - DAY, reason="not_handed_out")
    feed, (_, _, ended) = after(
        (START, at(FIRST)), (Wake(stream=START.stream_id), at(FIRST + 3 * DAY)), (never, at(FIRST + 4 * DAY))
    )
    assert isinstance(ended, FeedEnded)
    assert (ended.days_taken_back, ended.expected_taken_back) == (2, 25)
    assert (known_of(feed), wake_at(feed)) == ({}, None)


def test_days_after_the_end_are_missing_no_more_and_are_again_where_it_moves() -> None:
    now, wake = at(FIRST + 20 * DAY), Wake(stream=START.stream_id)
    came = (told(FIRST + 5 * DAY), at(FIRST + 5 * DAY))
    left = EndFeed(**IDS, ended_on=FIRST + DAY, reason="left")
    feed, events = after((START, at(FIRST)), came, (wake, now), (left, now))
    assert missing_of(feed) == {FIRST, FIRST + DAY}
    (ended,) = [event for event in events if isinstance(event, FeedEnded)]
    assert (ended.days_taken_back, ended.expected_taken_back) == (2 * 16 - 1, 16 * 25 - 24)
    assert decide(feed, left, site(), now) == []
    assert wake_at(feed) is None
    late = decide(feed, told(FIRST + 2 * DAY), site(), now)
    assert isinstance(late, list)
    assert isinstance(late[0], DaySummarised)
    assert (late[0].was_missing, late[0].breaks) == (False, ("feed.outside_period",))
    longer = EndFeed(**IDS, ended_on=FIRST + 3 * DAY, reason="came_back")
    for event in decide(feed, longer, site(), now):  # type: ignore[union-attr]
        feed = evolve(feed, event)
    assert [event.day for event in decide(feed, wake, site(), now)] == [  # type: ignore[union-attr]
        FIRST + 2 * DAY,
        FIRST + 3 * DAY,
    ]


def test_an_end_that_was_told_before_takes_back_what_it_left_missing_once_it_is_told_again() -> None:
    now, wake = at(FIRST + 20 * DAY), Wake(stream=START.stream_id)
    left = EndFeed(**IDS, ended_on=FIRST + DAY, reason="left")
    feed, _ = after((START, at(FIRST)), (wake, now))
    ids = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT, "feed_id": START.stream_id}
    feed = evolve(feed, FeedEnded(**ids, ended_on=FIRST + DAY, reason="left"))  # type: ignore[arg-type]
    assert len(missing_of(feed)) == 18
    (again,) = decide(feed, left, site(), now)  # type: ignore[misc]
    assert missing_of(evolve(feed, again)) == {FIRST, FIRST + DAY}


def known_of(feed: Feed) -> dict[tuple[date, str], tuple[int, str] | None]:
    """What is known of each day and measure; None where it was told missing."""
    days = {day: known for month in feed.months.values() for day, known in month.items()}
    return {(day, code): told for day, known in days.items() for code, told in known.items()}


def missing_of(feed: Feed) -> set[date]:
    return {day for (day, _), told in known_of(feed).items() if told is None}


def test_an_event_copies_its_own_month_and_none_before_it() -> None:
    days = [FIRST + n * DAY for n in range(90)]
    feed, _ = after((START, at(FIRST)), *((told(day), at(day)) for day in days))
    months = {day.replace(day=1) for day in days}
    assert len(months) == 3
    assert set(feed.months) == months
    for command in (told(days[-1], "steps"), told(days[0], "steps"), told(FIRST, received=1)):
        (event,) = decide(feed, command, site(), at(days[-1]))  # type: ignore[misc]
        later = evolve(feed, event)
        changed = {month for month in months if later.months[month] is not feed.months[month]}
        assert changed == {command.day.replace(day=1)}
        others = set(feed.months[command.day.replace(day=1)]) - {command.day}
        assert all(later.known(day) is feed.known(day) for day in others)


STEPS = st.lists(
    st.one_of(
        st.builds(
            told,
            st.integers(0, 6).map(lambda n: FIRST + n * DAY),
            st.sampled_from(["heart_rate", "steps"]),
            st.integers(0, 24),
            st.sampled_from("abc"),
        ),
        st.just(Wake(stream=START.stream_id)),
        st.builds(
            EndFeed,
            **{name: st.just(value) for name, value in IDS.items()},
            ended_on=st.integers(-1, 8).map(lambda n: FIRST + n * DAY),
            reason=st.just("left"),
        ),
    ),
    max_size=15,
)


@given(STEPS, st.integers(0, 12))
def test_the_rows_say_what_the_days_say(steps: list[Command], days: int) -> None:
    now = at(FIRST + days * DAY)
    feed, events = after((START, now), *((step, now) for step in steps))
    row, total = FeedRow(START.stream_id), SiteFeeds(SITE)
    for version, event in enumerate(events, 1):
        message = recorded(event, START.stream_id, version)
        assert (touched(feed_keys, message), touched(site_feeds_keys, message)) == (
            ((START.stream_id,),),
            ((SITE,),),
        )
        row = fold_feed(row, message, (START.stream_id,))
        total = fold_site_feeds(total, message, (SITE,))
    known = known_of(feed)
    told_days = {key: told for key, told in known.items() if told}
    assert row.received == total.received == sum(received for received, _ in told_days.values())
    assert row.expected == total.expected == sum(24 if measure == "heart_rate" else 1 for _, measure in known)
    assert row.days_missing == total.days_missing == len(known) - len(told_days)
    assert row.days_due == total.days_due == len(known)
    assert not feed.ended_on or missing_of(feed) <= {
        FIRST + n * DAY for n in range((feed.ended_on - FIRST).days + 1)
    }
    last = max((day for day, _ in told_days), default=None)
    assert (total.feeds, row.kind, row.last_day) == (1, "wearable", last)


def test_a_site_s_sums_do_not_ask_in_which_order_its_feeds_were_told() -> None:
    _, mine = after((START, at(FIRST)), (told(FIRST), at(FIRST)))
    theirs = StartFeed.model_validate(START.model_dump() | {"source_system": "wrist-2"})
    events = [(START.stream_id, event) for event in mine]
    events += [(theirs.stream_id, event) for event in after((theirs, at(FIRST)))[1]]
    sums = []
    for order in (events, events[::-1]):
        total = SiteFeeds(SITE)
        for stream, event in order:
            total = fold_site_feeds(total, recorded(event, stream), (SITE,))
        sums.append(replace(total, trial_id=TRIAL))
    assert sums[0] == sums[1]


@given(st.permutations([0, 0, 0, 1, 1, 1]))
def test_the_feeds_that_a_site_has_do_not_ask_in_which_order_they_were_told(turns: list[int]) -> None:
    sources, ends = ("wrist-1", "wrist-2"), (FIRST + DAY, FIRST + 5 * DAY)
    streams: list[list[Event]] = []
    for source, last in zip(sources, ends, strict=True):
        ids = {**IDS, "source_system": source}
        start = StartFeed.model_validate(START.model_dump() | ids)
        steps = [(start, at(FIRST))]
        steps += [(EndFeed(**ids, ended_on=day, reason="left"), at(FIRST)) for day in (last + DAY, last)]  # type: ignore[misc]
        streams.append(after(*steps)[1])
    row = None
    for turn in turns:
        event: Any = streams[turn].pop(0)
        message = recorded(event, event.feed_id)
        assert touched(site_feeds_due_keys, message) == ((SITE,),)
        row = fold_site_feeds_due(row, message, (SITE,))
    assert row
    assert {feed.source_system: feed.ended_on for feed in row.feeds.values()} == dict(
        zip(sources, ends, strict=True)
    )
    assert list(row.feeds) == sorted(row.feeds)


def test_an_end_of_a_feed_that_another_site_has_changes_nothing() -> None:
    ids = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT, "feed_id": START.stream_id}
    ended = recorded(FeedEnded(**ids, ended_on=FIRST, reason="left"), START.stream_id)  # type: ignore[arg-type]
    assert fold_site_feeds_due(None, ended, (SITE,)) == SiteFeedsDue(SITE, TRIAL)
    assert (
        touched(site_feeds_due_keys, recorded(DayMissing(**ids, day=FIRST, measures=(), expected=0), SITE))
        == ()
    )


def test_the_row_of_a_feed_tells_its_end() -> None:
    row = FeedRow(START.stream_id)
    ended = EndFeed(**IDS, ended_on=FIRST + DAY, reason="completed")
    for event in after((START, at(FIRST)), (told(FIRST - DAY), at(FIRST)), (ended, at(FIRST)))[1]:
        row = fold_feed(row, recorded(event, START.stream_id), (START.stream_id,))
    assert (row.ended_on, row.questionable) == (FIRST + DAY, 1)
    ids: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT}
    alone = recorded(FeedEnded(**ids, feed_id=SITE, ended_on=FIRST, reason="lost"), SITE)
    assert fold_feed(None, alone, (SITE,)).site_id == SITE
    assert fold_site_feeds(None, alone, (SITE,)).trial_id == TRIAL
    deviation = DeviationReported(
        **ids, deviation_id=SITE, category="data_collection", rules=("data.under_hold",), occurred_on=FIRST
    )
    assert (
        touched(feed_keys, recorded(deviation, SITE)),
        touched(site_feeds_keys, recorded(deviation, SITE)),
    ) == ((), ())


def test_a_day_between_two_missing_ones_was_told() -> None:
    only = StartFeed.model_validate(START.model_dump() | {"measures": MEASURES[1:]})
    steps = ((only, at(FIRST)), (told(FIRST + DAY, "steps"), at(FIRST + DAY)))
    _, events = after(*steps, (Wake(stream=START.stream_id), at(FIRST + 5 * DAY)))
    assert [event.day for event in events if isinstance(event, DayMissing)] == [FIRST, FIRST + 2 * DAY]


def test_a_command_names_the_guards_of_its_trial_site_and_subject() -> None:
    assert {need.row for need in told(FIRST).needs()} == {SiteGuard, SubjectGuard, TrialGuard}
    assert {need.row for need in START.needs()} == {SiteGuard, SiteSubjects, SubjectGuard, TrialGuard}
