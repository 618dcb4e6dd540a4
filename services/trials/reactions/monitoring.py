"""Monitoring: what a visit does for its site, what a plan and a breach ask of visits, a run of its sites."""

from datetime import date, timedelta
from uuid import UUID, uuid5

from services.trials.commands.kri import ComputeIndicators, EndMonitoring
from services.trials.commands.monitoring import AskForVisit, CancelVisit
from services.trials.commands.site import RecordGateEvidence
from services.trials.projections.guards import TrialSites
from services.trials.projections.kri_guards import MonitoringPlan, SiteCounters
from services.trials.rules import NAMESPACE
from services.trials.rules.lifecycle import FINISHED
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.kri import KriBreached, KriEscalated, KriRunStarted, MonitoringPlanned
from shared.contracts.trials.monitoring import VisitConducted, VisitReportApproved
from shared.contracts.trials.site import SiteActivated
from shared.contracts.trials.site_steps import SiteClosed, SiteTerminated
from shared.contracts.trials.trial import TrialStatusChanged

Taken = (
    KriBreached
    | KriEscalated
    | KriRunStarted
    | MonitoringPlanned
    | SiteActivated
    | SiteClosed
    | SiteTerminated
    | TrialStatusChanged
    | VisitConducted
    | VisitReportApproved
)


def needs(message: Recorded[Taken]) -> tuple[Need, ...]:
    match message.data:
        case KriRunStarted(trial_id=trial_id) | MonitoringPlanned(trial_id=trial_id):
            return (Need(TrialSites, (trial_id,)),)
        case VisitConducted() | SiteActivated() as event:
            return (Need(MonitoringPlan, (event.trial_id,)), Need(SiteCounters, (event.site_id,)))
        case SiteClosed(site_id=site_id) | SiteTerminated(site_id=site_id):
            return (Need(SiteCounters, (site_id,)),)
        case TrialStatusChanged(trial_id=trial_id, after=status) if status in FINISHED:
            return (Need(MonitoringPlan, (trial_id,)),)
        case _:
            return ()


def react(message: Recorded[Taken], facts: Facts) -> list[Command]:
    match message.data:
        case VisitReportApproved(kind="initiation") as event:
            return [_initiated(event)]
        case VisitConducted(kind="initiation" | "interim", conducted_on=day) as event:
            return _next_interim(event.trial_id, event.site_id, day, message.id, facts, str(message.id))
        case SiteActivated(activated_on=day) as event:
            return _next_interim(event.trial_id, event.site_id, day, message.id, facts, "first")
        case MonitoringPlanned() as event:
            due = event.planned_on + timedelta(days=event.visit_interval_days)
            sites = _active(event.trial_id, facts)
            return [_interim(event.trial_id, site_id, due, message.id, "first") for site_id in sites]
        case KriRunStarted(trial_id=trial_id, run_id=run_id):
            return [ComputeIndicators(trial_id=trial_id, run_id=run_id, sites=_active(trial_id, facts))]
        case KriBreached() | KriEscalated() as event if event.visit_by:
            return [_targeted(event, event.visit_by, message.id)]
        case SiteClosed() | SiteTerminated() as event:
            return _called_off(event, facts.get(SiteCounters, event.site_id))
        case TrialStatusChanged(trial_id=trial_id, after=status) if status in FINISHED:
            watched = facts.get(MonitoringPlan, trial_id)
            return [EndMonitoring(trial_id=trial_id)] if watched else []
        case _:
            return []


def _active(trial_id: UUID, facts: Facts) -> tuple[UUID, ...]:
    sites = facts.get(TrialSites, trial_id)
    return sites.activated if sites else ()


def _initiated(event: VisitReportApproved) -> Command:
    """The signed report of the initiation visit is the evidence of its gate."""
    return RecordGateEvidence(
        trial_id=event.trial_id,
        site_id=event.site_id,
        gate="siv_done",
        evidence_id=event.visit_id,
        valid_from=event.conducted_on,
        document_ref=event.document_ref,
    )


def _next_interim(
    trial_id: UUID, site_id: UUID, day: date, cause: UUID, facts: Facts, after: str
) -> list[Command]:
    """The plan's interval after a visit, unless another interim visit waits or the site was closed out."""
    plan, site = facts.get(MonitoringPlan, trial_id), facts.get(SiteCounters, site_id)
    if plan is None or plan.ended or plan.visit_interval_days is None or site is None:
        return []
    # Before its activation a site has no interim visits: that day begins the first interval.
    waits = any(visit.kind == "interim" for visit in site.visits.values())
    if waits or site.closed_out or site.activated_on is None:
        return []
    return [_interim(trial_id, site_id, day + timedelta(days=plan.visit_interval_days), cause, after)]


def _called_off(event: SiteClosed | SiteTerminated, site: SiteCounters | None) -> list[Command]:
    """Visits that plan or breach asked for wait in vain; a close-out visit may still be made."""
    waiting = site.visits if site else {}
    return [
        CancelVisit(visit_id=visit_id, trial_id=event.trial_id, site_id=event.site_id, reason="site_is_over")
        for visit_id, visit in waiting.items()
        if visit.kind in ("interim", "targeted")
    ]


def _interim(trial_id: UUID, site_id: UUID, due: date, cause: UUID, after: str) -> Command:
    return AskForVisit(
        visit_id=uuid5(NAMESPACE, f"interim|{trial_id}|{site_id}|{after}"),
        trial_id=trial_id,
        site_id=site_id,
        kind="interim",
        planned_on=due,
        cause=cause,
    )


def _targeted(event: KriBreached | KriEscalated, visit_by: date, cause: UUID) -> Command:
    """One visit a breach, however often it is told."""
    return AskForVisit(
        visit_id=uuid5(NAMESPACE, f"targeted|{event.breach_id}"),
        trial_id=event.trial_id,
        site_id=event.site_id,
        kind="targeted",
        planned_on=visit_by,
        cause=cause,
        kri=event.found.kri,
    )
