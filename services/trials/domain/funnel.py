"""Funnel limits of counts: where a site lies outside what chance explains, exact for small numbers.

The funnel is Spiegelhalter's (2005, Funnel plots for comparing institutional performance, Statistics in
Medicine 24:1185-1202). The others of a trial are as few as the site, so that their rate is no more known than
its own. Given the trial's total, no rate has to be known: of counts the site's part is binomial (Przyborowski
and Wilenski 1940, Biometrika 31:313-323), of proportions hypergeometric (Fisher's exact test). Limits are on
whole counts, without interpolation: a site that differs by chance alone falls outside one side with at most
the tail probability asked for, whatever the total.
"""

import math
from collections.abc import Callable, Iterable
from typing import Literal

Side = Literal["low", "high"]


def binomial_limit(n: int, share: float, tail: float, side: Side) -> int:
    """The last count inside on this side, of `n` events of which each is the site's with probability `share`.

    P(X < limit), or P(X > limit) on the high side, is at most the tail and as near to it as counts come.
    """
    if not 0 < share < 1:
        return n if share else 0
    start = _far(n * share, n * share * (1 - share), side, 0, n)
    mass = math.exp(_ways(n, start) + start * math.log(share) + (n - start) * math.log1p(-share))
    odds = share / (1 - share)
    if side == "low":
        return _inside(start, 1, mass, lambda k: (n - k) / (k + 1) * odds, tail)
    return _inside(start, -1, mass, lambda k: k / (n - k + 1) / odds, tail)


def hypergeometric_limit(whole: int, marked: int, own: int, tail: float, side: Side) -> int:
    """The same where `marked` things lie among `whole`, of which `own` are the site's."""
    bare = whole - marked - own  # so many of the others' are not marked where none of its own is
    mean = marked * own / whole
    spread = mean * (1 - own / whole) * (whole - marked) / max(whole - 1, 1)
    start = _far(mean, spread, side, max(0, -bare), min(marked, own))
    ways = _ways(marked, start) + _ways(whole - marked, own - start) - _ways(whole, own)
    mass = math.exp(ways)
    if side == "low":
        return _inside(start, 1, mass, lambda k: (marked - k) * (own - k) / ((k + 1) * (bare + k + 1)), tail)
    return _inside(start, -1, mass, lambda k: k * (bare + k) / ((marked - k + 1) * (own - k + 1)), tail)


def _ways(n: int, k: int) -> float:
    """The logarithm of n over k."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _far(mean: float, variance: float, side: Side, least: int, most: int) -> int:
    """A count so far out on a side that what lies beyond it, less than 1e-12, may be left out of a sum."""
    spread = 8 * math.sqrt(variance) + 40
    far = math.floor(mean - spread) if side == "low" else math.ceil(mean + spread)
    return min(max(far, least), most)


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
