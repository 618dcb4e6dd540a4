"""What is remembered of an ethics review, and how its events change that."""

from dataclasses import dataclass, replace
from typing import Literal, assert_never

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
    ReviewPath,
)

Status = Literal[
    "draft",
    "submitted",
    "pre_review",
    "clarification_requested",
    "under_review",
    "modifications_required",
    "post_review",
    "deferred",
    "approved",
    "disapproved",
    "withdrawn",
]


@dataclass(frozen=True)
class Review:
    """State of one review. `asked_at` is the stage that a question interrupts; `last` the latest step."""

    opened: IrbReviewOpened | None = None
    status: Status | None = None
    asked_at: Status = "pre_review"
    protocol_version: str = ""
    path: ReviewPath | None = None
    last: ReviewEvent | None = None


def evolve(state: Review, event: ReviewEvent) -> Review:
    """The state after an event."""
    state = replace(state, last=event)
    match event:
        case IrbReviewOpened():
            return replace(state, opened=event, status="draft")
        case IrbReviewSubmitted(protocol_version=version):
            return replace(state, status="submitted", protocol_version=version)
        case IrbPreReviewStarted():
            return replace(state, status="pre_review")
        case IrbClarificationRequested():
            return replace(state, status="clarification_requested", asked_at=state.status or "pre_review")
        case IrbClarificationAnswered():
            return replace(state, status=state.asked_at)
        case IrbReviewStarted(path=path):
            return replace(state, status="under_review", path=path)
        case IrbModificationsRequired():
            return replace(state, status="modifications_required")
        case IrbModificationsSubmitted(protocol_version=version):
            return replace(state, status="post_review", protocol_version=version)
        case IrbDeferred():
            return replace(state, status="deferred")
        case IrbApproved():
            return replace(state, status="approved")
        case IrbDisapproved():
            return replace(state, status="disapproved")
        case IrbReviewWithdrawn():
            return replace(state, status="withdrawn")
        case _:
            assert_never(event)
