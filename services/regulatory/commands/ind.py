"""Commands about an IND: what the authority stated, and the signature that lets trials begin under it."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.regulatory.projections.guards import OpenHolds
from shared.contracts.message import Command, Need, Signed, Wake
from shared.rules.dates import Day


def first_trial(data: Any) -> Any:
    """Where a command names several trials, the first lends it its key and its sponsor."""
    if (
        isinstance(data, dict)
        and not data.get("trial_id")
        and isinstance(data.get("trial_ids"), list | tuple)
    ):
        return {**data, "trial_id": next(iter(data["trial_ids"]), None)}
    return data


class RecordIndReceipt(Command):
    """The authority stated the date, its own local one, on which it received the IND."""

    type: ClassVar[str] = "regulatory.record_ind_receipt.v1"
    report: ClassVar[bool] = True
    ind_id: UUID = Field(default_factory=uuid7)
    number: str | None = None
    trial_ids: tuple[UUID, ...] = Field(min_length=1)
    receipt_on: Day

    _key = model_validator(mode="before")(first_trial)

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


class ConfirmIndInEffect(Signed):
    """Sign that no hold on these trials was received by any means: the IND is in effect for them."""

    type: ClassVar[str] = "regulatory.confirm_ind_in_effect.v1"
    meaning: Literal["no hold received by any means"]
    ind_id: UUID
    trial_ids: tuple[UUID, ...] = Field(min_length=1)

    _key = model_validator(mode="before")(first_trial)

    @property
    def stream_id(self) -> UUID:
        return self.ind_id

    def needs(self) -> tuple[Need, ...]:
        return tuple(Need(OpenHolds, (scope,)) for scope in (self.ind_id, *self.trial_ids))


IndCommand = RecordIndReceipt | RecordIndEarlyNotice | ConfirmIndInEffect | Wake
