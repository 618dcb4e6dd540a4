"""What decisions leave behind: events with their envelope, stored with all else in one round trip."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid5, uuid7

from shared.contracts.message import Command, Event, Recorded, wire_type
from shared.runtime import clock, telemetry
from shared.runtime.cause import Cause, Followed, Work
from shared.runtime.record import bucket_of, meta_of
from shared.runtime.rows import NOTHING, Statement
from shared.runtime.service import Aggregate, Service
from shared.runtime.store import Stream, TooLargeError

DATA_LIMIT, META_LIMIT = 262_144, 16_384  # bytes, as es.event checks them
_APPEND = (
    "SELECT es.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15),"
    " es.set_wakes($16, $17), es.hand($18, $19)"
)
_ANSWER = f"WITH answered AS (INSERT INTO es.command VALUES ($20, $21, $22, $23)) {_APPEND}"  # noqa: S608


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
    simulated, traceparent = clock.simulated(), telemetry.traceparent()
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
            effective_on=command.effective_day(),
            reason=cause.reason,
            simulated=simulated,
            traceparent=traceparent,
        )
        for n, event in enumerate(events, 1)
    ]


def texts_of(messages: Sequence[Recorded[Any]], signature: dict[str, str] | None) -> list[tuple[str, str]]:
    """Data and meta of each event as they are stored; TooLargeError where the log would not take them."""
    texts = [(m.data.model_dump_json(exclude_none=True), meta_of(m, signature)) for m in messages]
    for data, meta in texts:
        for text, limit in ((data, DATA_LIMIT), (meta, META_LIMIT)):
            if len(text) * 4 > limit and len(text.encode()) > limit:
                raise TooLargeError(f"an event takes at most {limit} bytes of this")
    return texts


def add(
    work: Work,
    service: Service,
    aggregate: Aggregate,
    stream: Stream,
    messages: Sequence[Recorded[Any]],
    signature: dict[str, str] | None,
) -> None:
    """Let events that follow on the stream wait to be stored; the transaction sees it as they make it."""
    work.texts += texts_of(messages, signature)
    work.pending += messages
    last, state, key = messages[-1], stream.state, str(messages[0].trial_id or stream.id)
    known = (last.sponsor_id, last.trial_id, stream.site_id, last.correlation_id)
    if stream.id not in work.followed:
        where = (key, bucket_of(key), aggregate.topic or service.topic)
        work.followed[stream.id] = Followed(stream.id, aggregate.name, *known, *where, stream.version)
        work.buckets.add(bucket_of(key))
    for message in messages:
        state = aggregate.evolve(state, message.data)
    work.streams[stream.id] = Stream(stream.id, last.version, state, *known, last.traceparent, aggregate.name)
    if aggregate.wake_at and (at := aggregate.wake_at(state)) != aggregate.wake_at(stream.state):
        work.wakes[stream.id] = at
    if (held_by := aggregate.held_by) and (to := held_by(state, None)) != held_by(stream.state, None):
        work.handed[stream.id] = to


def storing(work: Work) -> Statement:
    """The statement that stores all that waits, and is refused (40001) when another got there first."""
    if not (work.pending or work.answer):
        return NOTHING
    number = {stream: n for n, stream in enumerate(work.followed, 1)}
    return _ANSWER if work.answer else _APPEND, (
        *(list(zip(*work.followed.values(), strict=True)) or [()] * len(Followed._fields)),
        [number[m.stream_id] for m in work.pending],
        [m.id for m in work.pending],
        [m.type for m in work.pending],
        [data for data, _ in work.texts],
        [meta for _, meta in work.texts],
        list(work.wakes),
        list(work.wakes.values()),
        list(work.handed),
        list(work.handed.values()),
        *(work.answer or ()),
    )
