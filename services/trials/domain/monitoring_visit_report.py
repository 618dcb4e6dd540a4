"""The report of a visit: handed in, sent back or signed by another person, its action items done."""

from datetime import date
from typing import assert_never

from services.trials.commands.monitoring import (
    ApproveVisitReport,
    CompleteActionItem,
    ReturnVisitReport,
    SubmitVisitReport,
)
from services.trials.domain.monitoring_visit_state import Events, Visit
from shared.contracts.message import Refusal
from shared.contracts.trials.monitoring import (
    ActionItemCompleted,
    VisitReportApproved,
    VisitReportReturned,
    VisitReportSubmitted,
)

Command = SubmitVisitReport | ReturnVisitReport | ApproveVisitReport | CompleteActionItem


def on_report(visit: Visit, command: Command, who: str, today: date) -> Events | Refusal:
    """What a command on the report, or on what it asks for, leads to; `who` is the actor's opaque id."""
    match command:
        case SubmitVisitReport():
            return _submit(visit, command, who, today)
        case ReturnVisitReport():
            report = _to_review(visit, who, today)
            if isinstance(report, Refusal):
                return report
            return [VisitReportReturned(**command.model_dump(), returned_by=who)]
        case ApproveVisitReport():
            return _approve(visit, command, who, today)
        case CompleteActionItem():
            return _complete(visit, command, today)
        case _:
            assert_never(command)


def _submit(visit: Visit, command: SubmitVisitReport, who: str, today: date) -> Events | Refusal:
    given = VisitReportSubmitted(**command.model_dump(), submitted_by=who)
    if visit.report and visit.report.model_copy(update={"submitted_by": who}) == given:
        return []
    if visit.status(today) != "awaiting_report":
        return Refusal("visit.transition", "no report of the visit is awaited", visit.status(today))
    return [given]


def _approve(visit: Visit, command: ApproveVisitReport, who: str, today: date) -> Events | Refusal:
    if visit.approved:
        return []
    report = _to_review(visit, who, today)
    if isinstance(report, Refusal):
        return report
    told = report.model_dump() | {"kind": visit.kind, "conducted_on": visit.conducted_on}
    return [VisitReportApproved(**told, approved_by=who)]


def _to_review(visit: Visit, who: str, today: date) -> VisitReportSubmitted | Refusal:
    if visit.status(today) != "report_pending_review" or visit.report is None:
        return Refusal("visit.transition", "no report of the visit awaits review", visit.status(today))
    if visit.report.submitted_by == who:
        other = "another person than its author reviews a report"
        return Refusal("two_persons", other, "report_pending_review")
    return visit.report


def _complete(visit: Visit, command: CompleteActionItem, today: date) -> Events | Refusal:
    if command.item_id in visit.done:
        return []
    if visit.status(today) != "follow_up":
        return Refusal("visit.transition", "nothing of the visit is to be done", visit.status(today))
    if command.item_id not in visit.open:
        return Refusal("action_item.unknown", "the visit has no such action item", "follow_up", "item_id")
    if visit.conducted_on and command.completed_on < visit.conducted_on:
        before = f"the visit that found it was on {visit.conducted_on}"
        return Refusal("action_item.before_visit", before, "follow_up", "completed_on")
    return [ActionItemCompleted(**command.model_dump())]
