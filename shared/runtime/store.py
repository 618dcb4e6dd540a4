"""Streams in Postgres: load one, append to one, find one by the names that others give it."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg

from shared.contracts.message import Event
from shared.runtime.database import Connection, RacedError
from shared.runtime.service import Aggregate, Service

RETRY = (RacedError, asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError)


HOUSE = UUID(int=0)  # the tenant of rows that belong to no sponsor


class ConflictError(Exception):
    """The stream is not at the version that the client expected."""


class ContendedError(ConflictError):
    """Others were quicker each time: nothing is wrong with the command, and it may be given again."""


class TooLargeError(Exception):
    """An event, or its envelope, is larger than the log takes: the bytes belong elsewhere, by reference."""


class ForeignStreamError(Exception):
    """The stream belongs to another sponsor than the message that caused the command."""


# With the trace of the stream's last event: an act of today is linked to what it follows, however long ago.
_HEADS = """
SELECT stream_id, version, sponsor_id, trial_id, site_id, correlation_id, stream_type,
       (SELECT e.meta::json->>'traceparent' FROM es.event e
        WHERE e.stream_id = s.stream_id AND e.version = s.version) AS traceparent
FROM es.stream s WHERE stream_id = ANY($1) ORDER BY stream_id FOR UPDATE OF s
"""
_EVENTS = """
SELECT e.stream_id, e.type, e.data FROM unnest($1::uuid[], $2::bigint[]) k(stream_id, version)
JOIN es.event e ON e.stream_id = k.stream_id AND e.version > k.version ORDER BY e.stream_id, e.version
"""
_KNOWN = ("version", "sponsor_id", "trial_id", "site_id", "correlation_id")


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream as the deciding transaction sees it; version 0 is one that does not exist yet."""

    id: UUID
    version: int
    state: Any
    sponsor_id: UUID | None = None
    trial_id: UUID | None = None
    site_id: UUID | None = None
    correlation_id: UUID | None = None
    traceparent: str | None = None
    type: str | None = None


class Streams:
    """Loads streams under their row lock; keeps folded states, so that a busy stream is not re-read."""

    def __init__(self, service: Service, keep: int = 20_000) -> None:
        self._service = service
        self._kept: OrderedDict[UUID, Stream] = OrderedDict()
        self._keep = keep

    async def load(self, tx: Connection, wanted: Mapping[UUID, Aggregate]) -> dict[UUID, Stream]:
        """These streams, locked in the order of their ids; one that does not exist yet is at version 0."""
        heads = {head["stream_id"]: head for head in await tx.fetch(_HEADS, list(wanted))}
        found, behind = {}, {}
        for id_, aggregate in wanted.items():
            kept = self._kept.get(id_, Stream(id_, 0, aggregate.initial))
            if (head := heads.get(id_)) is None:
                found[id_] = Stream(id_, 0, aggregate.initial)
                continue
            if kept.version > head["version"]:  # kept from a database that has been restored since
                kept = Stream(id_, 0, aggregate.initial)
            if kept.version < head["version"] and head["stream_type"] == aggregate.name:
                behind[id_] = kept.version
            known = {name: head[name] for name in _KNOWN}
            found[id_] = Stream(
                id_, state=kept.state, traceparent=head["traceparent"], type=head["stream_type"], **known
            )
        states = {id_: found[id_].state for id_ in behind}
        if behind:
            for row in await tx.fetch(_EVENTS, list(behind), list(behind.values())):
                evolve = wanted[row["stream_id"]].evolve
                states[row["stream_id"]] = evolve(
                    states[row["stream_id"]], self.read(row["type"], row["data"])
                )
        return {id_: replace(s, state=states[id_]) if id_ in states else s for id_, s in found.items()}

    def read(self, type_: str, data: str) -> Event:
        """The event that these stored bytes are."""
        return self._service.types[type_].model_validate_json(data)

    def kept(self, stream_id: UUID) -> Stream | None:
        """The stream as this process last committed it; another may have appended since."""
        return self._kept.get(stream_id)

    def keep(self, stream: Stream) -> None:
        """Remember what is committed."""
        self._kept[stream.id] = stream
        self._kept.move_to_end(stream.id)
        if len(self._kept) > self._keep:
            self._kept.popitem(last=False)
