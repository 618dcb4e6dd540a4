"""Feeds and risk indicators: days that a site's feeds miss are held against the days of the other sites."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.trials.commands.feed import RecordDailySummary, StartFeed
from services.trials.commands.kri import RunIndicators
from services.trials.domain.indicators import Watch, compute, counts
from services.trials.handlers import SERVICE
from services.trials.projections.feeds import SiteFeeds
from services.trials.projections.kri_guards import SiteCounters
from shared.contracts.message import Refusal
from shared.contracts.trials.kri import KriComputed, KriValue
from shared.contracts.trials.subject import SubjectEnrolled
from tests.unit.trials.monitoring_world import LEAD, TODAY, Whole
from tests.unit.trials.test_kri_runs import SITES, planned
from tests.unit.trials.trials_world import TRIAL

DAY = timedelta(days=1)
FIRST = TODAY - 40 * DAY
RUN = UUID(int=801)


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
