"""The indicators of a trial's sites from their counters: value, limits, verdict, or why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import assert_never
from uuid import UUID

from services.trials.domain.funnel import binomial_limit, dispersion, hypergeometric_limit
from services.trials.projections.feeds import SiteFeeds
from services.trials.projections.kri_guards import SiteCounters
from services.trials.rules.kri import FEWEST_SITES, INDICATORS, LEAST_EXPECTED, TAIL, Indicator
from shared.contracts.trials.kri import Dispersion, Kri, KriValue, Verdict

NO_FEEDS: Mapping[UUID, SiteFeeds] = MappingProxyType({})
Counts = tuple[int | None, int | None]  # numerator and denominator; None where nothing is known


@dataclass(frozen=True)
class Watch:
    """What a plan says of the computation; `accruing`: whether the trial takes subjects."""

    kris: tuple[Kri, ...]
    tolerances: Mapping[Kri, tuple[int, int]]
    sdv_percent: int
    accruing: bool = True


def compute(
    watch: Watch, sites: Sequence[SiteCounters], cut: date, feeds: Mapping[UUID, SiteFeeds] = NO_FEEDS
) -> tuple[dict[UUID, tuple[KriValue, ...]], tuple[Dispersion, ...]]:
    """Every indicator of every site on the local day of the cut, and how far sites differ beyond chance."""
    values: dict[UUID, list[KriValue]] = {site.site_id: [] for site in sites}
    spread: list[Dispersion] = []
    for kri in watch.kris:
        indicator = INDICATORS[kri]
        counted = [
            (site.site_id, counts(kri, site, watch.sdv_percent, cut, feeds.get(site.site_id)))
            for site in sites
        ]
        if indicator.method == "tolerance":
            limits = watch.tolerances.get(kri) or indicator.tolerance or (0, 0)
            for site, (_, (days, _)) in zip(sites, counted, strict=True):
                values[site.site_id].append(_spared(_tolerated(kri, days, limits), site, watch))
            continue
        known = [(site_id, (n or 0, d)) for site_id, (n, d) in counted if d]
        trial = (sum(n for _, (n, _) in known), sum(d for _, (_, d) in known), len(known))
        judged = {site_id: _compared(kri, indicator, own, trial) for site_id, own in known}
        for site, (site_id, (numerator, denominator)) in zip(sites, counted, strict=True):
            none = KriValue(
                kri=kri,
                numerator=numerator or 0,
                denominator=denominator or 0,
                verdict="not_judged",
                reason="no_denominator",
            )
            values[site_id].append(_spared(judged.get(site_id, none), site, watch))
        phi = _dispersion(indicator, [own for _, own in known])
        if phi is not None:
            spread.append(Dispersion(kri=kri, sites=len(known), phi=round(phi, 4)))
    return {site_id: tuple(found) for site_id, found in values.items()}, tuple(spread)


def counts(
    kri: Kri, site: SiteCounters, sdv_percent: int, cut: date, feeds: SiteFeeds | None = None
) -> Counts:
    """Numerator and denominator as the indicator defines them; corrections never bring them below zero."""
    match kri:
        case "enrolment_rate":
            return site.enrolled, site.days_recruiting(cut)
        case "screen_failure_rate":
            return site.screen_failed, site.screened
        case "deviation_rate":
            return max(site.deviations, 0), max(site.days_observed(cut), 0)
        case "adverse_event_rate":
            return site.adverse_events, max(site.days_observed(cut), 0)
        case "serious_reporting_lag":
            return site.serious_late, site.serious
        case "query_ageing":
            ages = [one.oldest_open_days or 0 for one in site.data.values()]
            return (max(ages) if ages else None), None
        case "sdv_backlog":
            wanted = -(-site.forms_entered() * sdv_percent // 100)
            return max(wanted - site.verified(), 0), wanted
        case "visits_overdue":
            return max((max((cut - one.planned_on).days, 0) for one in site.visits.values()), default=0), None
        case "data_completeness":
            return (feeds.days_missing, feeds.days_due) if feeds else (None, None)
        case _:
            assert_never(kri)


def _spared(value: KriValue, site: SiteCounters, watch: Watch) -> KriValue:
    """The value without a verdict where no visit could mend it; the others are held against it as ever."""
    recruits = watch.accruing and site.recruiting_since is not None
    spared = "site_is_over" if site.over else "not_recruiting" if not recruits else None
    if value.verdict == "not_judged" or spared is None or not (site.over or value.kri == "enrolment_rate"):
        return value
    none = {"alert_limit": None, "action_limit": None}
    return value.model_copy(update=none | {"verdict": "not_judged", "reason": spared})


def _tolerated(kri: Kri, days: int | None, limits: tuple[int, int]) -> KriValue:
    if days is None:
        return KriValue(kri=kri, numerator=0, verdict="not_judged", reason="no_data")
    verdict: Verdict = "action" if days > limits[1] else "alert" if days > limits[0] else "within"
    return KriValue(
        kri=kri,
        numerator=days,
        value=days,
        alert_limit=limits[0],
        action_limit=limits[1],
        verdict=verdict,
    )


def _compared(kri: Kri, indicator: Indicator, own: tuple[int, int], trial: tuple[int, int, int]) -> KriValue:
    """A site against the pooled rate of the trial's other sites; `trial` sums all and says how many."""
    numerator, denominator = own
    value = KriValue(
        kri=kri,
        numerator=numerator,
        denominator=denominator,
        value=round(numerator / denominator * indicator.per, 6),
        verdict="not_judged",
    )
    if trial[2] < FEWEST_SITES:
        return value.model_copy(update={"reason": f"fewer_than_{FEWEST_SITES}_sites"})
    rate = (trial[0] - numerator) / (trial[1] - denominator)
    expected = rate * denominator
    against = {"target": round(rate * indicator.per, 6), "expected": round(expected, 4)}
    if expected < LEAST_EXPECTED:
        return value.model_copy(update=against | {"reason": "expected_below_1"})
    limits = {level: _limit(indicator, denominator, trial, tail) for level, tail in TAIL.items()}
    outside = {
        level: numerator < at if indicator.bad == "low" else numerator > at for level, at in limits.items()
    }
    verdict: Verdict = "action" if outside["action"] else "alert" if outside["alert"] else "within"
    shown = {f"{level}_limit": round(at / denominator * indicator.per, 6) for level, at in limits.items()}
    return value.model_copy(update=against | shown | {"verdict": verdict})


def _limit(indicator: Indicator, own: int, trial: tuple[int, int, int], tail: float) -> int:
    """The last count inside, on the side that is bad, given the trial's total."""
    events, whole, _ = trial
    if indicator.method == "poisson":
        return binomial_limit(events, own / whole, tail, indicator.bad)
    # Counts that contradict each other, more failures than screenings, are all there can be.
    return hypergeometric_limit(whole, min(events, whole), own, tail, indicator.bad)


def _dispersion(indicator: Indicator, all_sites: list[tuple[int, int]]) -> float | None:
    """Against the rate of all sites together, as z-scores are."""
    whole = sum(d for _, d in all_sites)
    rate = sum(n for n, _ in all_sites) / whole if whole else 0.0
    left = 1.0 if indicator.method == "poisson" else 1.0 - rate
    return dispersion((n, rate * d, rate * d * left) for n, d in all_sites)
