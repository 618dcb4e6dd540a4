"""Commands about the legal basis of a leg: hand it in, accept it, reject it, revoke it."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from services.retrieval.commands.fields import CheckedElement, Code, OfLeg, OfRequest, Reference, Sha256
from shared.contracts.message import Signed, Value
from shared.contracts.retrieval import LegalBasis
from shared.rules.dates import Day


class Scope(Value):
    """What a form or a person allows to be asked for."""

    record_types: tuple[Code, ...] = Field(max_length=40)
    range_from: Day
    range_to: Day


class SubmitLegalBasis(OfLeg):
    """A form or another proof lies in the vault and is to be checked."""

    type: ClassVar[str] = "retrieval.submit_legal_basis.v1"
    basis: LegalBasis
    document_ref: Reference
    sha256: Sha256


class VerifyLegalBasis(Signed, OfLeg):
    """A person accepts the basis, element by element; refused while an element is missing.

    `expires_on` is the last valid day; `expiry_event` is what a form says instead of a date.
    """

    type: ClassVar[str] = "retrieval.verify_legal_basis.v1"
    meaning: Literal["legal basis checked and accepted"] = "legal basis checked and accepted"
    basis: LegalBasis
    elements: tuple[CheckedElement, ...] = Field(max_length=40)
    covers: Scope | None = None
    document_ref: Reference | None = None
    sha256: Sha256 | None = None
    signed_on: Day | None = None
    expires_on: Day | None = None
    expiry_event: Literal["end_of_study", "none"] | None = None


class RejectLegalBasis(OfLeg):
    """The basis is defective (R62); the requester is told why and must cure it."""

    type: ClassVar[str] = "retrieval.reject_legal_basis.v1"
    basis: LegalBasis
    defects: tuple[Code, ...] = Field(min_length=1, max_length=40)
    elements: tuple[CheckedElement, ...] = Field(default=(), max_length=40)


class RevokeAuthorization(OfRequest):
    """A patient revoked the authorisation: of the legs named, else of every leg that rests on one."""

    type: ClassVar[str] = "retrieval.revoke_authorization.v1"
    report: ClassVar[bool] = True
    leg_ids: tuple[UUID, ...] = Field(default=(), max_length=1000)
    revoked_on: Day
