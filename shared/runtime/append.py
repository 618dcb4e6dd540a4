"""What decisions leave behind: events with their envelope, appended to their streams in one round trip."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

from shared.contracts.message import Command, Event, Recorded, wire_type
from shared.runtime import clock, telemetry
from shared.runtime.cause import Cause
from shared.runtime.database import Connection
from shared.runtime.record import bucket_of, meta_of
from shared.runtime.service import Aggregate, Service
from shared.runtime.store import Stream, TooLargeError

DATA_LIMIT, META_LIMIT = 262_144, 16_384  # bytes, as es.event checks them
_APPEND = "SELECT es.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"


def messages_of(
    service: Service,
    stream: Stream,
    command: Command,
    cause: Cause,
    events: Sequence[Event],
    sponsor: UUID,
    correlation: UUID,
    now: datetime,
) -> list[Recorded[Any]]:
    """The events as they follow on the stream; ids of a reaction are those of its repetition."""
    return [
        Recorded(
            id=uuid5(cause.command_id, str(n)) if cause.causation_id else uuid7(),
            type=wire_type(type(event), service.name),
            source=service.name,
            stream_id=stream.id,
            version=stream.version + n,
            sponsor_id=sponsor,
            trial_id=stream.trial_id if stream.version else command.trial_id,
            time=now,
            data=event,
            actor=cause.actor,
            correlation_id=correlation,
            causation_id=cause.causation_id,
            effective_on=cause.effective_on,
            reason=cause.reason,
            simulated=clock.simulated(),
            traceparent=telemetry.traceparent(),
        )
        for n, event in enumerate(events, 1)
    ]


def to_append(
    service: Service,
    aggregate: Aggregate,
    stream: Stream,
    messages: Sequence[Recorded[Any]],
    signature: dict[str, str] | None,
) -> tuple[Any, ...]:
    """What `append` stores of these messages; TooLargeError where the log would not take them."""
    first = messages[0]
    data = [m.data.model_dump_json(exclude_none=True) for m in messages]
    meta = [meta_of(m, signature) for m in messages]
    for texts, limit in ((data, DATA_LIMIT), (meta, META_LIMIT)):
        if max(len(text.encode()) for text in texts) > limit:
            raise TooLargeError(f"an event takes at most {limit} bytes of this")
    key = str(first.trial_id or first.stream_id)
    return (
        stream.id,
        aggregate.name,
        first.sponsor_id,
        first.trial_id,
        first.correlation_id,
        key,
        bucket_of(key),
        aggregate.topic or service.topic,
        stream.version,
        [m.id for m in messages],
        [m.type for m in messages],
        data,
        meta,
    )


async def append(tx: Connection, appends: Sequence[tuple[Any, ...]]) -> None:
    """Append in this order, in one round trip; asyncpg.SerializationError when another got there first."""
    if len(appends) == 1:
        await tx.execute(_APPEND, *appends[0])
    else:
        await tx.executemany(_APPEND, appends)
