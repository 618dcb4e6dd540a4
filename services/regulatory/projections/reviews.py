"""Ethics reviews as rows for pages and queries."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.regulatory import (
    IrbApproved,
    IrbClarificationAnswered,
    IrbClarificationRequested,
    IrbDeferred,
    IrbDisapproved,
    IrbModificationsRequired,
    IrbModificationsSubmitted,
    IrbPreReviewStarted,
    IrbReviewOpened,
    IrbReviewStarted,
    IrbReviewSubmitted,
    IrbReviewWithdrawn,
    ReviewEvent,
)

_STATUS: dict[type[ReviewEvent], str] = {
    IrbReviewOpened: "draft",
    IrbReviewSubmitted: "submitted",
    IrbPreReviewStarted: "pre_review",
    IrbClarificationRequested: "clarification_requested",
    IrbReviewStarted: "under_review",
    IrbModificationsRequired: "modifications_required",
    IrbModificationsSubmitted: "post_review",
    IrbDeferred: "deferred",
    IrbApproved: "approved",
    IrbDisapproved: "disapproved",
    IrbReviewWithdrawn: "withdrawn",
}


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One ethics review; `status` as in domain 3.5, `asked_at` the stage that an open question interrupts."""

    table: ClassVar[str] = "review"
    key: ClassVar[tuple[str, ...]] = ("review_id",)
    review_id: UUID
    trial_id: UUID | None = None
    correlation_id: UUID | None = None
    site_ids: tuple[UUID, ...] = ()
    kind: str | None = None
    board: str | None = None
    zone: str | None = None
    renews: UUID | None = None
    status: str | None = None
    asked_at: str | None = None
    path: str | None = None
    protocol_version: str | None = None
    submitted_on: date | None = None
    approval_id: UUID | None = None
    changed_at: datetime | None = None


def review_keys(message: Recorded[ReviewEvent]) -> tuple[tuple[UUID], ...]:
    return ((message.data.review_id,),)


def fold_review(row: ReviewRow | None, message: Recorded[Any], key: tuple[UUID]) -> ReviewRow | None:
    event, row = message.data, row or ReviewRow(key[0])
    row = replace(row, changed_at=message.time, status=_STATUS.get(type(event), row.status))
    match event:
        case IrbReviewOpened():
            fields = event.model_dump(include={"trial_id", "site_ids", "kind", "board", "zone", "renews"})
            return replace(row, correlation_id=message.correlation_id, **fields)
        case IrbReviewSubmitted(protocol_version=version, submitted_on=day):
            return replace(row, protocol_version=version, submitted_on=day)
        case IrbModificationsSubmitted(protocol_version=version):
            return replace(row, protocol_version=version)
        case IrbClarificationAnswered():
            return replace(row, status=row.asked_at, asked_at=None)
        case IrbReviewStarted(path=path):
            return replace(row, path=path, asked_at="under_review")
        case IrbPreReviewStarted():
            return replace(row, asked_at="pre_review")
        case IrbApproved(approval_id=approval):
            return replace(row, approval_id=approval)
        case _:
            return row
