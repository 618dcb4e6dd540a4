"""The rows of monitoring visits, of what is to be done after them, and of remote reviews."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar, assert_never
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.monitoring import (
    ActionItemCompleted,
    ActionItemOverdue,
    Finding,
    SdvCounts,
    VisitCancelled,
    VisitConducted,
    VisitEvent,
    VisitReportApproved,
    VisitReportReturned,
    VisitReportSubmitted,
    VisitRescheduled,
    VisitScheduled,
    VisitStatusChanged,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One visit; findings and counts are those of the report as it was handed in last."""

    table: ClassVar[str] = "monitoring_visit"
    key: ClassVar[tuple[str, ...]] = ("visit_id",)
    visit_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    correlation_id: UUID | None = None
    kind: str | None = None
    status: str | None = None
    planned_on: date | None = None
    conducted_on: date | None = None
    zone: str | None = None
    document_ref: str | None = None
    sha256: str | None = None
    findings: tuple[Finding, ...] = ()
    sdv: SdvCounts | None = None
    submitted_by: str | None = None
    approved_by: str | None = None
    open_items: int = 0
    reason: str | None = None
    cause: UUID | None = None
    kri: str | None = None
    breaks: tuple[str, ...] = ()


def visit_keys(message: Recorded[VisitEvent]) -> tuple[Key, ...]:
    return ((message.data.visit_id,),)


def fold_visit(row: VisitRow | None, message: Recorded[Any], key: Key) -> VisitRow:
    """The visit after an event of its stream."""
    event: VisitEvent = message.data
    visit = row or VisitRow(key[0], event.trial_id, event.site_id, message.correlation_id)
    match event:
        case VisitScheduled():
            told = event.model_dump(include={"kind", "planned_on", "zone", "cause", "kri"})
            return replace(visit, **told)
        case VisitRescheduled(planned_on=day, reason=reason):
            return replace(visit, planned_on=day, reason=reason)
        case VisitConducted():
            told = event.model_dump(include={"kind", "conducted_on", "zone", "breaks"})
            return replace(visit, **told)
        case VisitReportSubmitted() | VisitReportApproved():
            told = event.model_dump(include={"document_ref", "sha256", "submitted_by"})
            visit = replace(visit, **told, findings=event.findings, sdv=event.sdv, reason=None)
            if isinstance(event, VisitReportApproved):
                return replace(visit, approved_by=event.approved_by, open_items=len(event.action_items))
            return visit
        case VisitReportReturned(reason=reason) | VisitCancelled(reason=reason):
            return replace(visit, reason=reason)
        case ActionItemCompleted():
            return replace(visit, open_items=visit.open_items - 1)
        case ActionItemOverdue():
            return visit
        case VisitStatusChanged(after=status):
            return replace(visit, status=status)
        case _:
            assert_never(event)


@dataclass(frozen=True, slots=True)
class ActionItemRow:
    """One action item of an approved report: open, overdue (still open) or done."""

    table: ClassVar[str] = "action_item"
    key: ClassVar[tuple[str, ...]] = ("visit_id", "item_id")
    visit_id: UUID
    item_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    finding_id: UUID | None = None
    code: str | None = None
    owner: str | None = None
    due_on: date | None = None
    status: str = "open"
    completed_on: date | None = None
    document_ref: str | None = None


def action_item_keys(
    message: Recorded[VisitReportApproved | ActionItemCompleted | ActionItemOverdue],
) -> tuple[Key, ...]:
    visit_id = message.data.visit_id
    if isinstance(message.data, VisitReportApproved):
        return tuple((visit_id, item.item_id) for item in message.data.action_items)
    return ((visit_id, message.data.item_id),)


def fold_action_item(row: ActionItemRow | None, message: Recorded[Any], key: Key) -> ActionItemRow:
    """The action item after an event of its visit's stream."""
    event = message.data
    item = row or ActionItemRow(key[0], key[1], event.trial_id, event.site_id)
    match event:
        case VisitReportApproved(action_items=items):
            told = next(one for one in items if one.item_id == key[1])
            return replace(item, **told.model_dump(exclude={"item_id"}))
        case ActionItemCompleted(completed_on=day, document_ref=document):
            return replace(item, status="done", completed_on=day, document_ref=document)
        case _:
            return replace(item, status="overdue")
