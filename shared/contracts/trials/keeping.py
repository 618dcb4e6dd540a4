"""How long records are kept, and the erasure of subjects."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event

RetentionRule = Literal[
    "us_ind_sponsor", "us_ind_investigator", "us_ide", "eu_ctr", "contract", "none_applies"
]
ShorteningReason = Literal["correction", "contract_amended"]
ErasureReason = Literal["subject_request", "unlawful_collection", "data_of_another_person", "court_order"]


class RetentionSet(Event):
    """Records of the trial are kept by this rule; `until` is the last day, none while it is not known.

    `anchored_on`: the local day on which the rule's period begins. `reason`: why a stated last day became
    earlier, or was taken away. `set_by`: the actor id of whoever said all this; older events name nobody
    where the period did not become shorter.
    """

    type: ClassVar[str] = "trials.retention.set.v1"
    trial_id: UUID
    rule: RetentionRule
    citation: str
    verified: bool
    anchored_on: date | None = None
    until: date | None = None
    reason: ShorteningReason | None = None
    set_by: str | None = None


class LegalHoldPlaced(Event):
    """Nothing of the trial, or of this subject, is erased until the legal hold is released."""

    type: ClassVar[str] = "trials.legal_hold.placed.v1"
    legal_hold_id: UUID
    trial_id: UUID
    subject_id: UUID | None = None
    reason: str


class LegalHoldReleased(Event):
    """The legal hold does not apply any more. `released_by`: the actor id of whoever released it."""

    type: ClassVar[str] = "trials.legal_hold.released.v1"
    legal_hold_id: UUID
    trial_id: UUID
    reason: str
    released_by: str | None = None


class AboutErasure(Event):
    """What every event of an erasure says: whose particulars and documents it is about."""

    trial_id: UUID
    site_id: UUID | None = None
    subject_id: UUID


class ErasureRequested(AboutErasure):
    """A person asked, with a signed reason, for the erasure of a subject; another has to agree."""

    type: ClassVar[str] = "trials.erasure.requested.v1"
    reason: ErasureReason
    requested_by: str


class ErasureRejected(AboutErasure):
    """Another person did not agree."""

    type: ClassVar[str] = "trials.erasure.rejected.v1"
    reason: str


class SubjectErased(AboutErasure):
    """Two persons signed it: every vault destroys the subject's key; events stay as they are."""

    type: ClassVar[str] = "trials.subject.erased.v1"
    reason: ErasureReason
    requested_by: str
    approved_by: str


RetentionEvent = RetentionSet | LegalHoldPlaced | LegalHoldReleased
ErasureEvent = ErasureRequested | ErasureRejected | SubjectErased
