"""A run of the indicators over a trial's sites: what was computed, who left the limits, who came back."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from services.trials.domain.indicators import Watch, compute
from services.trials.projections.feeds import SiteFeeds
from services.trials.projections.kri_guards import SiteCounters
from services.trials.rules import NAMESPACE
from shared.contracts.message import Facts
from shared.contracts.trials.kri import (
    Kri,
    KriBreached,
    KriComputed,
    KriEscalated,
    KriEvent,
    KriRecovered,
    KriRunCompleted,
    KriRunStarted,
    KriValue,
    Level,
    MonitoringPlanned,
)

Breaches = Mapping[tuple[UUID, Kri], tuple[UUID, Level]]


def run(
    plan: MonitoringPlanned,
    started: KriRunStarted,
    breaches: Breaches,
    sites: tuple[UUID, ...],
    facts: Facts,
    now: datetime,
) -> list[KriEvent]:
    """Everything that a run tells, site by site, and its end with the instant of the data cut."""
    found = [facts.get(SiteCounters, site_id) or SiteCounters(site_id) for site_id in sites]
    feeds = {site_id: facts.get(SiteFeeds, site_id) or SiteFeeds(site_id) for site_id in sites}
    tolerances = {one.kri: (one.alert, one.action) for one in plan.tolerances}
    watch = Watch(plan.kris, tolerances, plan.sdv_percent)
    values, spread = compute(watch, found, started.cut_on, feeds)
    events: list[KriEvent] = []
    for site_id, of_site in values.items():
        told_of_site = started.model_dump(exclude={"by"}) | {"site_id": site_id}
        events.append(KriComputed(**told_of_site, values=of_site))
        for value in of_site:
            events += _moved(plan, started, site_id, value, breaches.get((site_id, value.kri)))
    told_of_run = started.model_dump(exclude={"by"})
    return [*events, KriRunCompleted(**told_of_run, data_cut_at=now, sites=len(sites), dispersion=spread)]


def _moved(
    plan: MonitoringPlanned,
    started: KriRunStarted,
    site_id: UUID,
    value: KriValue,
    known: tuple[UUID, Level] | None,
) -> list[KriEvent]:
    """A breach is told once; what is not judged neither breaches nor recovers."""
    ids: dict[str, Any] = started.model_dump(include={"run_id", "trial_id", "cut_on"}) | {"site_id": site_id}
    if value.verdict == "not_judged":
        return []
    if value.verdict == "within":
        return [KriRecovered(**ids, breach_id=known[0], kri=value.kri)] if known else []
    visit_by = _visit_by(plan, value.verdict, started.cut_on)
    if known is None:
        breach_id = uuid5(NAMESPACE, f"breach|{started.trial_id}|{site_id}|{value.kri}|{started.run_id}")
        return [KriBreached(**ids, breach_id=breach_id, level=value.verdict, found=value, visit_by=visit_by)]
    if (known[1], value.verdict) == ("alert", "action"):
        return [KriEscalated(**ids, breach_id=known[0], found=value, visit_by=visit_by)]
    return []


def _visit_by(plan: MonitoringPlanned, level: Level, cut: date) -> date | None:
    wanted = level == "action" or plan.visit_from == "alert"
    return cut + timedelta(days=plan.targeted_days) if wanted else None


def told(breaches: Breaches, event: KriBreached | KriEscalated, level: Level) -> Breaches:
    """The breaches that stand once the event is told."""
    return {**breaches, (event.site_id, event.found.kri): (event.breach_id, level)}
