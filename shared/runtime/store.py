"""Streams in Postgres: load one, append to one, find one by the names that others give it."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from shared.contracts.message import Command, Event, Identifier, Recorded, wire_type
from shared.runtime.database import Connection
from shared.runtime.record import bucket_of, meta_of
from shared.runtime.service import Aggregate, Service

RETRY = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError)


DATA_LIMIT, META_LIMIT = 262_144, 16_384  # bytes, as es.event checks them
HOUSE = UUID(int=0)  # the tenant of rows that belong to no sponsor


class ConflictError(Exception):
    """The stream is not at the version that the client expected."""


class UnknownTrialError(Exception):
    """The service has not heard of the trial that the command names."""


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


async def find(tx: Connection, names: Sequence[Identifier]) -> UUID | None:
    """The stream behind the first of these names that is known."""
    for name in names:
        known: UUID | None = await tx.fetchval(
            "SELECT id FROM es.external_id WHERE system = $1 AND value = $2", name.system, name.value
        )
        if known:
            return known
    return None


async def bind(tx: Connection, command: Command) -> Command:
    """Give a command that names its stream by external ids the id behind them, a new one at first use."""
    names = command.external_ids()
    if not names:
        return command
    wanted = await find(tx, names) or _own_id(command)
    for name in names:
        await tx.execute(
            "INSERT INTO es.external_id VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            name.system,
            name.value,
            wanted,
        )
    return command.bound_to(await find(tx, names) or wanted)


def _own_id(command: Command) -> UUID:
    try:
        return command.stream_id
    except ValueError:  # it has none: its names are all that the sender knows
        return uuid7()


async def sponsor_of(tx: Connection, command: Command) -> UUID:
    """The sponsor of a stream that begins: the one it names, or the trial's."""
    if name := command.sponsor_name():
        return await _sponsor_by_name(tx, " ".join(name.casefold().split()))
    known: UUID | None = await tx.fetchval(
        "SELECT sponsor_id FROM es.trial WHERE trial_id = $1", command.trial_id
    )
    if known is None:
        raise UnknownTrialError(f"trial {command.trial_id} is not known to this service")
    return known


async def hear_of_trials(tx: Connection, messages: Sequence[Recorded[Any]]) -> None:
    """Remember whose each trial is that others begin a stream about: a command about it may come next."""
    heard = {m.trial_id: m.sponsor_id for m in messages if m.version == 1 and m.trial_id}
    if heard:
        trials = sorted(heard, key=str)
        await tx.execute(
            "INSERT INTO es.trial SELECT * FROM unnest($1::uuid[], $2::uuid[]) ON CONFLICT DO NOTHING",
            trials,
            [heard[trial] for trial in trials],
        )


async def _sponsor_by_name(tx: Connection, name: str) -> UUID:
    await tx.execute(
        "INSERT INTO es.external_id VALUES ('sponsor', $1, $2) ON CONFLICT DO NOTHING", name, uuid7()
    )
    found = await tx.fetchval("SELECT id FROM es.external_id WHERE system = 'sponsor' AND value = $1", name)
    return UUID(str(found))


def type_of(service: Service, event: Event) -> str:
    return wire_type(type(event), service.name)
