"""The visits that a site waits for, as its indicators and the next interim visit read them."""

from dataclasses import replace
from typing import Any

from services.trials.projections.kri_guards import PlannedVisit, SiteCounters
from shared.contracts.trials.monitoring import (
    VisitCancelled,
    VisitConducted,
    VisitRescheduled,
    VisitScheduled,
)


def visited(site: SiteCounters, event: Any) -> SiteCounters:
    """The site after an event of a monitoring visit that it had planned, or that took place there."""
    match event:
        case VisitScheduled(visit_id=visit_id, kind=kind, planned_on=day):
            visits = site.visits | {visit_id: PlannedVisit(kind, day)}
            return replace(site, visits=dict(sorted(visits.items())))
        case VisitRescheduled(visit_id=visit_id, planned_on=day):
            moved = {visit_id: replace(site.visits[visit_id], planned_on=day)}
            return replace(site, visits=site.visits | moved)
        case VisitConducted(visit_id=visit_id) if event.site_id != site.site_id:
            return replace(site, visits=_without(site, visit_id))  # reported at another site than planned
        case VisitConducted(visit_id=visit_id, kind=kind):
            closed_out = site.closed_out or kind == "close_out"
            return replace(site, visits=_without(site, visit_id), closed_out=closed_out)
        case VisitCancelled(visit_id=visit_id):
            return replace(site, visits=_without(site, visit_id))
        case _:
            return site


def _without(site: SiteCounters, visit_id: Any) -> dict[Any, PlannedVisit]:
    return {known: visit for known, visit in site.visits.items() if known != visit_id}
