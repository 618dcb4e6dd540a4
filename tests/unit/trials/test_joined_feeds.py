"""Feeds and risk indicators: days that a site's feeds miss are held against the days of the other sites."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.trials.commands.feed import EndFeed, RecordDailySummary, StartFeed
from services.trials.commands.kri import RunIndicators
from services.trials.commands.subject import WithdrawSubject
from services.trials.commands.subject_steps import ChangeSubjectStatus, ReportDeath
from services.trials.domain.indicators import Watch, compute, counts
from services.trials.handlers import SERVICE
from services.trials.projections.feeds import SiteFeeds
from services.trials.projections.kri_guards import SiteCounters
from shared.contracts.message import Command, Event, Refusal
from shared.contracts.trials.feed import FeedEnded
from shared.contracts.trials.kri import KriComputed, KriValue
from shared.contracts.trials.site_steps import SiteClosed, SiteTerminated
from shared.contracts.trials.subject import SubjectEnrolled
from tests.unit.trials.monitoring_world import LEAD, TODAY, Whole, running
from tests.unit.trials.test_kri_runs import SITES, planned
from tests.unit.trials.trials_world import SITE, SUBJECT, TRIAL

DAY = timedelta(days=1)
FIRST = TODAY - 40 * DAY
RUN = UUID(int=801)
OTHER = UUID(int=802)
LEFT = TODAY - 20 * DAY


def fed(world: Whole, site: UUID, subject: UUID, days: int) -> None:
    """A subject's feed of one measure, of which so many days came."""
    enrolled = {"trial_id": TRIAL, "site_id": site, "subject_id": subject, "enrolled_on": FIRST}
    world.tell(subject, SERVICE.aggregate_of["subject"], [SubjectEnrolled(**enrolled, subject_code="1")])  # type: ignore[arg-type]
    source: dict[str, Any] = {"trial_id": TRIAL, "site_id": site, "subject_id": subject, "source_system": "w"}
    measures: Any = ({"code": "steps", "expected_a_day": 1},)
    start = StartFeed(**source, kind="wearable", measures=measures, begins_on=FIRST, zone="UTC", late_after=2)
    assert not isinstance(world.do(start, LEAD), Refusal)
    for n in range(days):
        summary = {"day": FIRST + n * DAY, "measure": "steps", "received": 1, "sha256": "a" * 64}
        told = RecordDailySummary(**source, **summary, raw_data_ref="s3:raw")  # type: ignore[arg-type]
        assert not isinstance(world.do(told, LEAD), Refusal)
    while (due := world.wakes_at(start.stream_id)) and due <= world.now:
        world.wake(start.stream_id)


def started(world: Whole, source: str, subject: UUID = SUBJECT, begins: date = FIRST) -> None:
    """A feed of a subject of the site, of which no day comes; what time makes missing by now is told."""
    ids: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": subject, "source_system": source}
    measures: Any = ({"code": "steps", "expected_a_day": 1},)
    start = StartFeed(**ids, kind="wearable", measures=measures, begins_on=begins, zone="UTC", late_after=2)
    assert not isinstance(world.do(start, LEAD), Refusal)
    while (due := world.wakes_at(start.stream_id)) and due <= world.now:
        world.wake(start.stream_id)


def two_subjects() -> Whole:
    """An active site with two subjects; the first brings readings from two systems, the second from one."""
    world = running()
    for subject in (SUBJECT, OTHER):
        ids = {"trial_id": TRIAL, "site_id": SITE, "subject_id": subject, "enrolled_on": FIRST}
        enrolled = SubjectEnrolled(**ids, subject_code="1")  # type: ignore[arg-type]
        world.tell(subject, SERVICE.aggregate_of["subject"], [enrolled])
    started(world, "wrist")
    started(world, "diary", begins=TODAY + 9 * DAY)
    started(world, "wrist", OTHER)
    return world


def ends(world: Whole) -> set[tuple[UUID, date, str]]:
    return {(end.subject_id, end.ended_on, end.reason) for end in world.events(FeedEnded)}


def computed(world: Whole) -> dict[UUID, KriValue]:
    world.do(RunIndicators(trial_id=TRIAL, run_id=RUN), LEAD)
    told = [event for event in world.events(KriComputed) if event.run_id == RUN]
    return {event.site_id: next(v for v in event.values if v.kri == "data_completeness") for event in told}


def test_a_site_whose_feeds_miss_days_leaves_the_limits_of_the_others() -> None:
    world = planned(kris=("data_completeness",))
    for n, (site, came) in enumerate(zip(SITES, (10, 34, 35), strict=True)):
        fed(world, site, UUID(int=810 + n), came)
    found = computed(world)
    due = found[SITES[0]].denominator
    assert due is not None
    assert found[SITES[0]].numerator == due - 10
    assert [found[site].verdict for site in SITES] == ["action", "within", "within"]


