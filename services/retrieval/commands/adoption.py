"""A command that takes over an open record request, a custodian at a time."""

from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from services.retrieval.commands.fields import Code, OfRequest, Reference, Sha256
from services.retrieval.commands.request import needs_to_open
from shared.contracts.message import Need
from shared.contracts.retrieval import LegalBasis, Method, Priority, Purpose
from shared.rules.dates import Day, ZoneName


class AdoptRequest(OfRequest):
    """Take over an open request with one of its legs; the same request again with another leg adds that one.

    A leg is a draft, or was sent, or acknowledged as well: then it names the legal basis that a person
    accepted, and since when its service level runs. `document_ref` is the record by which somebody vouches.
    """

    type: ClassVar[str] = "retrieval.adopt_request.v1"
    trial_id: UUID
    site_id: UUID | None = None
    subject_id: UUID
    case_id: UUID | None = None
    purpose: Purpose
    priority: Priority = "routine"
    needed_by: Day | None = None
    opened_on: Day
    zone: ZoneName
    leg_id: UUID
    custodian: Reference
    custodian_kind: Code = "hospital"
    custodian_state: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    record_types: tuple[Code, ...] = Field(min_length=1, max_length=40)
    range_from: Day
    range_to: Day
    leg: Literal["draft", "sent", "acknowledged"]
    basis: LegalBasis | None = None
    basis_ref: Reference | None = None
    basis_sha256: Sha256 | None = None
    basis_accepted_on: Day | None = None
    basis_expires_on: Day | None = None
    method: Method | None = None
    sent_on: Day | None = None
    acknowledged_on: Day | None = None
    document_ref: Reference

    def needs(self) -> tuple[Need, ...]:
        return needs_to_open(self.trial_id, self.site_id, self.subject_id)

    @model_validator(mode="after")
    def _a_leg_has_what_its_state_needs(self) -> Self:
        if self.range_to < self.range_from:
            raise ValueError("range_to: not before range_from")
        needed = {
            "draft": (),
            "sent": _SENT,
            "acknowledged": (*_SENT, "acknowledged_on"),
        }
        for field in (*_SENT, "acknowledged_on"):
            if (field in needed[self.leg]) != (getattr(self, field) is not None):
                there = "has one" if field in needed[self.leg] else "has none"
                raise ValueError(f"{field}: a leg that is {self.leg} {there}")
        return self


_SENT = ("basis", "basis_ref", "basis_accepted_on", "method", "sent_on")
