"""Where a record stands in its stream: next, seen before, or to be parked, and why."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from shared.contracts.message import Event, Recorded
from shared.runtime import parked
from shared.runtime.parked import Fault
from shared.runtime.record import Envelope, UnreadableError, envelope_of, recorded
from shared.runtime.service import Service

DUPLICATE = "duplicate"
UNKNOWN = "unknown"
Placed = Recorded[Any] | Fault | str


def head_of(record: Any) -> Envelope | UnreadableError:
    """The record's headers, or what is wrong with them."""
    try:
        return envelope_of(record.headers)
    except UnreadableError as fault:
        return fault


Wanted = Callable[[type[Event], Envelope], bool]


def place(
    service: Service,
    record: Any,
    head: Envelope | UnreadableError,
    seen: Mapping[UUID, int],
    blocks: Mapping[UUID, str],
    wanted: Wanted,
) -> Placed:
    """The event if it is next in its stream, DUPLICATE, UNKNOWN (nobody here reads it), or why to park it."""
    if isinstance(head, UnreadableError):
        return Fault("unreadable", str(head))
    stream, version = head.stream_id, head.version
    last = seen.get(stream, 0)
    if version <= last:
        return DUPLICATE
    if stream in blocks and not (blocks[stream] == "gap" and version == last + 1):
        return Fault("behind", parked.BEHIND, stream, version)
    if version > last + 1:
        return Fault("gap", f"version {last + 1} is missing", stream, version)
    return read(service, record, head, wanted)


def read(
    service: Service, record: Any, envelope: Envelope, wanted: Wanted = lambda event, envelope: True
) -> Placed:
    """The event, UNKNOWN where no contract reads its type or nobody wants it, or why it cannot be read."""
    stream, version = envelope.stream_id, envelope.version
    contract = service.types.get(envelope.type)
    if contract is None:
        newer = parked.newer_version(envelope.type, service.types)
        return Fault("newer", f"{envelope.type} is newer than we are", stream, version) if newer else UNKNOWN
    try:
        if not wanted(contract, envelope):
            return UNKNOWN
        message = recorded(envelope, contract.model_validate_json(record.value or b""))
    except UnreadableError as fault:
        return Fault("unreadable", str(fault), stream, version)
    except ValidationError as fault:
        fields = sorted({".".join(map(str, e["loc"])) or "(body)" for e in fault.errors(include_input=False)})
        return Fault("schema", f"{envelope.type}: {', '.join(fields)[:200]}", stream, version)
    if message.source != record.topic.partition(".")[0]:
        return Fault("source", "ce_source is not the owner of the topic", stream, version)
    return message
