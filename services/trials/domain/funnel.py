"""Funnel limits of counts: where a site lies outside what chance explains, exact for small numbers.

After Spiegelhalter DJ (2005), Funnel plots for comparing institutional performance, Statistics in Medicine
24:1185-1202. Limits are probability-based prediction limits on whole counts, without interpolation: a site
that differs by chance alone falls outside one side with at most the tail probability asked for (Seaton SE,
Manktelow BN (2012), BMC Medical Research Methodology 12:98, who prefer them to confidence intervals).
"""

import math
from collections.abc import Callable, Iterable
from typing import Literal

Side = Literal["low", "high"]


def poisson_limit(expected: float, tail: float, side: Side) -> int:
    """The last count inside on this side where `expected` (> 0) events are expected.

    P(X < limit), or P(X > limit) on the high side, is at most the tail and as near to it as counts come.
    """
    start = _far(expected, expected, side)
    mass = math.exp(start * math.log(expected) - expected - math.lgamma(start + 1))
    if side == "low":
        return _inside(start, 1, mass, lambda k: expected / (k + 1), tail)
    return _inside(start, -1, mass, lambda k: k / expected, tail)


def binomial_limit(n: int, share: float, tail: float, side: Side) -> int:
    """The same of `n` trials of probability `share` (0..1) each."""
    if not 0 < share < 1:
        return n if share else 0
    start = min(_far(n * share, n * share * (1 - share), side), n)
    ways = math.lgamma(n + 1) - math.lgamma(start + 1) - math.lgamma(n - start + 1)
    mass = math.exp(ways + start * math.log(share) + (n - start) * math.log1p(-share))
    odds = share / (1 - share)
    if side == "low":
        return _inside(start, 1, mass, lambda k: (n - k) / (k + 1) * odds, tail)
    return _inside(start, -1, mass, lambda k: k / (n - k + 1) / odds, tail)


def _far(mean: float, variance: float, side: Side) -> int:
    """A count so far out on a side that what lies beyond it, less than 1e-12, may be left out of a sum."""
    spread = 8 * math.sqrt(variance) + 40
    return max(0, math.floor(mean - spread)) if side == "low" else math.ceil(mean + spread)


def _inside(start: int, step: int, mass: float, ratio: Callable[[int], float], tail: float) -> int:
    """The first count, from far out inwards, with which the summed probability exceeds the tail's."""
    count, summed = start, mass
    while summed <= tail:
        mass *= ratio(count)
        count += step
        summed += mass
    return count


def dispersion(counts: Iterable[tuple[int, float, float]]) -> float | None:
    """The mean squared z-score of (count, expected, variance) triples: about 1 where chance is all there is.

    The estimate of over-dispersion of Spiegelhalter (2005), not winsorised; None of fewer than two sites.
    """
    squares = [(count - expected) ** 2 / variance for count, expected, variance in counts if variance > 0]
    return math.fsum(squares) / len(squares) if len(squares) > 1 else None
