"""Funnel limits against published figures, against exact rational arithmetic, and against chance itself."""

from collections.abc import Callable
from fractions import Fraction
from math import comb
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.trials.domain.funnel import binomial_limit, dispersion, hypergeometric_limit
from services.trials.domain.indicators import Watch, compute
from services.trials.projections.kri_guards import SiteCounters
from shared.contracts.trials.kri import Kri
from tests.unit.trials.trials_world import NOW

TAILS = (Fraction(25, 1000), Fraction(1, 1000))
TODAY = NOW.date()


def binomial_limits(n: int, share: float, tail: float) -> tuple[int, int]:
    return binomial_limit(n, share, tail, "low"), binomial_limit(n, share, tail, "high")


def binomial_cdf(k: int, n: int, share: Fraction) -> Fraction:
    return sum((comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(k + 1)), Fraction(0))


def hypergeometric_limits(whole: int, marked: int, own: int, tail: float) -> tuple[int, int]:
    return (
        hypergeometric_limit(whole, marked, own, tail, "low"),
        hypergeometric_limit(whole, marked, own, tail, "high"),
    )


def hypergeometric_cdf(k: int, whole: int, marked: int, own: int) -> Fraction:
    found = sum(comb(marked, i) * comb(whole - marked, own - i) for i in range(min(k, own) + 1))
    return Fraction(found, comb(whole, own))


def test_two_rates_that_were_published_lie_where_their_interval_says() -> None:
    """2 events in 17,877 beside 10 in 20,000 (Fay, vignette of the R package exactci).

    The central 95 % interval of the ratio, 0.024 to 1.05, has 1 in it, so that neither is outside; the
    two-sided p is 0.042, so that one side's is less.
    """
    share = 17_877 / 37_877
    assert binomial_limit(12, share, 0.025, "low") <= 2
    assert binomial_limit(12, 1 - share, 0.025, "high") >= 10
    assert binomial_limit(12, share, 0.042, "low") > 2


def test_the_lady_who_tasted_all_eight_cups_aright_is_outside_at_one_in_seventy() -> None:
    """Fisher (1935), The Design of Experiments: of 8 cups 4 had the milk in first, and she named 4."""
    assert [hypergeometric_limit(8, 4, 4, tail, "high") for tail in (1 / 69, 1 / 71)] == [3, 4]


def test_the_reference_sums_are_those_of_binomial_tables() -> None:
    assert f"{float(binomial_cdf(5, 20, Fraction(3, 10))):.4f}" == "0.4164"


@settings(max_examples=120, deadline=None)
@given(st.integers(1, 200), st.integers(0, 100), st.sampled_from(TAILS))
def test_binomial_limits_are_as_narrow_as_the_tail_allows(n: int, percent: int, tail: Fraction) -> None:
    share = Fraction(percent, 100)
    low, high = binomial_limits(n, percent / 100, float(tail))
    assert binomial_cdf(low - 1, n, share) <= tail < binomial_cdf(low, n, share)
    assert 1 - binomial_cdf(high, n, share) <= tail < 1 - binomial_cdf(high - 1, n, share)


@settings(max_examples=120, deadline=None)
@given(st.integers(1, 120), st.data(), st.sampled_from(TAILS))
def test_hypergeometric_limits_are_as_narrow_as_the_tail_allows(
    whole: int, data: st.DataObject, tail: Fraction
) -> None:
    marked, own = (data.draw(st.integers(0, whole), label=name) for name in ("marked", "own"))
    about = (whole, marked, own)
    low, high = hypergeometric_limits(*about, float(tail))
    assert hypergeometric_cdf(low - 1, *about) <= tail < hypergeometric_cdf(low, *about)
    assert 1 - hypergeometric_cdf(high, *about) <= tail < 1 - hypergeometric_cdf(high - 1, *about)


def test_what_is_certain_has_no_room() -> None:
    assert (binomial_limits(7, 0.0, 0.025), binomial_limits(7, 1.0, 0.025)) == ((0, 0), (7, 7))
    assert (hypergeometric_limits(9, 0, 4, 0.025), hypergeometric_limits(9, 9, 4, 0.025)) == ((0, 0), (4, 4))


def test_many_events_take_no_more_time_or_digits_than_there_are() -> None:
    low, high = binomial_limits(10_000_000, 0.1, 0.025)
    # 1.96 standard deviations of 948.68 to either side, and half a count
    assert (low, high) == pytest.approx((1_000_000 - 1859.4, 1_000_000 + 1859.4), abs=1)
    low, high = hypergeometric_limits(10_000_000, 1_000_000, 5_000_000, 0.025)
    # of 474.34: half of the whole is its own
    assert (low, high) == pytest.approx((500_000 - 929.7, 500_000 + 929.7), abs=1)


def poisson(chance: Random, mean: float) -> int:
    """How many events of a process of rate 1 fall into a time of `mean`."""
    count, at = 0, chance.expovariate(1)
    while at < mean:
        count, at = count + 1, at + chance.expovariate(1)
    return count


def events(chance: Random, mean: int) -> dict[str, Any]:
    return {"deviations": poisson(chance, mean), "observed": 1, "starts": TODAY.toordinal() - 100}


def failures(chance: Random, mean: int) -> dict[str, Any]:
    return {"screened": 4 * mean, "screen_failed": sum(chance.random() < 0.25 for _ in range(4 * mean))}


@pytest.mark.parametrize("sites", [3, 5, 10])
@pytest.mark.parametrize(("kri", "drawn"), [("deviation_rate", events), ("screen_failure_rate", failures)])
@pytest.mark.parametrize("mean", [5, 20])
def test_of_equal_sites_no_more_fall_outside_than_is_promised(
    kri: Kri, drawn: Callable[[Random, int], dict[str, Any]], sites: int, mean: int
) -> None:
    """2.5 % for an alert and 0.1 % for action, with three standard errors of so many sites for the draw."""
    chance, runs = Random(f"{kri}|{sites}|{mean}"), 6_000 // sites  # noqa: S311 - it draws events
    outside = {"alert": 0, "action": 0}
    for _ in range(runs):
        trial = [SiteCounters(UUID(int=n), **drawn(chance, mean)) for n in range(sites)]
        for (value,) in compute(Watch((kri,), {}, 100), trial, TODAY)[0].values():
            outside["alert"] += value.verdict in ("alert", "action")
            outside["action"] += value.verdict == "action"
    for level, promised in (("alert", 0.025), ("action", 0.001)):
        error = (promised * (1 - promised) / (runs * sites)) ** 0.5
        assert outside[level] / (runs * sites) <= promised + 3 * error, level


def test_dispersion_is_the_mean_squared_z_score() -> None:
    assert dispersion([(12, 10.0, 4.0), (7, 10.0, 9.0), (5, 5.0, 0.0)]) == pytest.approx(1.0)
    assert dispersion([(12, 10.0, 4.0), (5, 5.0, 0.0)]) is None
