"""A monitoring visit that took place: kept whatever it breaks, and what it breaks is a deviation."""

from datetime import datetime
from uuid import uuid5

from services.trials.commands.monitoring import AskForVisit, ReportVisit, ScheduleVisit
from services.trials.domain.broken import rules_of
from services.trials.domain.monitoring_visit_state import Events, Visit
from services.trials.projections.guards import SiteGuard
from services.trials.rules import NAMESPACE
from services.trials.rules.monitoring_visit import NEEDS_ACTIVE_SITE
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.monitoring import VisitConducted
from shared.rules.dates import local_date


def conducted(visit: Visit, command: ReportVisit, site: SiteGuard | None, now: datetime) -> Events:
    """A report is kept whatever it breaks; a second, differing one changes nothing and is a deviation."""
    zone = visit.zone if visit.of else (site.zone if site else None) or "UTC"
    if visit.conducted_on:
        same = (visit.conducted_on, visit.kind) == (command.conducted_on, command.kind)
        return [] if same else _deviation(visit, command, ("visit.contradicted",))
    broken = {
        "visit.not_scheduled": visit.of is None,
        "visit.other_site": visit.of not in (None, (command.trial_id, command.site_id)),
        "visit.transition": visit.cancelled,
        "visit.in_future": command.conducted_on > local_date(now, zone),
    }
    breaks = (*rules_of(broken), *site_breaks(command, site))
    elsewhere = visit.of[1] if visit.of and visit.of[1] != command.site_id else None
    told = VisitConducted(**command.model_dump(), zone=zone, breaks=breaks, planned_site_id=elsewhere)
    # Without a plan a visit is as good as with one: only what else is wrong is a deviation.
    grave = tuple(rule for rule in breaks if rule != "visit.not_scheduled")
    return [told, *_deviation(visit, command, grave)]


def site_breaks(
    command: ScheduleVisit | AskForVisit | ReportVisit, site: SiteGuard | None
) -> tuple[str, ...]:
    """Why the site is not as a visit of this kind needs it."""
    if site is None:
        return ("site.unknown",)
    if site.trial_id != command.trial_id:
        return ("site.other_trial",)
    if command.kind in NEEDS_ACTIVE_SITE and site.activated_on is None:
        return ("site.not_active",)
    return ()


def _deviation(visit: Visit, command: ReportVisit, rules: tuple[str, ...]) -> Events:
    deviation_id = uuid5(
        NAMESPACE, f"deviation|visit|{command.visit_id}|{command.kind}|{command.conducted_on}"
    )
    if not rules or deviation_id in visit.reported:
        return []
    return [
        DeviationReported(
            deviation_id=deviation_id,
            trial_id=command.trial_id,
            site_id=command.site_id,
            category="monitoring_visit",
            rules=rules,
            occurred_on=command.conducted_on,
        )
    ]
