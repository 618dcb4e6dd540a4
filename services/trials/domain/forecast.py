"""When a target of enrolment will be reached: the Poisson-gamma model of recruitment in many sites."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, exp, inf, lgamma, log, sqrt
from typing import Literal

# Below these nobody should believe a day (design: no source gives a limit).
LEAST_SUBJECTS, LEAST_DAYS = 5, 30
# A day later than this is no forecast but a sign that the target is out of reach.
HORIZON_DAYS = 3650
_SHAPES = tuple(0.3 * 1.7**n for n in range(12))
_STEPS = tuple(n / 2 for n in range(-8, 9))
Reason = Literal["no_target", "reached", "not_enough_data", "no_recruiting_site"]


@dataclass(frozen=True)
class SiteRecord:
    """What a site has done so far: subjects enrolled in so many days from its activation to today."""

    enrolled: int
    days: int
    recruiting: bool


@dataclass(frozen=True)
class Forecast:
    """The day of the last enrolment that a target asks for, or the rule by which none is named.

    `earliest` and `latest` enclose it with a probability of 80 % (10 % lie before, 10 % after), `middle` is
    the median; None where the day is more than ten years away. `per_month`: expected subjects in 30 days.
    """

    reason: Reason | None = None
    detail: str | None = None
    earliest: date | None = None
    middle: date | None = None
    latest: date | None = None
    per_month: float | None = None


@dataclass(frozen=True)
class Pace:
    """What the records of all sites of a trial say of the sites' rates: shape, rate and weight of gammas."""

    mixture: tuple[tuple[float, float, float], ...]


def pace(sites: Sequence[SiteRecord]) -> Pace | str:
    """The rates behind the records, or in words which data they lack.

    Subjects come to site i as a Poisson process of rate r_i a day; the rates are a sample of a gamma
    distribution (Anisimov & Fedorov 2007, Statistics in Medicine 26:4958-4975). They fit its two parameters
    by maximum likelihood, which leaves the doubt about these out of the interval (Mountain & Sherlock 2022,
    Biometrics 78:636-648); here the likelihood weighs a grid of them instead, flat in the logarithms of the
    mean and of the shape (0.3 to 100).
    """
    subjects, days = sum(s.enrolled for s in sites), sum(s.days for s in sites)
    if subjects < LEAST_SUBJECTS:
        return f"{subjects} subjects enrolled, {LEAST_SUBJECTS} are the least"
    if max(s.days for s in sites) < LEAST_DAYS:
        return f"no site has recruited for {LEAST_DAYS} days"
    points: list[tuple[float, float, float]] = []
    for shape in _SHAPES:
        spread = sqrt(1 / subjects + 1 / (len(sites) * shape))
        constant = sum(lgamma(shape + s.enrolled) - lgamma(shape) for s in sites) + log(spread)
        for step in _STEPS:
            rate = shape * days / subjects * exp(-step * spread)
            fits = sum((shape + s.enrolled) * log(rate + s.days) for s in sites)
            points.append((shape, rate, constant + len(sites) * shape * log(rate) - fits))
    best = max(weight for *_, weight in points)
    weighed = [(shape, rate, exp(weight - best)) for shape, rate, weight in points if weight > best - 12]
    whole = sum(weight for *_, weight in weighed)
    return Pace(tuple((shape, rate, weight / whole) for shape, rate, weight in weighed))


def forecast(
    known: Pace | str, sites: Iterable[SiteRecord], target: int | None, enrolled: int, today: date
) -> Forecast:
    """The day on which the sites given will have enrolled the target, at the pace known of the whole trial.

    Sites that recruit today go on as they did; none opens or closes. The sum of their rates is taken as one
    gamma(a, b) of the same mean and variance, so the wait for n more subjects is a beta of the second kind
    (Pearson type VI, Anisimov & Fedorov 2007): P(T <= t) = I(t / (b + t); n, a).
    """
    if target is None:
        return Forecast("no_target")
    if enrolled >= target:
        return Forecast("reached")
    if isinstance(known, str):
        return Forecast("not_enough_data", known)
    open_now = [site for site in sites if site.recruiting]
    if not open_now:
        return Forecast("no_recruiting_site")
    mean = square = 0.0
    for shape, rate, weight in known.mixture:
        mu = sum((shape + s.enrolled) / (rate + s.days) for s in open_now)
        mean += weight * mu
        square += weight * (sum((shape + s.enrolled) / (rate + s.days) ** 2 for s in open_now) + mu * mu)
    variance = square - mean * mean
    a, b = mean * mean / variance, mean / variance
    earliest, middle, latest = (_day(today, _waiting(p, target - enrolled, a, b)) for p in (0.1, 0.5, 0.9))
    return Forecast(None, None, earliest, middle, latest, round(30 * mean, 2))


def _day(today: date, waiting: float) -> date | None:
    return today + timedelta(days=ceil(waiting)) if waiting <= HORIZON_DAYS else None


def _waiting(p: float, n: int, a: float, b: float) -> float:
    """The days by which n more subjects have come with probability p."""
    low, high = 0.0, 1.0
    for _ in range(50):
        x = (low + high) / 2
        low, high = (x, high) if incomplete_beta(n, a, x) < p else (low, x)
    return b * low / (1 - low) if low < 1 else inf


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I(x; a, b), by its continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value, change, m = d, 0.0, 0
    while abs(change - 1) > 1e-12:
        m += 1
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = 1 / (1 + term * d), 1 + term / c
            value *= c * d
        change = c * d
    return front * value
