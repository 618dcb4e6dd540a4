"""What decisions about a record request know: the request and its provider legs."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from shared.contracts.retrieval import Document, LegalBasis, Outcome, Priority, Purpose

LegStatus = Literal[
    "draft",
    "authorization_check",
    "authorization_rejected",
    "verified",
    "unroutable",
    "sent",
    "follow_up_due",
    "escalated",
    "acknowledged",
    "fee_quoted",
    "fee_disputed",
    "fee_approved",
    "records_received",
    "qc_failed",
    "redaction",
    "deliverable",
    "delivered",
    "no_records",
    "refused",
    "cancelled",
    "quarantined",
]
UNCHECKED: frozenset[LegStatus] = frozenset({"draft", "authorization_check", "authorization_rejected"})
UNSENT: frozenset[LegStatus] = UNCHECKED | {"verified", "unroutable"}
UNANSWERED: frozenset[LegStatus] = frozenset({"sent", "follow_up_due", "escalated"})
AT_CUSTODIAN: frozenset[LegStatus] = UNANSWERED | {
    "acknowledged",
    "fee_quoted",
    "fee_disputed",
    "fee_approved",
    "qc_failed",
}
ENDED: frozenset[LegStatus] = frozenset({"delivered", "no_records", "refused", "cancelled", "quarantined"})
STOPPED: frozenset[LegStatus] = frozenset({"cancelled", "quarantined"})


@dataclass(frozen=True)
class Arrival:
    """A document in hand and when it came."""

    document: Document
    received_on: date
    zone: str


@dataclass(frozen=True)
class Leg:
    """One custodian of the request. `day`: the cadence's last day that came; `due`: calls not yet made."""

    leg_id: UUID
    custodian: str
    custodian_kind: str
    custodian_state: str | None
    record_types: tuple[str, ...]
    range_from: date
    range_to: date
    fee_limit: int = 0
    fee_currency: str = "USD"
    status: LegStatus = "draft"
    basis: LegalBasis | None = None
    proof: str | None = None
    submitted: str | None = None
    expires_on: date | None = None
    waiting_since: date | None = None
    waited: int = 0
    attempt: int = 0
    first_sent_on: date | None = None
    sent_at: datetime | None = None
    day: int = 0
    due: int = 0
    calls: int = 0
    contact: str | None = None
    fee: tuple[int, str, bool] | None = None
    arrivals: tuple[Arrival, ...] = ()
    seen: tuple[str, ...] = ()
    failed: str | None = None
    delivered: bool = False
    revoked: bool = False
    custody: int = 0
    reason: str | None = None
    organisation: UUID | None = None

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def documents(self) -> tuple[Document, ...]:
        return tuple(arrival.document for arrival in self.arrivals)


@dataclass(frozen=True)
class Request:
    """A record request; without `request_id` nothing was opened, though reports may have come already.

    `review` are the legs whose basis is to be looked at again since the subject died.
    """

    request_id: UUID | None = None
    trial_id: UUID | None = None
    site_id: UUID | None = None
    subject_id: UUID | None = None
    case_id: UUID | None = None
    purpose: Purpose = "safety_followup"
    priority: Priority = "routine"
    needed_by: date | None = None
    questions: tuple[str, ...] = ()
    zone: str = "UTC"
    opened_on: date | None = None
    access_withdrawn: bool = False
    died_on: date | None = None
    review: frozenset[UUID] = frozenset()
    frozen_by: frozenset[UUID] = frozenset()
    cancelled: bool = False
    outcome: Outcome | None = None
    legs: dict[UUID, Leg] = field(default_factory=dict)
    strays: frozenset[str] = frozenset()
    adopted: bool = False

    @property
    def research(self) -> bool:
        """Whether holds and lapses freeze it: everything but safety follow-up (0.6, 0.11)."""
        return self.purpose != "safety_followup"

    def about(self) -> dict[str, Any]:
        """The ids that every event of an opened request repeats."""
        return {
            "request_id": self.request_id,
            "trial_id": self.trial_id,
            "site_id": self.site_id,
            "subject_id": self.subject_id,
            "case_id": self.case_id,
        }
