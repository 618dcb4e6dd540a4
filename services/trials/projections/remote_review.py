"""The rows of remote reviews: the access, whether it ended in time, and what was read under it."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar, assert_never
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.monitoring import Finding, SdvCounts
from shared.contracts.trials.remote_review import (
    RedactedDocument,
    RemoteAccessGranted,
    RemoteAccessNotWithdrawn,
    RemoteAccessWithdrawn,
    RemoteReviewConducted,
    RemoteReviewEvent,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """What one person read on one local day, and what came of it."""

    session_id: UUID
    reviewed_on: date
    reviewed_by: str
    documents: tuple[RedactedDocument, ...]
    findings: tuple[Finding, ...]
    sdv: SdvCounts | None
    breaks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoteReviewRow:
    """One access with the sessions under it; status none where a session had no access at all."""

    table: ClassVar[str] = "remote_review"
    key: ClassVar[tuple[str, ...]] = ("review_id",)
    review_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    correlation_id: UUID | None = None
    status: str | None = None
    reader: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    granted_by: str | None = None
    withdrawn_on: date | None = None
    withdrawn_by: str | None = None
    withdrawn_late: bool = False
    sessions: tuple[Session, ...] = ()


def remote_review_keys(message: Recorded[RemoteReviewEvent]) -> tuple[Key, ...]:
    return ((message.data.review_id,),)


def fold_remote_review(row: RemoteReviewRow | None, message: Recorded[Any], key: Key) -> RemoteReviewRow:
    """The review after an event of its stream."""
    event: RemoteReviewEvent = message.data
    review = row or RemoteReviewRow(key[0], event.trial_id, event.site_id, message.correlation_id)
    match event:
        case RemoteAccessGranted():
            told = event.model_dump(include={"reader", "valid_from", "valid_to", "granted_by"})
            return replace(review, **told, status="granted")
        case RemoteReviewConducted():
            session = Session(
                event.session_id,
                event.reviewed_on,
                event.reviewed_by,
                event.documents,
                event.findings,
                event.sdv,
                event.breaks,
            )
            return replace(review, sessions=(*review.sessions, session))
        case RemoteAccessWithdrawn():
            told = event.model_dump(include={"withdrawn_on", "withdrawn_by"})
            return replace(review, **told, status="withdrawn")
        case RemoteAccessNotWithdrawn():
            return replace(review, status="not_withdrawn", withdrawn_late=True)
        case _:
            assert_never(event)
