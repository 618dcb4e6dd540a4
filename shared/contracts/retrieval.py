"""Events of the retrieval service: record requests, their provider legs, what came and where it went."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.deadline import DeadlineEvent
from shared.contracts.message import CommandRefused, Event, Value
from shared.contracts.parked import ParkedEvent
from shared.contracts.vault import VaultEvent

Purpose = Literal["safety_followup", "eligibility", "chart_review", "rwe", "submission"]
Priority = Literal["urgent", "routine"]
Outcome = Literal["complete", "partial", "none", "cancelled"]
Method = Literal["fax", "portal", "api", "mail"]
LegalBasis = Literal[
    "authorization",
    "waiver",
    "adverse_event_reporting",
    "decedent",
    "limited_data_set",
    "individual_access",
]
SealReason = Literal[
    "unknown_request",
    "unknown_leg",
    "leg_cancelled",
    "basis_not_verified",
    "access_withdrawn",
    "authorization_revoked",
    "wrong_patient",
    "request_cancelled",
]


class ElementResult(Value):
    """One checked element of a legal basis: present or not, and the page of the evidence that shows it."""

    code: str
    ok: bool
    page: int | None = None


class Document(Value):
    """A document in retrieval's vault, by reference: others never hold its bytes."""

    document_ref: str
    sha256: str
    pages: int


class AboutRequest(Event):
    """What every event of a record request says: which request, for whom (by id) and for which case."""

    request_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    subject_id: UUID | None = None
    case_id: UUID | None = None


class AboutLeg(AboutRequest):
    """What every event of a provider leg says besides; `organisation_id` is the vendor that has the leg."""

    leg_id: UUID
    organisation_id: UUID | None = None


class RequestOpened(AboutRequest):
    """A record request exists. `needed_by`: two days before the earlier of the legal and operational date.

    `adopted_from` is the record by which somebody vouches for one that was taken over while it was open.
    """

    type: ClassVar[str] = "retrieval.request.opened.v1"
    purpose: Purpose
    priority: Priority
    needed_by: date | None = None
    followup_id: UUID | None = None
    questions: tuple[str, ...] = ()
    opened_on: date
    zone: str = "UTC"
    adopted_from: str | None = None


class RequestReprioritised(AboutRequest):
    """A changed clock of the case made the request more urgent or its records needed sooner."""

    type: ClassVar[str] = "retrieval.request.reprioritised.v1"
    followup_id: UUID | None = None
    priority: Priority
    needed_by: date | None = None
    questions: tuple[str, ...] = ()


class RequestFrozen(AboutRequest):
    """A hold forbids retrieving records for this research purpose; safety follow-up is never frozen."""

    type: ClassVar[str] = "retrieval.request.frozen.v1"
    hold_id: UUID


class RequestThawed(AboutRequest):
    """That hold, and only that hold, no longer freezes the request."""

    type: ClassVar[str] = "retrieval.request.thawed.v1"
    hold_id: UUID


class AccessWithdrawn(AboutRequest):
    """The subject withdrew and did not keep access to records: only legs on another signed basis go on."""

    type: ClassVar[str] = "retrieval.access.withdrawn.v1"


class SubjectDeathNoted(AboutRequest):
    """The subject died on that local day. An authorisation does not end by it, and the basis may be another.

    `legs` are those not sent that rest on the subject's own will: somebody has to look at their basis again.
    """

    type: ClassVar[str] = "retrieval.request.subject_died.v1"
    died_on: date
    legs: tuple[UUID, ...] = ()


class RequestCancelled(AboutRequest):
    """Nobody needs the records any more."""

    type: ClassVar[str] = "retrieval.request.cancelled.v1"
    reason: str


class RequestCompleted(AboutRequest):
    """Every leg has ended; the outcome is derived from the legs, days are calendar days since opening."""

    type: ClassVar[str] = "retrieval.request.completed.v1"
    purpose: Purpose
    outcome: Outcome
    legs: int
    delivered: int
    days_gross: int
    days_net: int


class RequestReopened(AboutRequest):
    """A completed request goes on: records came late, or a leg was added."""

    type: ClassVar[str] = "retrieval.request.reopened.v1"
    purpose: Purpose
    leg_id: UUID


class LegAdded(AboutLeg):
    """One custodian will be asked for the least that is needed: these record types from these dates."""

    type: ClassVar[str] = "retrieval.leg.added.v1"
    custodian: str
    custodian_kind: str
    custodian_state: str | None = None
    record_types: tuple[str, ...]
    range_from: date
    range_to: date
    fee_limit_minor: int = 0
    fee_currency: str = "USD"


