"""Monitoring of sites: visits, what they found, and what is to be done about it."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Value

VisitKind = Literal["pre_study", "initiation", "interim", "close_out", "targeted", "remote"]
VisitStatus = Literal[
    "scheduled",
    "overdue",
    "awaiting_report",
    "report_pending_review",
    "follow_up",
    "complete",
    "cancelled",
]
Severity = Literal["minor", "major", "critical"]


class SdvCounts(Value):
    """What was compared with its source on one occasion: forms, and fields on forms."""

    forms_verified: int
    fields_verified: int = 0


class Finding(Value):
    """What a monitor found: codes and references alone, the words stand in the document."""

    finding_id: UUID
    category: str
    severity: Severity
    reference: str | None = None
    subject_id: UUID | None = None
    document_ref: str | None = None


class ActionItem(Value):
    """What is to be done by the local day `due_on`; `owner` is the opaque id of who has to do it."""

    item_id: UUID
    code: str
    owner: str
    due_on: date
    finding_id: UUID | None = None


class OfVisit(Event):
    """What every event of a monitoring visit says."""

    visit_id: UUID
    trial_id: UUID
    site_id: UUID


class VisitScheduled(OfVisit):
    """A visit shall take place by the local day `planned_on` in `zone`.

    `cause` is the event that asked for it, `kri` the risk indicator whose breach that was.
    """

    type: ClassVar[str] = "trials.monitoring_visit.scheduled.v1"
    kind: VisitKind
    planned_on: date
    zone: str
    cause: UUID | None = None
    kri: str | None = None


class VisitRescheduled(OfVisit):
    """The visit shall take place on another local day."""

    type: ClassVar[str] = "trials.monitoring_visit.rescheduled.v1"
    planned_on: date
    reason: str


class VisitConducted(OfVisit):
    """The visit took place on that local day. `breaks` names rules that this broke, which undoes nothing.

    `planned_site_id`: the site at which it was planned, where that is another one.
    """

    type: ClassVar[str] = "trials.monitoring_visit.conducted.v1"
    kind: VisitKind
    conducted_on: date
    zone: str
    breaks: tuple[str, ...] = ()
    planned_site_id: UUID | None = None


class VisitReportSubmitted(OfVisit):
    """The monitor handed in the report; another person reviews it. `submitted_by` is an opaque id."""

    type: ClassVar[str] = "trials.monitoring_visit.report_submitted.v1"
    document_ref: str
    sha256: str | None = None
    findings: tuple[Finding, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    sdv: SdvCounts | None = None
    submitted_by: str


class VisitReportReturned(OfVisit):
    """The reviewer wants the report otherwise; the next one takes its place."""

    type: ClassVar[str] = "trials.monitoring_visit.report_returned.v1"
    reason: str
    returned_by: str


class VisitReportApproved(OfVisit):
    """A second person signed the report: its findings, action items and counts hold from now on."""

    type: ClassVar[str] = "trials.monitoring_visit.report_approved.v1"
    kind: VisitKind
    conducted_on: date
    document_ref: str
    sha256: str | None = None
    findings: tuple[Finding, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    sdv: SdvCounts | None = None
    submitted_by: str
    approved_by: str


class VisitCancelled(OfVisit):
    """The visit will not take place; `kind` and `planned_on` are what it would have been."""

    type: ClassVar[str] = "trials.monitoring_visit.cancelled.v1"
    reason: str
    kind: VisitKind | None = None
    planned_on: date | None = None


class ActionItemCompleted(OfVisit):
    """What was asked for is done, on that local day."""

    type: ClassVar[str] = "trials.monitoring_visit.action_item_completed.v1"
    item_id: UUID
    completed_on: date
    document_ref: str | None = None


class ActionItemOverdue(OfVisit):
    """The local day by which it was to be done has passed, and it is not done."""

    type: ClassVar[str] = "trials.monitoring_visit.action_item_overdue.v1"
    item_id: UUID
    due_on: date


class VisitStatusChanged(OfVisit):
    """The status that follows from dates, report and open action items is another one."""

    type: ClassVar[str] = "trials.monitoring_visit.status_changed.v1"
    before: VisitStatus | None = None
    after: VisitStatus


VisitEvent = (
    VisitScheduled
    | VisitRescheduled
    | VisitConducted
    | VisitReportSubmitted
    | VisitReportReturned
    | VisitReportApproved
    | VisitCancelled
    | ActionItemCompleted
    | ActionItemOverdue
    | VisitStatusChanged
)
