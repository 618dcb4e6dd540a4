"""Remote reviews: access to redacted documents, granted for a time, and what was read and found."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.message import Event, Value
from shared.contracts.trials.monitoring import Finding, SdvCounts


class RedactedDocument(Value):
    """A redacted copy as it was read: its reference, and the SHA-256 of its bytes."""

    document_ref: str
    sha256: str


class OfReview(Event):
    """What every event of a remote review says."""

    review_id: UUID
    trial_id: UUID
    site_id: UUID


class RemoteAccessGranted(OfReview):
    """A person may read redacted documents of the site on these local days, both inclusive.

    `reader` and `granted_by` are opaque ids.
    """

    type: ClassVar[str] = "trials.remote_review.access_granted.v1"
    reader: str
    valid_from: date
    valid_to: date
    zone: str
    granted_by: str


class RemoteReviewConducted(OfReview):
    """A person read these documents on that local day. `breaks` names the rules that this broke."""

    type: ClassVar[str] = "trials.remote_review.conducted.v1"
    session_id: UUID
    reviewed_on: date
    reviewed_by: str
    documents: tuple[RedactedDocument, ...]
    findings: tuple[Finding, ...] = ()
    sdv: SdvCounts | None = None
    breaks: tuple[str, ...] = ()


class RemoteAccessWithdrawn(OfReview):
    """The access ended on that local day."""

    type: ClassVar[str] = "trials.remote_review.access_withdrawn.v1"
    withdrawn_on: date
    withdrawn_by: str


class RemoteAccessNotWithdrawn(OfReview):
    """The last day of the access has passed, and nobody has said that it was withdrawn."""

    type: ClassVar[str] = "trials.remote_review.access_not_withdrawn.v1"
    valid_to: date


RemoteReviewEvent = (
    RemoteAccessGranted | RemoteReviewConducted | RemoteAccessWithdrawn | RemoteAccessNotWithdrawn
)
