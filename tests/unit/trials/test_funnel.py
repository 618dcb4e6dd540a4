"""Funnel limits against published figures and against exact rational arithmetic."""

from decimal import Decimal, getcontext
from fractions import Fraction
from math import comb
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.trials.domain.funnel import binomial_limit, dispersion, poisson_limit

TAILS = (Fraction(25, 1000), Fraction(1, 1000))
getcontext().prec = 60


def poisson_limits(expected: float, tail: float) -> tuple[int, int]:
    return poisson_limit(expected, tail, "low"), poisson_limit(expected, tail, "high")


def binomial_limits(n: int, share: float, tail: float) -> tuple[int, int]:
    return binomial_limit(n, share, tail, "low"), binomial_limit(n, share, tail, "high")


def poisson_cdf(k: int, expected: Decimal) -> Decimal:
    """By the recursion of its masses, in 60 digits."""
    mass = summed = (-expected).exp() if k >= 0 else Decimal(0)
    for n in range(1, k + 1):
        mass = mass * expected / n
        summed += mass
    return summed


def binomial_cdf(k: int, n: int, share: Fraction) -> Fraction:
    return sum((comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(k + 1)), Fraction(0))


@pytest.mark.parametrize(
    ("tail", "published"),
    [(0.025, (0.0186, 0.0, 0.0250, 0.0201, 0.0250))],
)
def test_the_chances_of_falling_outside_are_those_that_were_published(
    tail: float, published: tuple[float, ...]
) -> None:
    """Seaton & Manktelow (2012), BMC Medical Research Methodology 12:98, prediction limits, 1 to 50 expected.

    Median, least and greatest chance below the lower limit; median and greatest above the upper one.
    """
    below, above = [], []
    for tenths in range(10, 501):
        expected = Decimal(tenths) / 10
        low, high = poisson_limits(float(expected), tail)
        below.append(poisson_cdf(low - 1, expected))
        above.append(1 - poisson_cdf(high, expected))
    figures = (median(below), min(below), max(below), median(above), max(above))
    assert tuple(round(float(one), 4) for one in figures) == published


@pytest.mark.parametrize(
    ("expected", "count", "table"), [(5.0, 2, "0.1247"), (10.0, 15, "0.9513"), (1.0, 0, "0.3679")]
)
def test_the_reference_sums_are_those_of_poisson_tables(expected: float, count: int, table: str) -> None:
    """Cumulative probabilities as printed in any table of the distribution."""
    assert f"{poisson_cdf(count, Decimal(expected)):.4f}" == table


def test_the_reference_sums_are_those_of_binomial_tables() -> None:
    assert f"{float(binomial_cdf(5, 20, Fraction(3, 10))):.4f}" == "0.4164"


@settings(max_examples=120, deadline=None)
@given(st.integers(1, 3000), st.sampled_from(TAILS))
def test_poisson_limits_are_as_narrow_as_the_tail_allows(tenths: int, tail: Fraction) -> None:
    expected, asked = Decimal(tenths) / 10, Decimal(tail.numerator) / tail.denominator
    low, high = poisson_limits(tenths / 10, float(tail))
    assert poisson_cdf(low - 1, expected) <= asked < poisson_cdf(low, expected)
    assert 1 - poisson_cdf(high, expected) <= asked < 1 - poisson_cdf(high - 1, expected)


@settings(max_examples=120, deadline=None)
@given(st.integers(1, 200), st.integers(0, 100), st.sampled_from(TAILS))
def test_binomial_limits_are_as_narrow_as_the_tail_allows(n: int, percent: int, tail: Fraction) -> None:
    share = Fraction(percent, 100)
    low, high = binomial_limits(n, percent / 100, float(tail))
    assert binomial_cdf(low - 1, n, share) <= tail < binomial_cdf(low, n, share)
    assert 1 - binomial_cdf(high, n, share) <= tail < 1 - binomial_cdf(high - 1, n, share)


def test_what_is_certain_has_no_room() -> None:
    assert (binomial_limits(7, 0.0, 0.025), binomial_limits(7, 1.0, 0.025)) == ((0, 0), (7, 7))


def test_many_events_take_no_more_time_or_digits_than_there_are() -> None:
    low, high = poisson_limits(1_000_000.0, 0.025)
    # 1.96 standard deviations of 1,000 to either side, and half a count
    assert (low, high) == pytest.approx((1_000_000 - 1959.96, 1_000_000 + 1959.96), abs=1)


def test_dispersion_is_the_mean_squared_z_score() -> None:
    assert dispersion([(12, 10.0, 4.0), (7, 10.0, 9.0), (5, 5.0, 0.0)]) == pytest.approx(1.0)
    assert dispersion([(12, 10.0, 4.0), (5, 5.0, 0.0)]) is None
