"""Commands about safety reports: opened by reactions, released by a person, answered by an authority."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.deadline import Clock
from shared.contracts.message import Command, Signed
from shared.contracts.regulatory import ReportKind
from shared.rules.dates import Day


class _OfReport(Command):
    report: ClassVar[bool] = True
    report_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.report_id


class OpenReport(_OfReport):
    """A case must be reported. Given again with other clocks, it re-anchors the report's deadlines."""

    type: ClassVar[str] = "regulatory.open_report.v1"
    internal: ClassVar[bool] = True
    trial_id: UUID
    case_id: UUID
    case_version: int
    kind: ReportKind
    obligation_code: str
    destination: str
    legal: Clock
    operational: Clock
    organisation_id: UUID | None = None


class ReanchorReport(_OfReport):
    """The clocks of the report that has `former` deadlines count from another day 0."""

    type: ClassVar[str] = "regulatory.reanchor_report.v1"
    internal: ClassVar[bool] = True
    former: tuple[UUID, UUID]
    legal: Clock
    operational: Clock


class CancelReport(_OfReport):
    """The report that has these deadlines is not owed any more; one that was filed already stays."""

    type: ClassVar[str] = "regulatory.cancel_report.v1"
    internal: ClassVar[bool] = True
    deadlines: tuple[UUID, UUID]
    reason: str


class AssignReport(_OfReport):
    """The report is owed by another organisation in the sponsor's place, or by the sponsor again."""

    type: ClassVar[str] = "regulatory.assign_report.v1"
    internal: ClassVar[bool] = True
    organisation_id: UUID | None


class FileSafetyReport(Signed):
    """Release the report and send it; `message_ref` is what the gateway will quote in its answer."""

    type: ClassVar[str] = "regulatory.file_safety_report.v1"
    meaning: Literal["released for submission"]
    report_id: UUID
    message_ref: str | None = None

    @property
    def stream_id(self) -> UUID:
        return self.report_id


class RecordAcknowledgement(_OfReport):
    """The authority answered. `receipt_on` is the date it states itself, in its own zone."""

    type: ClassVar[str] = "regulatory.record_acknowledgement.v1"
    ack_code: Literal["accepted", "warning", "rejected"]
    receipt_on: Day
    message_ref: str | None = None
    errors: tuple[str, ...] = Field(default=(), max_length=100)


ReportCommand = (
    OpenReport | ReanchorReport | CancelReport | AssignReport | FileSafetyReport | RecordAcknowledgement
)
