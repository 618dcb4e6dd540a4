"""Commands by which two persons discard a parked record; the same for every service."""

from typing import Annotated, ClassVar
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.message import Command, Signed
from shared.contracts.parked import ParkedRecord, ReasonCode

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]  # what Kafka takes as a name
_DISCARDS = UUID("b1a5f8c4-4a0e-5d5b-8a1c-0f4a4c1f6f52")


class _Named(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class InStream(_Named):
    """A record by its place in its stream."""

    stream_id: UUID
    version: int = Field(ge=1, lt=2**63)


class AtPlace(_Named):
    """A record by its place on the topic, for one whose stream or version cannot be read."""

    topic: Name
    partition: int = Field(ge=0, lt=2**31)
    offset: int = Field(ge=0, lt=2**63)


class ProposeDiscard(Signed):
    """Propose that a consumer group goes past the first record that a blocked stream waits for."""

    type: ClassVar[str] = "{service}.propose_discard.v1"
    group: Name
    record: InStream | AtPlace
    reason_code: ReasonCode

    @property
    def stream_id(self) -> UUID:
        """That of the proposal goes by the record; until it is found, one that nothing is ever said of."""
        return uuid5(_DISCARDS, self.model_dump_json(include={"group", "record"}))


class _OfDiscard(Command):
    discard_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.discard_id


class ConfirmDiscard(_OfDiscard, Signed):
    """Confirm what another person proposed: the record is set aside and what waits behind it is applied."""

    type: ClassVar[str] = "{service}.confirm_discard.v1"


class WithdrawDiscard(_OfDiscard):
    """Take a proposal back."""

    type: ClassVar[str] = "{service}.withdraw_discard.v1"


class OvertakeDiscard(_OfDiscard):
    """The record of a proposal was applied after all."""

    type: ClassVar[str] = "{service}.overtake_discard.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True


DiscardCommand = ProposeDiscard | ConfirmDiscard | WithdrawDiscard | OvertakeDiscard


def discard_id(record: ParkedRecord) -> UUID:
    """The stream of all proposals about this record; other bytes at its place, on a topic made anew, have one
    of their own.
    """
    place = f"{record.group}/{record.topic}/{record.partition}/{record.offset}"
    return uuid5(_DISCARDS, f"{place}/{record.sha256}")