def test_sites_without_feeds_are_not_judged() -> None:
    found = computed(planned(kris=("data_completeness",)))
    assert {(value.verdict, value.reason) for value in found.values()} == {("not_judged", "no_denominator")}


def test_what_nobody_misses_elsewhere_is_no_breach() -> None:
    sites = [SiteCounters(site) for site in SITES]
    feeds = {site: SiteFeeds(site, days_due=50, days_missing=int(site == SITES[0])) for site in SITES}
    values, _ = compute(Watch(("data_completeness",), {}, 100), sites, TODAY, feeds)
    assert (values[SITES[0]][0].verdict, values[SITES[0]][0].reason) == ("not_judged", "expected_below_1")


@pytest.mark.parametrize(
    ("feeds", "expected"),
    [(None, (None, None)), (SiteFeeds(SITES[0], days_due=9, days_missing=2), (2, 9))],
)
def test_it_counts_days_and_not_readings(
    feeds: SiteFeeds | None, expected: tuple[int | None, int | None]
) -> None:
    assert counts("data_completeness", SiteCounters(SITES[0]), 100, TODAY, feeds) == expected


AT: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT}


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (ChangeSubjectStatus(**AT, status="off-study", changed_on=LEFT, reason="completed"), "subject_left"),
        (WithdrawSubject(**AT, withdrawn_on=LEFT, scopes=("intervention", "follow_up")), "subject_left"),
        (ReportDeath(**AT, died_on=LEFT), "subject_died"),
    ],
)
def test_feeds_end_with_their_subject_and_days_after_it_are_missing_no_more(
    command: Command, reason: str
) -> None:
    world = two_subjects()
    before = world.guard(SiteFeeds, SITE)
    assert not isinstance(world.do(command, LEAD), Refusal)
    eve = TODAY + 8 * DAY  # of the feed that was to begin later no day was ever due
    assert ends(world) == {(SUBJECT, LEFT, reason), (SUBJECT, eve, reason)}
    after = world.guard(SiteFeeds, SITE)
    assert before.days_missing - after.days_missing == before.days_due - after.days_due == 17
    world.now += 30 * DAY
    for source in ("wrist", "diary"):
        assert (
            world.wakes_at(EndFeed(**AT, source_system=source, ended_on=LEFT, reason="x").stream_id) is None
        )


def test_who_goes_on_in_follow_up_still_brings_readings() -> None:
    world = two_subjects()
    world.do(WithdrawSubject(**AT, withdrawn_on=LEFT, scopes=("intervention",)), LEAD)
    assert ends(world) == set()


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (SiteTerminated(trial_id=TRIAL, site_id=SITE, reason="x", terminated_on=LEFT), "site_terminated"),
        (
            SiteClosed(
                trial_id=TRIAL,
                site_id=SITE,
                visited_on=LEFT,
                report_ref="etmf:1",
                ip_reconciled_on=LEFT,
                documents_filed_on=LEFT,
                closed_on=LEFT,
            ),
            "site_closed",
        ),
    ],
)
def test_feeds_end_with_their_site(event: Event, reason: str) -> None:
    world = two_subjects()
    world.tell(SITE, SERVICE.aggregate_of["site"], [event])
    assert ends(world) == {
        (SUBJECT, LEFT, reason),
        (SUBJECT, TODAY + 8 * DAY, reason),
        (OTHER, LEFT, reason),
    }


def test_the_earliest_end_counts_whichever_is_told_first() -> None:
    world = two_subjects()
    ids: dict[str, Any] = {**AT, "source_system": "wrist"}
    world.do(EndFeed(**ids, ended_on=LEFT - 5 * DAY, reason="handed_back"), LEAD)
    world.do(ChangeSubjectStatus(**AT, status="off-study", changed_on=LEFT, reason="completed"), LEAD)
    world.do(ReportDeath(**AT, died_on=LEFT - 9 * DAY), LEAD)
    wrist = [end for end in world.events(FeedEnded) if end.ended_on < TODAY]
    assert [end.ended_on for end in wrist] == [LEFT - 5 * DAY, LEFT - 9 * DAY]


def test_no_feed_is_started_for_who_has_left() -> None:
    world = two_subjects()
    world.do(ChangeSubjectStatus(**AT, status="off-study", changed_on=LEFT, reason="completed"), LEAD)
    measures: Any = ({"code": "steps", "expected_a_day": 1},)
    more: dict[str, Any] = {"kind": "wearable", "measures": measures, "begins_on": FIRST, "zone": "UTC"}
    refused = world.do(StartFeed(**AT, source_system="late", **more), LEAD)
    assert isinstance(refused, Refusal)
    assert refused.rule == "subject.not_at_site"
