"""The monitoring visit: planned, conducted, reported, signed by a second person, followed up."""

from datetime import date, datetime

from services.trials.commands.monitoring import (
    ApproveVisitReport,
    AskForVisit,
    CancelVisit,
    CompleteActionItem,
    ReportVisit,
    RescheduleVisit,
    ReturnVisitReport,
    ScheduleVisit,
    SubmitVisitReport,
)
from services.trials.domain.monitoring_visit_conduct import conducted, site_breaks
from services.trials.domain.monitoring_visit_report import on_report
from services.trials.domain.monitoring_visit_state import Events, Visit, evolve, wake_at
from services.trials.projections.guards import SiteGuard
from services.trials.projections.kri_guards import SiteCounters
from services.trials.rules.site_states import OVER
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.monitoring import (
    ActionItemOverdue,
    VisitCancelled,
    VisitRescheduled,
    VisitScheduled,
    VisitStatusChanged,
)
from shared.rules.dates import local_date

__all__ = ["Visit", "VisitCommand", "decide", "evolve", "wake_at"]

VisitCommand = (
    ScheduleVisit
    | AskForVisit
    | RescheduleVisit
    | CancelVisit
    | ReportVisit
    | SubmitVisitReport
    | ReturnVisitReport
    | ApproveVisitReport
    | CompleteActionItem
)


def decide(visit: Visit, command: VisitCommand | Wake, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a command and the status that follows from them; repeating what is done causes none."""
    told = _on_time(visit, command, now) if isinstance(command, Wake) else _told(visit, command, facts, now)
    if isinstance(told, Refusal):
        return told
    for event in told:
        visit = evolve(visit, event)
    after = visit.status(local_date(now, visit.zone))
    if visit.of and after and after != visit.told:
        ids = {"visit_id": command.stream_id, "trial_id": visit.of[0], "site_id": visit.of[1]}
        told.append(VisitStatusChanged(**ids, before=visit.told, after=after))
    return told


def _on_time(visit: Visit, wake: Wake, now: datetime) -> Events:
    if visit.of is None:
        return []
    today = local_date(now, visit.zone)
    ids = {"visit_id": wake.stream_id, "trial_id": visit.of[0], "site_id": visit.of[1]}
    return [
        ActionItemOverdue(**ids, item_id=item_id, due_on=item.due_on)
        for item_id, item in visit.open.items()
        if item.due_on < today and item_id not in visit.late
    ]


def _told(visit: Visit, command: VisitCommand, facts: Facts, now: datetime) -> Events | Refusal:
    today = local_date(now, visit.zone)
    if visit.of not in (None, (command.trial_id, command.site_id)) and not isinstance(command, ReportVisit):
        return Refusal("visit.other_site", "the visit is at another site", visit.status(today), "site_id")
    match command:
        case ScheduleVisit() | AskForVisit():
            return _schedule(visit, command, facts, now)
        case ReportVisit():
            return conducted(visit, command, facts.get(SiteGuard, command.site_id), now)
        case _ if visit.of is None:
            return Refusal("visit.unknown", "there is no visit with this id", None, "visit_id")
        case RescheduleVisit(planned_on=day):
            if visit.status(today) not in ("scheduled", "overdue"):
                return _wrong_state(visit, "planned anew", today)
            if day == visit.planned_on:
                return []
            return _in_past(day, today, visit) or [VisitRescheduled(**command.model_dump())]
        case CancelVisit():
            if visit.status(today) == "cancelled":
                return []
            if visit.status(today) not in ("scheduled", "overdue"):
                return _wrong_state(visit, "cancelled", today)
            return [VisitCancelled(**command.model_dump(), kind=visit.kind, planned_on=visit.planned_on)]
        case _:
            return on_report(visit, command, facts.actor.id if facts.actor else "", today)


def _schedule(
    visit: Visit, command: ScheduleVisit | AskForVisit, facts: Facts, now: datetime
) -> Events | Refusal:
    site = facts.get(SiteGuard, command.site_id)
    zone = (site.zone if site else None) or "UTC"
    planned = VisitScheduled(**command.model_dump(), zone=zone)
    if isinstance(command, AskForVisit):  # what a plan or a breach asks for is not refused: it is there once
        waits = _waits(command, facts.get(SiteCounters, command.site_id))
        return [] if visit.of or waits or (site and site.status in OVER) else [planned]
    today = local_date(now, zone)
    if visit.of:
        same = (visit.kind, visit.planned_on) == (command.kind, command.planned_on)
        return [] if same else Refusal("visit.known", "the visit is known", visit.status(today), "visit_id")
    if breaks := site_breaks(command, site):
        state = site.status if site else None
        return Refusal(breaks[0], "the site is not as such a visit needs it", state, "site_id")
    return _in_past(command.planned_on, today, visit) or [planned]


def _waits(command: AskForVisit, known: SiteCounters | None) -> bool:
    """Whether an interim visit waits at the site already, or it needs none any more."""
    if command.kind != "interim" or known is None:
        return False
    return known.closed_out or any(visit.kind == "interim" for visit in known.visits.values())


def _in_past(day: date, today: date, visit: Visit) -> Refusal | None:
    if day >= today:
        return None
    return Refusal("visit.planned_in_past", f"today is {today} at the site", visit.told, "planned_on")


def _wrong_state(visit: Visit, done: str, today: date) -> Refusal:
    return Refusal("visit.transition", f"a visit in this state is not {done}", visit.status(today))
