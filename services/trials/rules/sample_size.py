"""Sample sizes of standard two-arm designs, computed again beside what the statistician states.

Normal approximations throughout, so a stated size from an exact method may differ by a few subjects.
"""

from dataclasses import dataclass
from math import ceil, log, sqrt
from statistics import NormalDist

from shared.contracts.trials.statistics import Effect, Hypothesis, Means, OtherEffect, Proportions, Survival

MEANS = "Guenther 1981 (two means, normal approximation with its correction for t)"
PROPORTIONS = "Fleiss, Levin and Paik 2003 (two proportions, without continuity correction)"
PROPORTIONS_MARGIN = "Blackwelder 1982 (two proportions, against a margin)"
SURVIVAL = "Schoenfeld 1983 (log-rank test)"
# What no reader of a figure can keep exactly (2^53) is none.
_MOST = 10**15


@dataclass(frozen=True)
class Size:
    """Subjects of both arms together with drop-outs, the events that a log-rank test needs, and by whom."""

    total: int
    by: str
    events: int | None = None


@dataclass(frozen=True)
class Assumptions:
    """`alpha` of one or two `sides`, `power`, second arm over first, `drop_out`: all of them ratios."""

    alpha: float
    sides: int
    power: float
    allocation_ratio: float = 1.0
    drop_out: float = 0.0
    null_value: float | None = None

    @property
    def z(self) -> tuple[float, float]:
        """The normal quantiles of the error and of the power."""
        normal = NormalDist()
        return normal.inv_cdf(1 - self.alpha / self.sides), normal.inv_cdf(self.power)

    def total(self, first_arm: float) -> int:
        """Both arms, each rounded up, of one subject at least, enlarged so that enough stay if some leave."""
        arms = (ceil(_tidy(first_arm)) or 1, ceil(_tidy(first_arm * self.allocation_ratio)) or 1)
        return sum(ceil(_tidy(size / (1 - self.drop_out))) for size in arms)


def recompute(hypothesis: Hypothesis, effect: Effect, assumed: Assumptions) -> Size | None:
    """The size by our own formula; None for what it does not cover: equivalence, other effects, none left.

    Nor is there one for non-inferiority of an effect beyond its margin: no size can show that.

    Means: n1 = (1 + 1/k) (za + zb)^2 s^2 / d^2 + za^2 / (2 (1 + k)), k the ratio (W. C. Guenther, The
    American Statistician 35, 1981, for k = 1; his za^2 / 2 is shared out by k). Proportions: J. L. Fleiss,
    B. Levin and M. C. Paik, Statistical Methods for Rates and Proportions, 3rd edition, 2003; against a
    margin W. C. Blackwelder, Controlled Clinical Trials 3, 1982. Events of a log-rank test: D. A.
    Schoenfeld, Biometrics 39, 1983.
    What has to be shown is the effect less the null value, a hazard ratio on the scale of its logarithm.
    """
    if hypothesis == "equivalence" or isinstance(effect, OtherEffect):
        return None
    margin = log(assumed.null_value or 1) if isinstance(effect, Survival) else assumed.null_value or 0
    left = _tidy(_stated(effect) - margin)
    if not left or (hypothesis == "non_inferiority" and left * margin > 0):
        return None
    match effect:
        case Means():
            size = _means(effect, left, assumed)
        case Proportions():
            size = _proportions(effect, left, assumed)
        case _:
            size = _survival(effect, left, assumed)
    return size if size.total <= _MOST else None


def _stated(effect: Means | Proportions | Survival) -> float:
    """The effect that is assumed, on the scale on which the margin is taken from it."""
    match effect:
        case Means():
            return effect.difference
        case Proportions():
            return effect.experimental - effect.control
        case _:
            return log(effect.hazard_ratio)


def _means(effect: Means, left: float, assumed: Assumptions) -> Size:
    error, power = assumed.z
    ratio = assumed.allocation_ratio
    spread = (1 + 1 / ratio) * (error + power) ** 2 * (effect.standard_deviation / left) ** 2
    return Size(assumed.total(spread + error**2 / (2 * (1 + ratio))), MEANS)


def _proportions(effect: Proportions, left: float, assumed: Assumptions) -> Size:
    first, second, ratio = effect.control, effect.experimental, assumed.allocation_ratio
    error, power = assumed.z
    apart = first * (1 - first) + second * (1 - second) / ratio
    if assumed.null_value:
        return Size(assumed.total((error + power) ** 2 * apart / left**2), PROPORTIONS_MARGIN)
    pooled = (first + ratio * second) / (1 + ratio)
    same = (1 + 1 / ratio) * pooled * (1 - pooled)
    return Size(assumed.total((error * sqrt(same) + power * sqrt(apart)) ** 2 / left**2), PROPORTIONS)


def _survival(effect: Survival, left: float, assumed: Assumptions) -> Size:
    error, power = assumed.z
    ratio = assumed.allocation_ratio
    share = ratio / (1 + ratio) ** 2
    events = ceil(_tidy((error + power) ** 2 / (share * left**2)))
    subjects = events / effect.event_probability
    return Size(assumed.total(subjects / (1 + ratio)), SURVIVAL, events)


def _tidy(number: float) -> float:
    """Without the last bits of binary arithmetic, which round a whole number up and leave some of a zero."""
    return round(number, 9)
