"""Commands about an IND: what the authority stated, and the signature that lets trials begin under it."""

from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.regulatory.projections.guards import OpenHolds
from shared.contracts.message import Command, Need, Signed, Wake
from shared.rules.dates import Day


class OfTrials(Command):
    """A command over several trials: the first lends it its key and its sponsor.

    Set after validation: a validator before it would turn the JSON into Python's types, and a strict
    reader then takes neither dates nor ids from text.
    """

    trial_ids: tuple[UUID, ...] = Field(min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _keyed(self) -> Self:
        if self.trial_id is None:
            object.__setattr__(self, "trial_id", self.trial_ids[0])
        return self

    def also_trials(self) -> tuple[UUID, ...]:
        return self.trial_ids


class RecordIndReceipt(OfTrials):
    """The authority stated the date, its own local one, on which it received the IND."""

    type: ClassVar[str] = "regulatory.record_ind_receipt.v1"
    report: ClassVar[bool] = True
    ind_id: UUID = Field(default_factory=uuid7)
    number: str | None = None
    receipt_on: Day

    @property
    def stream_id(self) -> UUID:
        return self.ind_id


class RecordIndEarlyNotice(Command):
    """The authority wrote before day 30 that the trials may begin."""

    type: ClassVar[str] = "regulatory.record_ind_early_notice.v1"
    report: ClassVar[bool] = True
    ind_id: UUID
    notice_on: Day
    letter_ref: str = Field(min_length=1)

    @property
    def stream_id(self) -> UUID:
        return self.ind_id


class ConfirmIndInEffect(OfTrials, Signed):
    """Sign that no hold on these trials was received by any means: the IND is in effect for them."""

    type: ClassVar[str] = "regulatory.confirm_ind_in_effect.v1"
    meaning: Literal["no hold received by any means"]
    ind_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.ind_id

    def needs(self) -> tuple[Need, ...]:
        return tuple(Need(OpenHolds, (scope,)) for scope in (self.ind_id, *self.trial_ids))


IndCommand = RecordIndReceipt | RecordIndEarlyNotice | ConfirmIndInEffect | Wake
