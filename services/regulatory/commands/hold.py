"""Commands about clinical holds: both are reports of what the authority did."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field
from uuid_utils.compat import uuid7

from services.regulatory.commands.ind import OfTrials
from shared.contracts.message import Signed
from shared.contracts.regulatory import Effect, HoldKind
from shared.rules.dates import Day


class ImposeClinicalHold(OfTrials, Signed):
    """The authority put trials on hold, by phone or letter. `effects` is what a partial hold stops."""

    type: ClassVar[str] = "regulatory.impose_clinical_hold.v1"
    report: ClassVar[bool] = True
    meaning: Literal["filed as the authority decided"] = "filed as the authority decided"
    hold_id: UUID = Field(default_factory=uuid7)
    kind: HoldKind
    effects: tuple[Effect, ...] = Field(default=(), max_length=100)
    received_on: Day
    authority: str = Field(min_length=1)
    ind_id: UUID | None = None
    reason: str | None = None
    letter_ref: str | None = None

    @property
    def stream_id(self) -> UUID:
        return self.hold_id


class LiftClinicalHold(Signed):
    """The authority lifted the hold in writing; `letter_ref` names the letter."""

    type: ClassVar[str] = "regulatory.lift_clinical_hold.v1"
    report: ClassVar[bool] = True
    meaning: Literal["filed as the authority decided"] = "filed as the authority decided"
    hold_id: UUID
    lifted_on: Day
    letter_ref: str = Field(min_length=1)

    @property
    def stream_id(self) -> UUID:
        return self.hold_id


HoldCommand = ImposeClinicalHold | LiftClinicalHold
