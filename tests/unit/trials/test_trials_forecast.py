"""The forecast of enrolment: its arithmetic against exact figures, its interval against simulated trials."""

from datetime import date, timedelta
from math import ceil, comb, sqrt
from random import Random
from statistics import quantiles

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.trials.domain.forecast import (
    Forecast,
    SiteRecord,
    _waiting,
    forecast,
    incomplete_beta,
    pace,
)

TODAY = date(2026, 3, 10)
SITES = [
    SiteRecord(12, 100, True),
    SiteRecord(8, 100, True),
    SiteRecord(5, 60, True),
    SiteRecord(0, 40, True),
]


def coming(sites: list[SiteRecord], target: int | None) -> Forecast:
    return forecast(pace(sites), sites, target, sum(site.enrolled for site in sites), TODAY)


@pytest.mark.parametrize(
    ("k", "n", "p"), [(1, 1, 0.4), (3, 10, 0.3), (9, 10, 0.95), (40, 200, 0.17), (1, 50, 0.9)]
)
def test_the_incomplete_beta_is_the_tail_of_a_binomial(k: int, n: int, p: float) -> None:
    tail = sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))
    assert incomplete_beta(k, n - k + 1, p) == pytest.approx(tail, rel=1e-9)


@settings(deadline=None)
@given(st.floats(0.5, 500), st.floats(0.5, 500), st.floats(0, 1))
def test_the_incomplete_beta_is_symmetric_and_a_probability(a: float, b: float, x: float) -> None:
    assert 0 <= incomplete_beta(a, b, x) <= 1
    assert incomplete_beta(a, b, x) + incomplete_beta(b, a, 1 - x) == pytest.approx(1, abs=1e-9)


def test_the_waiting_time_is_that_of_a_gamma_mixture_of_gammas() -> None:
    """Pearson type VI: n more subjects at a rate that is itself gamma(a, b), drawn 40,000 times."""
    n, a, b = 20, 30.0, 90.0
    random = Random(1)  # noqa: S311 - no secret
    drawn = quantiles(
        (random.gammavariate(n, 1 / random.gammavariate(a, 1 / b)) for _ in range(40_000)), n=10
    )
    assert _waiting(0.1, n, a, b) == pytest.approx(drawn[0], rel=0.02)
    assert _waiting(0.5, n, a, b) == pytest.approx(drawn[4], rel=0.02)
    assert _waiting(0.9, n, a, b) == pytest.approx(drawn[8], rel=0.02)


def test_at_a_rate_that_is_known_well_the_wait_is_that_of_a_poisson_process() -> None:
    """A thousand sites of one rate: n subjects take n / rate days, give or take its square root."""
    sites = [SiteRecord(10, 1000, True)] * 1000
    found = coming(sites, 10_000 + 400)
    assert found.per_month == pytest.approx(300, rel=0.01)
    assert found.middle
    assert abs((found.middle - TODAY).days - 40) <= 1
    assert found.earliest
    assert (found.middle - found.earliest).days == pytest.approx(1.2816 * sqrt(400) / 10, abs=1.1)


@pytest.mark.parametrize(
    ("shape", "mean", "sites", "target"),
    [(1.5, 0.02, 20, 150), (5.0, 0.01, 40, 200), (1.2, 0.03, 8, 80), (50.0, 0.01, 20, 100)],
)
def test_four_of_five_trials_end_within_the_interval(
    shape: float, mean: float, sites: int, target: int
) -> None:
    """Trials drawn from the model itself, seen on day 160: 250 of each kind, 80 % give or take 2.5."""
    within = seen = 0
    random = Random(7)  # noqa: S311 - no secret
    for _ in range(250):
        rates = [random.gammavariate(shape, mean / shape) for _ in range(sites)]
        days = [random.randrange(80, 160) for _ in rates]
        records = [SiteRecord(_poisson(random, r * t), t, True) for r, t in zip(rates, days, strict=True)]
        enrolled = sum(record.enrolled for record in records)
        wanted = max(target, enrolled + 10)
        found = coming(records, wanted)
        if found.reason:
            continue
        ends = TODAY + timedelta(
            days=ceil(min(random.gammavariate(wanted - enrolled, 1 / sum(rates)), 99_999))
        )
        within += (found.earliest or date.max) <= ends <= (found.latest or date.max)
        seen += 1
    assert seen > 200
    assert 0.72 <= within / seen <= 0.88


def _poisson(random: Random, mean: float) -> int:
    n, time = 0, random.expovariate(1)
    while time < mean:
        n, time = n + 1, time + random.expovariate(1)
    return n


@pytest.mark.parametrize(
    ("sites", "target", "reason", "detail"),
    [
        (SITES, None, "no_target", None),
        (SITES, 25, "reached", None),
        ([], 10, "not_enough_data", "0 subjects enrolled, 5 are the least"),
        ([SiteRecord(4, 90, True)], 10, "not_enough_data", "4 subjects enrolled, 5 are the least"),
        ([SiteRecord(9, 29, True)], 10, "not_enough_data", "no site has recruited for 30 days"),
        ([SiteRecord(9, 90, False)], 10, "no_recruiting_site", None),
    ],
)
def test_where_no_day_can_be_named_the_rule_is(
    sites: list[SiteRecord], target: int | None, reason: str, detail: str | None
) -> None:
    assert coming(sites, target) == Forecast(reason, detail)  # type: ignore[arg-type]


def test_a_target_out_of_reach_has_no_day() -> None:
    found = coming(SITES, 100_000)
    assert (found.reason, found.earliest, found.middle, found.latest) == (None, None, None, None)
    assert found.per_month


def test_the_same_records_give_the_same_days() -> None:
    assert coming(SITES, 60) == coming(SITES, 60)


def test_a_site_that_stopped_speaks_of_the_pace_and_recruits_no_more() -> None:
    stopped = [*SITES[:3], SiteRecord(30, 100, False)]
    assert coming(stopped, 100).per_month < coming([*SITES[:3], SiteRecord(30, 100, True)], 100).per_month  # type: ignore[operator]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(SiteRecord, st.integers(0, 60), st.integers(1, 900), st.booleans()), min_size=1, max_size=12
    ),
    st.integers(1, 500),
)
def test_an_interval_encloses_its_middle_and_more_subjects_take_longer(
    sites: list[SiteRecord], more: int
) -> None:
    enrolled = sum(site.enrolled for site in sites)
    near, far = coming(sites, enrolled + more), coming(sites, enrolled + more + 50)
    days = [day or date.max for day in (near.earliest, near.middle, near.latest)]
    assert days == sorted(days)
    assert (near.middle or date.max) <= (far.middle or date.max)
    if near.reason is None and near.earliest:
        assert near.earliest > TODAY