class LegAssigned(AboutLeg):
    """The leg was handed to a vendor, and so taken from the one that had it.

    `holders` are all vendors that have a leg of the request now.
    """

    type: ClassVar[str] = "retrieval.leg.assigned.v1"
    organisation_id: UUID
    holders: tuple[UUID, ...]
    first_sent_on: date | None = None


class LegalBasisSubmitted(AboutLeg):
    """A form or another proof of the legal basis came in and will be checked; a client wait ends."""

    type: ClassVar[str] = "retrieval.legal_basis.submitted.v1"
    basis: LegalBasis
    document_ref: str
    sha256: str
    submitted_on: date


class LegalBasisVerified(AboutLeg):
    """A person signed that the leg has a legal basis, element by element. `warnings` ask for a renewal.

    Of a leg that was taken over no element stands here: what was signed is the document that is named.
    """

    type: ClassVar[str] = "retrieval.legal_basis.verified.v1"
    basis: LegalBasis
    citation: str
    elements: tuple[ElementResult, ...]
    document_ref: str | None = None
    sha256: str | None = None
    signed_on: date | None = None
    expires_on: date | None = None
    warnings: tuple[str, ...] = ()
    verified_on: date


class LegalBasisRejected(AboutLeg):
    """The basis is defective; the requester must cure it, and the service level's clock waits meanwhile."""

    type: ClassVar[str] = "retrieval.legal_basis.rejected.v1"
    basis: LegalBasis
    defects: tuple[str, ...]
    elements: tuple[ElementResult, ...] = ()
    rejected_on: date


class AuthorizationRevoked(AboutRequest):
    """An authorisation was revoked. What was delivered in reliance on it stays, flagged (`relied_on`)."""

    type: ClassVar[str] = "retrieval.authorization.revoked.v1"
    revoked_on: date
    legs: tuple[UUID, ...]
    relied_on: tuple[UUID, ...] = ()
    breaks: tuple[str, ...] = ()


class LegUnroutable(AboutLeg):
    """The custodian cannot be reached: a closed practice, an unknown address."""

    type: ClassVar[str] = "retrieval.leg.unroutable.v1"
    reason: str
    breaks: tuple[str, ...] = ()


class LegRerouted(AboutLeg):
    """A verified contact of the same custodian was found."""

    type: ClassVar[str] = "retrieval.leg.rerouted.v1"
    contact_ref: str


class LegSent(AboutLeg):
    """The request went to the custodian. `rerequest_of` is the document that failed quality control.

    `cadence_day` is, of a leg that was taken over, the last day of the cadence that had come before.
    """

    type: ClassVar[str] = "retrieval.leg.sent.v1"
    custodian: str
    method: Method
    attempt: int
    sent_on: date
    sent_at: datetime
    zone: str
    rerequest_of: str | None = None
    cadence_day: int = 0


class LegFollowUpDue(AboutLeg):
    """The cadence says to ask the custodian again. `missed` counts calls that were due and not made."""

    type: ClassVar[str] = "retrieval.leg.follow_up_due.v1"
    day: int
    due_at: datetime
    missed: int = 0


class LegFollowedUp(AboutLeg):
    """The custodian was asked again."""

    type: ClassVar[str] = "retrieval.leg.followed_up.v1"
    method: str
    follow_up: int
    breaks: tuple[str, ...] = ()


class LegEscalated(AboutLeg):
    """The cadence ran out without an answer."""

    type: ClassVar[str] = "retrieval.leg.escalated.v1"
    day: int


class LegAcknowledged(AboutLeg):
    """The custodian confirmed the request."""

    type: ClassVar[str] = "retrieval.leg.acknowledged.v1"
    acknowledged_on: date
    breaks: tuple[str, ...] = ()


class FeeQuoted(AboutLeg):
    """The custodian named a price, in the currency's minor unit."""

    type: ClassVar[str] = "retrieval.fee.quoted.v1"
    amount_minor: int
    currency: str
    cap_minor: int | None = None
    above_cap: bool = False
    breaks: tuple[str, ...] = ()


class FeeApproved(AboutLeg):
    """The price will be paid; `automatic` where it lay under the agreed threshold."""

    type: ClassVar[str] = "retrieval.fee.approved.v1"
    amount_minor: int
    currency: str
    automatic: bool = False


