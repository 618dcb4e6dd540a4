"""Safety reports as rows: what is due to whom, what was sent, what the authority answered."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.regulatory import (
    ReportAssigned,
    ReportNotRequired,
    ReportOpened,
    ReportReanchored,
    SafetyReportAcknowledged,
    SafetyReportFiled,
    SafetyReportRejected,
)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One report of a case to one destination. It is met at `receipt_on`, the date the authority states."""

    table: ClassVar[str] = "report"
    key: ClassVar[tuple[str, ...]] = ("report_id",)
    report_id: UUID
    case_id: UUID | None = None
    trial_id: UUID | None = None
    correlation_id: UUID | None = None
    case_version: int | None = None
    kind: str | None = None
    obligation_code: str | None = None
    destination: str | None = None
    legal_due: date | None = None
    operational_due: date | None = None
    zone: str | None = None
    deadlines: tuple[UUID, ...] = ()
    status: str | None = None
    attempts: int = 0
    filed_on: date | None = None
    receipt_on: date | None = None
    ack_code: str | None = None
    errors: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    changed_at: datetime | None = None
    organisation_id: UUID | None = None


OfReport = (
    ReportOpened
    | ReportReanchored
    | ReportAssigned
    | ReportNotRequired
    | SafetyReportFiled
    | SafetyReportAcknowledged
    | SafetyReportRejected
)


def report_keys(message: Recorded[OfReport]) -> tuple[tuple[UUID], ...]:
    return ((message.data.report_id,),)


def fold_report(row: ReportRow | None, message: Recorded[Any], key: tuple[UUID]) -> ReportRow | None:
    row = replace(row or ReportRow(key[0]), changed_at=message.time)
    match message.data:
        case ReportOpened() as event:
            status = "open" if row.status in (None, "not_required") else row.status
            fields = event.model_dump(exclude={"report_id"})
            return replace(row, correlation_id=message.correlation_id, **fields | {"status": status})
        case ReportReanchored() as event:
            return replace(
                row,
                legal_due=event.legal.due_on,
                operational_due=event.operational.due_on,
                zone=event.legal.zone,
                deadlines=event.deadlines,
            )
        case ReportAssigned(organisation_id=to):
            return replace(row, organisation_id=to)
        case ReportNotRequired():
            return replace(row, status="not_required")
        case SafetyReportFiled(attempt=attempt, filed_on=day, breaks=breaks):
            status = "acknowledged" if row.receipt_on else "awaiting_ack"
            return replace(
                row, status=status, attempts=attempt, filed_on=day, errors=(), breaks=_all(row, breaks)
            )
        case SafetyReportAcknowledged(receipt_on=day, ack_code=code, breaks=breaks):
            if row.receipt_on is not None:
                return replace(row, breaks=_all(row, breaks))
            return replace(
                row, status="acknowledged", receipt_on=day, ack_code=code, breaks=_all(row, breaks)
            )
        case SafetyReportRejected(errors=errors, breaks=breaks):
            if row.receipt_on is not None:
                return replace(row, breaks=_all(row, breaks))
            return replace(row, status="rejected", errors=errors, breaks=_all(row, breaks))
        case _:
            return row


def _all(row: ReportRow, breaks: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*row.breaks, *breaks}))
