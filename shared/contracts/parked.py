"""Parked events that two persons discard: one shape for every service, `<service>.parked.*.v1`."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Value

ReasonCode = Literal["foreign_sender", "malformed", "wrong_content", "duplicate", "test_data"]


class ParkedRecord(Value):
    """Where a parked record lies and what it says it is, never its bytes.

    `group` is the consumer group that could not apply it, `sha256` that of its value, in hexadecimal. Without
    stream and version its headers cannot be read; without a type they name none of the topic's owner.
    """

    group: str
    topic: str
    partition: int
    offset: int
    stream_id: UUID | None = None
    version: int | None = None
    event_type: str | None = None
    sha256: str


class DiscardProposed(Event):
    """A person proposed that a consumer group goes past a record which it cannot apply."""

    type: ClassVar[str] = "{service}.parked.discard_proposed.v1"
    discard_id: UUID
    record: ParkedRecord
    reason_code: ReasonCode
    proposed_by: str


class Discarded(Event):
    """Another person confirmed it: the group went past the record, whose bytes its service keeps."""

    type: ClassVar[str] = "{service}.parked.discarded.v1"
    discard_id: UUID
    record: ParkedRecord
    reason_code: ReasonCode
    proposed_by: str
    confirmed_by: str


class DiscardWithdrawn(Event):
    """The proposal counts no more: a person took it back, or the record was applied after all."""

    type: ClassVar[str] = "{service}.parked.discard_withdrawn.v1"
    discard_id: UUID
    record: ParkedRecord
    reason_code: ReasonCode
    why: Literal["taken_back", "replayed"]


ParkedEvent = DiscardProposed | Discarded | DiscardWithdrawn
