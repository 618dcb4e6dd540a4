"""Ethics approvals as rows for pages and queries."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.regulatory import (
    IrbApprovalActivated,
    IrbApprovalClosed,
    IrbApprovalCorrected,
    IrbApprovalExpiring,
    IrbApprovalLapsed,
    IrbApprovalReinstated,
    IrbApprovalRenewed,
    IrbApprovalSuspended,
    IrbApprovalTerminated,
    IrbLapseAnnulled,
    IrbRenewalRecorded,
)


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """One approval; `expires_on` is its last valid day, in `zone`. `suspended` stands beside the status."""

    table: ClassVar[str] = "approval"
    key: ClassVar[tuple[str, ...]] = ("approval_id",)
    approval_id: UUID
    review_id: UUID | None = None
    trial_id: UUID | None = None
    correlation_id: UUID | None = None
    site_ids: tuple[UUID, ...] = ()
    protocol_version: str | None = None
    effective_on: date | None = None
    expires_on: date | None = None
    zone: str | None = None
    status: str | None = None
    suspended: bool = False
    days_left: int | None = None
    successor_id: UUID | None = None
    changed_at: datetime | None = None


OfApproval = (
    IrbApprovalActivated
    | IrbApprovalExpiring
    | IrbApprovalLapsed
    | IrbLapseAnnulled
    | IrbRenewalRecorded
    | IrbApprovalRenewed
    | IrbApprovalSuspended
    | IrbApprovalReinstated
    | IrbApprovalTerminated
    | IrbApprovalClosed
    | IrbApprovalCorrected
)


def approval_keys(message: Recorded[OfApproval]) -> tuple[tuple[UUID], ...]:
    return ((message.data.approval_id,),)


def fold_approval(row: ApprovalRow | None, message: Recorded[Any], key: tuple[UUID]) -> ApprovalRow | None:
    row = replace(row or ApprovalRow(key[0]), changed_at=message.time)
    match message.data:
        case IrbApprovalActivated() as event:
            fields = event.model_dump(exclude={"approval_id", "renews", "adopted_from", "adopted_on"})
            return replace(row, correlation_id=message.correlation_id, status="active", **fields)
        case IrbApprovalExpiring(days_left=left):
            return replace(row, status="expiring", days_left=left)
        case IrbApprovalLapsed():
            return replace(row, status="lapsed", days_left=None)
        case IrbLapseAnnulled():
            return replace(row, status="active")
        case IrbRenewalRecorded(successor_id=successor):
            return replace(row, successor_id=successor)
        case IrbApprovalRenewed(site_ids=sites):
            rest = tuple(site for site in row.site_ids if site not in sites)
            return replace(row, site_ids=rest or row.site_ids, status=row.status if rest else "renewed")
        case IrbApprovalSuspended():
            return replace(row, suspended=True)
        case IrbApprovalReinstated():
            return replace(row, suspended=False)
        case IrbApprovalTerminated():
            return replace(row, status="terminated")
        case IrbApprovalClosed():
            return replace(row, status="closed")
        case IrbApprovalCorrected() as event:
            fields = event.model_dump(include={"effective_on", "expires_on", "zone"})
            status = "active" if row.status == "expiring" else row.status
            return replace(row, days_left=None, **fields | {"status": status})
        case _:
            return row
