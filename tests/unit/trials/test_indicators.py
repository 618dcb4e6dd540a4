"""Risk indicators: what each counts, against whom a site is held, and when nothing is said of it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trials.domain.funnel import binomial_limit
from services.trials.domain.indicators import Watch, compute, counts
from services.trials.projections.kri_guards import DataCounts, PlannedVisit, SiteCounters
from services.trials.rules.kri import INDICATORS, MONTH
from shared.contracts.trials.kri import Kri, KriValue
from tests.unit.trials.monitoring_world import TODAY

DAY = timedelta(days=1)
KRIS: tuple[Kri, ...] = get_args(Kri)
IDS = [UUID(int=600 + n) for n in range(9)]


def sites(*counters: dict[str, Any]) -> list[SiteCounters]:
    return [SiteCounters(IDS[n], **one) for n, one in enumerate(counters)]


def values(kri: Kri, *counters: dict[str, Any], limits: tuple[int, int] | None = None) -> list[KriValue]:
    found, _ = compute(Watch((kri,), {kri: limits} if limits else {}, 100), sites(*counters), TODAY)
    return [value for of_site in found.values() for value in of_site]


def days(observed: int, **more: int) -> dict[str, Any]:
    """Counters of one subject who has been observed for so many days."""
    return {"observed": 1, "starts": (TODAY - observed * DAY).toordinal(), **more}


def test_every_indicator_has_its_definition_and_its_source() -> None:
    assert tuple(INDICATORS) == KRIS
    for indicator in INDICATORS.values():
        assert all((indicator.definition, indicator.numerator, indicator.citation))
        assert (indicator.denominator is None) == (indicator.method == "tolerance")
        assert (indicator.tolerance is None) == (indicator.method != "tolerance")
        assert not indicator.verified  # nobody has read the sources on our behalf


@pytest.mark.parametrize(
    ("kri", "counters", "expected"),
    [
        ("enrolment_rate", {"enrolled": 4, "recruiting_since": TODAY - 60 * DAY}, (4, 60)),
        ("enrolment_rate", {"enrolled": 4}, (4, 0)),
        ("enrolment_rate", {"enrolled": 4, "recruited": 40}, (4, 40)),
        ("enrolment_rate", {"enrolled": 4, "recruiting_since": TODAY - 9 * DAY, "recruited": 40}, (4, 49)),
        ("enrolment_rate", {"enrolled": 0, "recruiting_since": TODAY + DAY}, (0, 0)),
        ("screen_failure_rate", {"screen_failed": 3, "screened": 9}, (3, 9)),
        ("deviation_rate", days(100, deviations=2), (2, 100)),
        ("deviation_rate", days(100, deviations=-1), (0, 100)),
        ("adverse_event_rate", days(100, adverse_events=5), (5, 100)),
        ("serious_reporting_lag", {"serious_late": 1, "serious": 3}, (1, 3)),
        ("query_ageing", {}, (None, None)),
        (
            "query_ageing",
            {"data": {"edc": DataCounts(TODAY, 9, 9, 12), "eco": DataCounts(TODAY, 9, 9)}},
            (12, None),
        ),
        ("sdv_backlog", {"data": {"edc": DataCounts(TODAY, 11, 2)}, "forms_verified": 1}, (4, 6)),
        ("sdv_backlog", {"data": {"edc": DataCounts(TODAY, 11, 2)}, "forms_verified": 5}, (1, 6)),
        ("sdv_backlog", {"data": {"edc": DataCounts(TODAY, 11, 9)}}, (0, 6)),
        ("visits_overdue", {}, (0, None)),
        ("visits_overdue", {"visits": {IDS[0]: PlannedVisit("interim", TODAY + DAY)}}, (0, None)),
        (
            "visits_overdue",
            {
                "visits": {
                    IDS[0]: PlannedVisit("interim", TODAY - 9 * DAY),
                    IDS[1]: PlannedVisit("remote", TODAY),
                }
            },
            (9, None),
        ),
    ],
)
def test_an_indicator_counts_what_its_definition_says(
    kri: Kri, counters: dict[str, Any], expected: tuple[int | None, int | None]
) -> None:
    assert counts(kri, SiteCounters(IDS[0], **counters), 50, TODAY) == expected


def test_a_site_is_held_against_the_pooled_rate_of_the_others() -> None:
    """Worked by hand: the others have 60 events in 600 days, so 100 days lead to expect 10."""
    others = [days(300, adverse_events=30), days(300, adverse_events=30)]
    value = values("adverse_event_rate", days(100, adverse_events=1), *others)[0]
    low = binomial_limit(61, 1 / 7, 0.001, "low")
    assert (value.numerator, value.denominator, value.expected) == (1, 100, 10.0)
    assert value.target == pytest.approx(0.1 * MONTH, abs=1e-6)
    assert value.value == pytest.approx(0.01 * MONTH, abs=1e-6)
    assert value.action_limit == pytest.approx(low / 100 * MONTH, abs=1e-6)
    assert value.verdict == "action"  # binomial tables: P(X <= 1) = 0.0009 of 61 in a seventh of the days


@pytest.mark.parametrize(
    ("events", "verdict"), [(10, "within"), (4, "within"), (3, "alert"), (2, "alert"), (1, "action")]
)
def test_too_few_events_are_an_alert_and_then_call_for_action(events: int, verdict: str) -> None:
    """Binomial tables, a seventh of the days: of 63 P(X <= 3) = 0.0151, of 64 P(X <= 4) = 0.0390, of 61
    P(X <= 1) = 0.0009, of 62 P(X <= 2) = 0.0045."""
    others = [days(300, adverse_events=30), days(300, adverse_events=30)]
    assert values("adverse_event_rate", days(100, adverse_events=events), *others)[0].verdict == verdict


@pytest.mark.parametrize(
    ("events", "verdict"), [(17, "within"), (19, "alert"), (23, "alert"), (24, "action")]
)
def test_too_many_deviations_are_an_alert_and_then_call_for_action(events: int, verdict: str) -> None:
    """Binomial tables, a seventh of the days: of 77 P(X >= 17) = 0.0424, of 79 P(X >= 19) = 0.0142, of 83
    P(X >= 23) = 0.0011, of 84 P(X >= 24) = 0.0005."""
    others = [days(300, deviations=30), days(300, deviations=30)]
    assert values("deviation_rate", days(100, deviations=events), *others)[0].verdict == verdict


@pytest.mark.parametrize(("failed", "verdict"), [(9, "within"), (10, "alert"), (12, "alert"), (13, "action")])
def test_screen_failures_are_held_against_hypergeometric_limits(failed: int, verdict: str) -> None:
    """Of 420 screenings 20 are its own, by rational arithmetic: of 109 failures P(X >= 9) = 0.0468, of 110
    P(X >= 10) = 0.0168, of 112 P(X >= 12) = 0.0013, of 113 P(X >= 13) = 0.0003."""
    others = [{"screened": 200, "screen_failed": 50}, {"screened": 200, "screen_failed": 50}]
    own = {"screened": 20, "screen_failed": failed}
    assert values("screen_failure_rate", own, *others)[0].verdict == verdict


def test_a_good_side_is_no_breach() -> None:
    others = [days(300, adverse_events=3), days(300, adverse_events=3)]
    assert values("adverse_event_rate", days(300, adverse_events=99), *others)[0].verdict == "within"


def of_a_year(**more: Any) -> dict[str, Any]:
    """A site that took 12 subjects in each year of the two since it began."""
    return {"enrolled": 24, "recruiting_since": TODAY - 730 * DAY} | more


def test_a_site_that_has_closed_its_enrolment_is_no_slow_one_and_slows_none() -> None:
    closed = {"enrolled": 12, "recruited": 365}
    found = values("enrolment_rate", closed, of_a_year(), of_a_year(), of_a_year())
    assert (found[0].verdict, found[0].reason) == ("not_judged", "not_recruiting")
    assert (found[0].value, found[0].alert_limit) == (found[1].value, None)
    assert [one.verdict for one in found[1:]] == ["within"] * 3
    assert {one.target for one in found} == {found[1].value}


def test_of_a_trial_that_takes_nobody_no_site_is_slow() -> None:
    watch = Watch(("enrolment_rate",), {}, 100, accruing=False)
    found, _ = compute(watch, sites(of_a_year(), of_a_year(), of_a_year(enrolled=0)), TODAY)
    assert {value.reason for (value,) in found.values()} == {"not_recruiting"}


@pytest.mark.parametrize("kri", ["adverse_event_rate", "query_ageing"])
def test_a_site_that_is_over_is_compared_with_and_not_judged(kri: Kri) -> None:
    queries = {"data": {"edc": DataCounts(TODAY, 9, 9, 99)}}
    counters = [days(300, adverse_events=n) | queries for n in (0, 30, 30)]
    assert values(kri, *counters)[0].verdict == "action"
    over = values(kri, counters[0] | {"over": True}, *counters[1:])
    assert (over[0].verdict, over[0].reason) == ("not_judged", "site_is_over")
    assert over[1] == values(kri, *counters)[1]


def test_more_failures_than_screenings_are_shown_and_stop_nothing() -> None:
    found = values(
        "screen_failure_rate", {"screened": 3, "screen_failed": 9}, *[{"screened": 2, "screen_failed": 4}] * 2
    )
    assert [value.verdict for value in found] == ["action"] * 3


def test_two_sites_are_shown_and_not_judged() -> None:
    found = values("deviation_rate", days(100, deviations=9), days(100), {})
    assert [value.reason for value in found] == [
        "fewer_than_3_sites",
        "fewer_than_3_sites",
        "no_denominator",
    ]
    assert {value.verdict for value in found} == {"not_judged"}
    assert found[0].value == pytest.approx(0.09 * MONTH, abs=1e-6)


def test_where_less_than_one_is_expected_nothing_is_judged() -> None:
    found = values(
        "deviation_rate", days(10, deviations=5), days(600, deviations=30), days(600, deviations=30)
    )
    assert (found[0].verdict, found[0].reason, found[0].expected) == ("not_judged", "expected_below_1", 0.5)
    assert found[0].alert_limit is None


@pytest.mark.parametrize(
    ("oldest", "verdict"), [(0, "within"), (30, "within"), (31, "alert"), (60, "alert"), (61, "action")]
)
def test_the_age_of_queries_is_held_against_limits_of_its_own(oldest: int, verdict: str) -> None:
    (value,) = values("query_ageing", {"data": {"edc": DataCounts(TODAY, 9, 9, oldest)}})
    assert (value.verdict, value.alert_limit, value.action_limit) == (verdict, 30, 60)


def test_a_plans_own_limits_take_the_place_of_the_proposal() -> None:
    (value,) = values("query_ageing", {"data": {"edc": DataCounts(TODAY, 9, 9, 12)}}, limits=(5, 10))
    assert value.verdict == "action"


def test_without_data_nothing_is_said() -> None:
    (value,) = values("query_ageing", {})
    assert (value.verdict, value.reason, value.value) == ("not_judged", "no_data", None)


def test_dispersion_is_told_for_the_reader_and_widens_nothing() -> None:
    """Worked by hand: 30 expected of each, 10, 30 and 50 seen: z-scores squared 13.33, 0 and 13.33."""
    counters = [days(300, deviations=n) for n in (10, 30, 50)]
    _, spread = compute(Watch(("deviation_rate",), {}, 100), sites(*counters), TODAY)
    assert [(one.kri, one.sites, one.phi) for one in spread] == [("deviation_rate", 3, 8.8889)]
    assert compute(Watch(("deviation_rate",), {}, 100), [], TODAY) == ({}, ())


counted = st.fixed_dictionaries(
    {
        "enrolled": st.integers(0, 40),
        "recruiting_since": st.none() | st.integers(-5, 900).map(lambda n: TODAY - n * DAY),
        "over": st.booleans(),
        "observed": st.integers(0, 3),
        "starts": st.integers(0, 3 * date(2026, 1, 1).toordinal()),
        "screened": st.integers(0, 60),
        "screen_failed": st.integers(0, 10),
        "deviations": st.integers(-1, 60),
        "adverse_events": st.integers(0, 60),
        "serious": st.integers(5, 9),
        "serious_late": st.integers(0, 5),
    }
)


@given(st.lists(counted, max_size=6))
def test_whatever_the_counts_a_verdict_agrees_with_its_limits(counters: list[dict[str, Any]]) -> None:
    found, _ = compute(Watch(KRIS, {}, 100), sites(*counters), TODAY)
    for value in (value for of_site in found.values() for value in of_site):
        assert (value.verdict == "not_judged") == (value.reason is not None)
        if value.value is None or value.alert_limit is None or value.action_limit is None:
            continue
        low = INDICATORS[value.kri].bad == "low"
        over_alert, over_action = (
            value.value < limit - 1e-6 if low else value.value > limit + 1e-6
            for limit in (value.alert_limit, value.action_limit)
        )
        assert value.verdict == ("action" if over_action else "alert" if over_alert else "within")


def test_subject_days_are_ends_less_starts_and_what_goes_on_until_the_cut() -> None:
    left = SiteCounters(IDS[0], starts=(TODAY - 10 * DAY).toordinal(), ends=(TODAY - 4 * DAY).toordinal())
    assert left.days_observed(TODAY) == 6
    again = replace(left, observed=1, starts=left.starts + (TODAY - DAY).toordinal())
    assert again.days_observed(TODAY) == 7
