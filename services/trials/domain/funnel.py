"""Funnel limits of counts: where a site lies outside what chance explains, exact for small numbers.

After Spiegelhalter DJ (2005), Funnel plots for comparing institutional performance, Statistics in Medicine
24:1185-1202. Limits are probability-based prediction limits on whole counts, without interpolation: a site
that differs by chance alone falls outside one side with at most the tail probability asked for (Seaton SE,
Manktelow BN (2012), BMC Medical Research Methodology 12:98, who prefer them to confidence intervals).
"""

import math
from collections.abc import Callable, Iterable
from itertools import accumulate

# Beyond so many standard deviations the tail is less than 1e-30 and is left out of the sums.
_FAR = 12.0


def poisson_limits(expected: float, tail: float) -> tuple[int, int]:
    """The lowest and the highest count inside the limits where `expected` (> 0) events are expected.

    P(X < lowest) <= tail and P(X > highest) <= tail, each as near to it as whole counts come.
    """
    spread = _FAR * math.sqrt(expected) + 40
    counts = range(max(0, math.floor(expected - spread)), math.ceil(expected + spread) + 1)
    return _limits(counts, lambda k: math.exp(k * math.log(expected) - expected - math.lgamma(k + 1)), tail)


def binomial_limits(n: int, share: float, tail: float) -> tuple[int, int]:
    """The lowest and the highest count inside the limits of `n` trials of probability `share` (0..1)."""
    if not 0 < share < 1:
        return (n, n) if share else (0, 0)
    mean = n * share
    spread = _FAR * math.sqrt(mean * (1 - share)) + 40
    counts = range(max(0, math.floor(mean - spread)), min(n, math.ceil(mean + spread)) + 1)
    whole = math.lgamma(n + 1)

    def mass(k: int) -> float:
        ways = whole - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        return math.exp(ways + k * math.log(share) + (n - k) * math.log1p(-share))

    return _limits(counts, mass, tail)


def _limits(counts: range, mass: Callable[[int], float], tail: float) -> tuple[int, int]:
    return _inside(counts, mass, tail), _inside(counts[::-1], mass, tail)


def _inside(counts: range, mass: Callable[[int], float], tail: float) -> int:
    """The first count, from one end, with which the probability of this end exceeds the tail's."""
    sums = accumulate(map(mass, counts))
    return next(count for count, summed in zip(counts, sums, strict=True) if summed > tail)


def dispersion(counts: Iterable[tuple[int, float, float]]) -> float | None:
    """The mean squared z-score of (count, expected, variance) triples: about 1 where chance is all there is.

    The estimate of over-dispersion of Spiegelhalter (2005), not winsorised; None of fewer than two sites.
    """
    squares = [(count - expected) ** 2 / variance for count, expected, variance in counts if variance > 0]
    return math.fsum(squares) / len(squares) if len(squares) > 1 else None
