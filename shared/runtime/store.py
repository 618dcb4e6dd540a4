"""Streams in Postgres: load one, append to one, find one by the names that others give it."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.contracts.message import Event, Recorded, wire_type
from shared.runtime.database import Connection
from shared.runtime.record import bucket_of, meta_of
from shared.runtime.service import Aggregate, Service

RETRY = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError)


DATA_LIMIT, META_LIMIT = 262_144, 16_384  # bytes, as es.event checks them
HOUSE = UUID(int=0)  # the tenant of rows that belong to no sponsor


class ConflictError(Exception):
    """The stream is not at the version that the client expected."""


class TooLargeError(Exception):
    """An event, or its envelope, is larger than the log takes: the bytes belong elsewhere, by reference."""


class ForeignStreamError(Exception):
    """The stream belongs to another sponsor than the message that caused the command."""


# With the trace of the stream's last event: an act of today is linked to what it follows, however long ago.
_HEAD = """
SELECT version, sponsor_id, trial_id, correlation_id, stream_type,
       (SELECT e.meta::json->>'traceparent' FROM es.event e
        WHERE e.stream_id = s.stream_id AND e.version = s.version) AS traceparent
FROM es.stream s WHERE stream_id = $1 FOR UPDATE OF s
"""


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream as the deciding transaction sees it; version 0 is one that does not exist yet."""

    id: UUID
    version: int
    state: Any
    sponsor_id: UUID | None = None
    trial_id: UUID | None = None
    correlation_id: UUID | None = None
    traceparent: str | None = None


class Streams:
    """Loads streams under their row lock; keeps folded states, so that a busy stream is not re-read."""

    def __init__(self, service: Service, keep: int = 20_000) -> None:
        self._service = service
        self._kept: OrderedDict[UUID, tuple[int, Any]] = OrderedDict()
        self._keep = keep

    async def load(self, tx: Connection, aggregate: Aggregate, stream_id: UUID) -> Stream:
        head = await tx.fetchrow(_HEAD, stream_id)
        if head is None:
            return Stream(stream_id, 0, aggregate.initial)
        if head["stream_type"] != aggregate.name:
            raise ConflictError(f"{stream_id} is a {head['stream_type']}, not a {aggregate.name}")
        version, state = self._kept.get(stream_id, (0, aggregate.initial))
        if version > head["version"]:  # kept from a database that has been restored since
            version, state = 0, aggregate.initial
        if version < head["version"]:
            for row in await tx.fetch(
                "SELECT type, data FROM es.event WHERE stream_id = $1 AND version > $2 ORDER BY version",
                stream_id,
                version,
            ):
                state = aggregate.evolve(state, self.read(row["type"], row["data"]))
        known = {name: head[name] for name in ("version", "sponsor_id", "trial_id", "correlation_id")}
        return Stream(stream_id, state=state, traceparent=head["traceparent"], **known)

    def read(self, type_: str, data: str) -> Event:
        """The event that these stored bytes are."""
        return self._service.types[type_].model_validate_json(data)

    def keep(self, stream_id: UUID, version: int, state: Any) -> None:
        """Remember a committed state."""
        self._kept[stream_id] = (version, state)
        self._kept.move_to_end(stream_id)
        if len(self._kept) > self._keep:
            self._kept.popitem(last=False)


async def append(
    tx: Connection,
    service: Service,
    aggregate: Aggregate,
    stream: Stream,
    messages: Sequence[Recorded[Any]],
    signature: dict[str, str] | None,
) -> None:
    """Append at the stream's version; asyncpg.SerializationError when another got there first."""
    first = messages[0]
    data = [m.data.model_dump_json(exclude_none=True) for m in messages]
    meta = [meta_of(m, signature) for m in messages]
    for texts, limit in ((data, DATA_LIMIT), (meta, META_LIMIT)):
        if max(len(text.encode()) for text in texts) > limit:
            raise TooLargeError(f"an event takes at most {limit} bytes of this")
    key = str(first.trial_id or first.stream_id)
    await tx.execute(
        "SELECT es.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
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


def type_of(service: Service, event: Event) -> str:
    return wire_type(type(event), service.name)


async def set_wake(tx: Connection, stream_id: UUID, at: datetime | None) -> None:
    """When the clock shall look at this stream again; None: time alone changes nothing of it."""
    if at is None:
        await tx.execute("DELETE FROM es.wake WHERE stream_id = $1", stream_id)
    else:
        await tx.execute(
            "INSERT INTO es.wake VALUES ($1, $2) ON CONFLICT (stream_id) DO UPDATE SET at = excluded.at",
            stream_id,
            at,
        )
