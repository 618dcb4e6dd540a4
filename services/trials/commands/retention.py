"""Commands on how long records are kept, and on a subject's erasure by two persons (domain.md 0.12)."""

from typing import ClassVar, Literal, Self
from uuid import UUID, uuid5

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.trials.projections.guards import TrialGuard, TrialSites
from services.trials.projections.retention import Retention
from services.trials.projections.subjects import SubjectRow
from services.trials.retention import STATED
from services.trials.rules import NAMESPACE
from shared.contracts.message import Need, Signed
from shared.contracts.trials.keeping import ErasureReason, RetentionRule, ShorteningReason
from shared.rules.dates import Day

LegalHoldReason = Literal["litigation", "inspection", "investigation", "preservation_order"]
ReleaseReason = Literal["matter_closed", "placed_in_error"]
RejectionReason = Literal["not_entitled", "identity_not_proved", "retention", "wrong_subject"]


class OfRetention(Signed):
    """A signed act on what keeps a trial's records."""

    trial_id: UUID

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"retention/{self.trial_id}")


class SetRetention(OfRetention):
    """Say by which rule records are kept, and on which local day its period began, once that is known.

    `until` is for a contract, which says the last day itself. `none_applies` states that no period of law
    does; its last day is that of the statement. `reason`: needed where a stated last day becomes earlier.
    """

    type: ClassVar[str] = "trials.set_retention.v1"
    meaning: Literal["retention period stated"] = "retention period stated"
    rule: RetentionRule
    anchored_on: Day | None = None
    until: Day | None = None
    reason: ShorteningReason | None = None

    @model_validator(mode="after")
    def _a_contract_says_its_end(self) -> Self:
        if (self.rule == "contract") != (self.until is not None):
            raise ValueError("until: given with a contract, and with it only")
        if self.rule in STATED and self.anchored_on:
            raise ValueError("anchored_on: for a period of law only")
        return self


class PlaceLegalHold(OfRetention):
    """Let nothing of the trial, or of one subject, be erased."""

    type: ClassVar[str] = "trials.place_legal_hold.v1"
    meaning: Literal["legal hold placed"] = "legal hold placed"
    legal_hold_id: UUID = Field(default_factory=uuid7)
    subject_id: UUID | None = None
    reason: LegalHoldReason


class ReleaseLegalHold(OfRetention):
    """Take a legal hold away."""

    type: ClassVar[str] = "trials.release_legal_hold.v1"
    meaning: Literal["legal hold released"] = "legal hold released"
    legal_hold_id: UUID
    reason: ReleaseReason


class OfErasure(Signed):
    """A signed act on the erasure of one subject."""

    trial_id: UUID
    subject_id: UUID

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"erasure/{self.trial_id}/{self.subject_id}")


class WantsErasure(OfErasure):
    """What is decided with what keeps the records: asked for, and agreed to."""

    def needs(self) -> tuple[Need, ...]:
        return (
            Need(Retention, (self.trial_id,), alone=True),  # a legal hold gets its turn
            Need(SubjectRow, (self.subject_id,)),
            Need(TrialGuard, (self.trial_id,)),
            Need(TrialSites, (self.trial_id,)),
        )


class RequestErasure(WantsErasure):
    """Ask for the erasure of a subject's particulars and documents; another person has to agree."""

    type: ClassVar[str] = "trials.request_erasure.v1"
    meaning: Literal["erasure requested"] = "erasure requested"
    reason: ErasureReason


class ApproveErasure(WantsErasure):
    """Agree, as a second person: the keys are destroyed and nothing brings them back."""

    type: ClassVar[str] = "trials.approve_erasure.v1"
    meaning: Literal["erasure approved"] = "erasure approved"


class RejectErasure(OfErasure):
    """Do not agree."""

    type: ClassVar[str] = "trials.reject_erasure.v1"
    meaning: Literal["erasure rejected"] = "erasure rejected"
    reason: RejectionReason
