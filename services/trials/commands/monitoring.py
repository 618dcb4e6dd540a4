"""Commands on monitoring visits: planned, conducted, reported, reviewed, followed up."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.words import Code, Count, DocumentRef, Sha256
from services.trials.projections.guards import SiteGuard
from services.trials.projections.kri_guards import SiteCounters
from shared.contracts.message import Command, Need, Signed, Value
from shared.contracts.trials.monitoring import Severity, VisitKind
from shared.rules.dates import Day

# No space in it: the name of a person is none.
Person = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$")]


class Sdv(Value):
    """What was compared with its source on one occasion."""

    forms_verified: Count
    fields_verified: Count = 0


class FindingFound(Value):
    """A finding as the monitor codes it."""

    finding_id: UUID = Field(default_factory=uuid7)
    category: Code
    severity: Severity
    reference: Code | None = None
    subject_id: UUID | None = None
    document_ref: DocumentRef | None = None


class ActionAsked(Value):
    """What is to be done, by whom, until which local day."""

    item_id: UUID = Field(default_factory=uuid7)
    code: Code
    owner: Person
    due_on: Day
    finding_id: UUID | None = None


class OfVisit(Command):
    """A command on a visit's stream."""

    visit_id: UUID
    trial_id: UUID
    site_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.visit_id


class AtSite(OfVisit):
    """A command that may begin a visit's stream: decided with what is known of its site."""

    kind: VisitKind

    def needs(self) -> tuple[Need, ...]:
        return (Need(SiteGuard, (self.site_id,)),)


class ScheduleVisit(AtSite):
    """Plan a visit for a local day of the site."""

    type: ClassVar[str] = "trials.schedule_visit.v1"
    visit_id: UUID = Field(default_factory=uuid7)
    planned_on: Day


class AskForVisit(AtSite):
    """The plan, or the breach of a risk indicator, asks for a visit: `cause` is the event that made it."""

    type: ClassVar[str] = "trials.ask_for_visit.v1"
    internal: ClassVar[bool] = True
    planned_on: Day
    cause: UUID
    kri: str | None = None

    def needs(self) -> tuple[Need, ...]:
        # Alone: of two that ask at once for the next interim visit the second sees the first.
        return (*super().needs(), Need(SiteCounters, (self.site_id,), alone=True))


class RescheduleVisit(OfVisit):
    """Plan a visit that has not taken place for another day."""

    type: ClassVar[str] = "trials.reschedule_visit.v1"
    planned_on: Day
    reason: Code


class CancelVisit(OfVisit):
    """Give up a visit that has not taken place."""

    type: ClassVar[str] = "trials.cancel_visit.v1"
    reason: Code


class ReportVisit(AtSite):
    """Report that a visit took place on a local day of the site, planned or not."""

    type: ClassVar[str] = "trials.report_visit.v1"
    report: ClassVar[bool] = True
    visit_id: UUID = Field(default_factory=uuid7)
    conducted_on: Day


class SubmitVisitReport(OfVisit):
    """Hand in the report of a visit with its findings, action items and counts of verified data."""

    type: ClassVar[str] = "trials.submit_visit_report.v1"
    document_ref: DocumentRef
    sha256: Sha256 | None = None
    findings: tuple[FindingFound, ...] = Field(default=(), max_length=200)
    action_items: tuple[ActionAsked, ...] = Field(default=(), max_length=200)
    sdv: Sdv | None = None

    @model_validator(mode="after")
    def _ids_are_clear(self) -> Self:
        found = {one.finding_id for one in self.findings}
        if len(found) < len(self.findings):
            raise ValueError("findings: two have the same finding_id")
        if len({one.item_id for one in self.action_items}) < len(self.action_items):
            raise ValueError("action_items: two have the same item_id")
        if any(one.finding_id not in {None, *found} for one in self.action_items):
            raise ValueError("action_items: finding_id names no finding of this report")
        return self


class ReturnVisitReport(OfVisit):
    """Send a report back to its author."""

    type: ClassVar[str] = "trials.return_visit_report.v1"
    reason: Code


class ApproveVisitReport(OfVisit, Signed):
    """Approve a report that another person handed in: a signed act."""

    type: ClassVar[str] = "trials.approve_visit_report.v1"
    meaning: Literal["report approved"]


class CompleteActionItem(OfVisit):
    """Say that an action item is done since a local day."""

    type: ClassVar[str] = "trials.complete_action_item.v1"
    item_id: UUID
    completed_on: Day
    document_ref: DocumentRef | None = None
