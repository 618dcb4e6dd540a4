"""The steps of a site that a person takes beside its selection and its activation."""

from datetime import date, datetime
from typing import assert_never

from services.trials.commands.site_steps import (
    BeginSiteClosing,
    CloseSite,
    CloseSiteEnrolment,
    DeclineSite,
    QualifySite,
    RejectSite,
    ScheduleQualification,
    SiteStepCommand,
    TerminateSite,
)
from services.trials.domain.site_state import Site
from services.trials.domain.site_transition import in_future, transition
from services.trials.projections.guards import CloseOut, SiteGuard
from shared.contracts.message import Refusal
from shared.contracts.trials.site_steps import (
    QualificationScheduled,
    SiteClosed,
    SiteClosingStarted,
    SiteDeclined,
    SiteEnrolmentClosed,
    SiteNotSelected,
    SiteQualified,
    SiteStepEvent,
    SiteTerminated,
)
from shared.rules.dates import local_date

Decision = list[SiteStepEvent] | Refusal


def decide(site: Site, command: SiteStepCommand, guard: SiteGuard | None, now: datetime) -> Decision:
    """The events of a step; one that was taken already causes none."""
    given, today = command.model_dump(), local_date(now, site.local_zone)
    match command:
        case ScheduleQualification():
            return _schedule(site, command)
        case QualifySite():
            if site.status == "qualified":
                return []
            refusal = transition(site, "qualified") or in_future(site, "visited_on", command.visited_on, now)
            return refusal or [SiteQualified(**given)]
        case RejectSite():
            if site.status == "not_selected":
                return []
            return transition(site, "not_selected") or _unjudged(site) or [SiteNotSelected(**given)]
        case DeclineSite():
            if site.status == "declined":
                return []
            return transition(site, "declined") or [SiteDeclined(**given)]
        case TerminateSite():
            if site.status == "terminated":
                return []
            return transition(site, "terminated") or [SiteTerminated(**given, terminated_on=today)]
        case CloseSiteEnrolment():
            return _close_enrolment(site, command, now)
        case BeginSiteClosing():
            if site.status == "closing":
                return []
            return transition(site, "closing") or [SiteClosingStarted(**given, started_on=today)]
        case CloseSite():
            return _close(site, command, guard, now)
        case _:
            assert_never(command)


def _schedule(site: Site, command: ScheduleQualification) -> Decision:
    scheduled = QualificationScheduled(**command.model_dump())
    if site.status == "qualification_scheduled":
        return [] if site.visit_on == command.visit_on else [scheduled]
    if refusal := transition(site, "qualification_scheduled") or _unjudged(site):
        return refusal
    if site.completed and site.completed.outcome == "unsuitable":
        return Refusal("feasibility.unsuitable", "its feasibility was found unsuitable", site.status)
    return [scheduled]


def _unjudged(site: Site) -> Refusal | None:
    if site.status != "feasibility_received" or site.completed:
        return None
    return Refusal("feasibility.not_completed", "the answers have no score yet", site.status)


def _close_enrolment(site: Site, command: CloseSiteEnrolment, now: datetime) -> Decision:
    if site.status == "closed_to_enrolment":
        return []
    if refusal := transition(site, "closed_to_enrolment"):
        return refusal
    if refusal := _after(site, "closed_on", command.closed_on, site.activated_on, "activation"):
        return refusal
    return in_future(site, "closed_on", command.closed_on, now) or [
        SiteEnrolmentClosed(**command.model_dump())
    ]


def _close(site: Site, command: CloseSite, guard: SiteGuard | None, now: datetime) -> Decision:
    if site.status == "closed":
        return []
    if refusal := transition(site, "closed"):
        return refusal
    visit = _visit(site, command, guard.close_out if guard else None)
    if isinstance(visit, Refusal):
        return visit
    visited, report = visit
    reconciled, filed = command.ip_reconciled_on, command.documents_filed_on
    if reconciled is None:
        detail = "the investigational product is not reconciled"
        return Refusal("site.product_not_reconciled", detail, site.status, "ip_reconciled_on")
    if filed is None:
        detail = "the site's documents are not filed"
        return Refusal("site.documents_not_filed", detail, site.status, "documents_filed_on")
    days = {"visited_on": visited, "ip_reconciled_on": reconciled, "documents_filed_on": filed}
    for field, day in days.items():
        if refusal := _after(site, field, day, site.activated_on, "activation"):
            return refusal
        if refusal := in_future(site, field, day, now):
            return refusal
    return [
        SiteClosed(
            trial_id=command.trial_id,
            site_id=command.site_id,
            visited_on=visited,
            report_ref=report,
            ip_reconciled_on=reconciled,
            documents_filed_on=filed,
            closed_on=local_date(now, site.local_zone),
        )
    ]


def _visit(site: Site, command: CloseSite, recorded: CloseOut | None) -> tuple[date, str] | Refusal:
    """Day and report of the close-out visit: of the one recorded here, else as they are stated."""
    stated: dict[str, date | str | None] = command.model_dump(include={"visited_on", "report_ref"})
    if recorded is None:
        if command.visited_on is None or command.report_ref is None:
            field = next(name for name, given in stated.items() if given is None)
            return Refusal("site.no_close_out_report", "no report of the visit", site.status, field)
        return command.visited_on, command.report_ref
    if recorded.report_ref is None:
        detail = f"the report of visit {recorded.visit_id} is not approved"
        return Refusal("site.close_out_not_approved", detail, site.status)
    known = {"visited_on": recorded.conducted_on, "report_ref": recorded.report_ref}
    for field, given in stated.items():
        if given not in (None, known[field]):
            detail = f"the approved report says {known[field]}"
            return Refusal("site.close_out_differs", detail, site.status, field)
    return recorded.conducted_on, recorded.report_ref


def _after(site: Site, field: str, day: date, cause: date | None, what: str) -> Refusal | None:
    if cause is None or day >= cause:
        return None
    return Refusal("site.date_before_cause", f"{day} is before the {what} on {cause}", site.status, field)