class FeeDisputed(AboutLeg):
    """The price is not accepted."""

    type: ClassVar[str] = "retrieval.fee.disputed.v1"
    reason: str


class FeePaid(AboutLeg):
    """The price was paid, and the custodian goes on."""

    type: ClassVar[str] = "retrieval.fee.paid.v1"
    breaks: tuple[str, ...] = ()


class RecordsReceived(AboutLeg):
    """Records arrived: `received_on`, a local date in `zone`, is day 0 of the new information in them."""

    type: ClassVar[str] = "retrieval.records.received.v1"
    received_on: date
    zone: str
    pages: int
    sha256: str
    document_ref: str
    breaks: tuple[str, ...] = ()


class RecordsSealed(AboutLeg):
    """Records are kept unread: nobody may use them until a person clears why. They are no new information."""

    type: ClassVar[str] = "retrieval.records.sealed.v1"
    reason: SealReason
    received_on: date
    zone: str
    pages: int
    sha256: str
    document_ref: str
    breaks: tuple[str, ...] = ()


class RecordsQcPassed(AboutLeg):
    """A person signed that the records are the right patient's, complete and legible."""

    type: ClassVar[str] = "retrieval.records.qc_passed.v1"
    documents: tuple[Document, ...]
    redaction: tuple[str, ...] = ()


class RecordsQcFailed(AboutLeg):
    """The records do not answer the request, for these reasons; the custodian is asked again."""

    type: ClassVar[str] = "retrieval.records.qc_failed.v1"
    documents: tuple[Document, ...]
    reasons: tuple[str, ...]


class RecordsRedacted(AboutLeg):
    """What must not leave was burned out; the copy is a document of its own."""

    type: ClassVar[str] = "retrieval.records.redacted.v1"
    documents: tuple[Document, ...]


class RecordsDelivered(AboutLeg):
    """The records went to the recipient. `accountable`: it belongs in the custodian's accounting."""

    type: ClassVar[str] = "retrieval.records.delivered.v1"
    recipient: str
    documents: tuple[Document, ...]
    delivered_on: date
    link_expires_on: date | None = None
    part2_notice: bool = False
    custody_seq: int
    disclosure_id: UUID
    accountable: bool
    first_sent_on: date | None = None
    days_gross: int
    days_net: int


class LegNoRecords(AboutLeg):
    """The custodian certified that it holds none, or three documented attempts stayed unanswered."""

    type: ClassVar[str] = "retrieval.leg.no_records.v1"
    certificate_ref: str | None = None
    attempts: int = 0
    closed_on: date
    first_sent_on: date | None = None


class LegRefused(AboutLeg):
    """The custodian refuses: an authorisation permits disclosure and does not require it."""

    type: ClassVar[str] = "retrieval.leg.refused.v1"
    reason: str
    closed_on: date
    first_sent_on: date | None = None


class LegCancelled(AboutLeg):
    """The leg ends without records; what still arrives is sealed. `was_sent`: the custodian must be told.

    `quarantined`: records in hand were sealed with it.
    """

    type: ClassVar[str] = "retrieval.leg.cancelled.v1"
    reason: str
    was_sent: bool
    quarantined: bool = False
    first_sent_on: date | None = None


WholeEvent = (
    RequestOpened
    | RequestReprioritised
    | RequestFrozen
    | RequestThawed
    | AccessWithdrawn
    | SubjectDeathNoted
    | AuthorizationRevoked
    | RequestCancelled
    | RequestCompleted
    | RequestReopened
)
BasisEvent = LegalBasisSubmitted | LegalBasisVerified | LegalBasisRejected
RouteEvent = (
    LegAdded
    | LegAssigned
    | LegUnroutable
    | LegRerouted
    | LegSent
    | LegFollowUpDue
    | LegFollowedUp
    | LegEscalated
    | LegAcknowledged
    | LegNoRecords
    | LegRefused
    | LegCancelled
)
FeeEvent = FeeQuoted | FeeApproved | FeeDisputed | FeePaid
RecordsEvent = (
    RecordsReceived | RecordsSealed | RecordsQcPassed | RecordsQcFailed | RecordsRedacted | RecordsDelivered
)
RequestEvent = WholeEvent | BasisEvent | RouteEvent | FeeEvent | RecordsEvent
RetrievalEvent = RequestEvent | VaultEvent | DeadlineEvent | CommandRefused | ParkedEvent
