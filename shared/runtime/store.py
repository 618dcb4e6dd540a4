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


class TooLargeError(Exception):
    """An event, or its envelope, is larger than the log takes: the bytes belong elsewhere, by reference."""


class ForeignStreamError(Exception):
    """The stream belongs to another sponsor than the message that caused the command."""


_EVENTS = """
SELECT e.stream_id, e.type, e.data FROM unnest($1::uuid[], $2::bigint[]) k(stream_id, version)
JOIN es.event e ON e.stream_id = k.stream_id AND e.version > k.version ORDER BY e.stream_id, e.version
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
    type: str | None = None


class Streams:
    """Loads streams under their row lock; keeps folded states, so that a busy stream is not re-read."""

    def __init__(self, service: Service, keep: int = 20_000) -> None:
        self._service = service
        self._kept: OrderedDict[UUID, tuple[int, Any]] = OrderedDict()
        self._keep = keep

    async def load(self, tx: Connection, wanted: Mapping[UUID, Aggregate]) -> dict[UUID, Stream]:
        """These streams, locked in the order of their ids; one that does not exist yet is at version 0."""
        heads = {
            head["stream_id"]: head for head in await tx.fetch("SELECT * FROM es.heads($1)", list(wanted))
        }
        found, behind = {}, {}
        for id_, aggregate in wanted.items():
            if (head := heads.get(id_)) is None:
                found[id_] = Stream(id_, 0, aggregate.initial)
                continue
            if head["stream_type"] != aggregate.name:
                raise ConflictError(f"{id_} is a {head['stream_type']}, not a {aggregate.name}")
            version, state = self._kept.get(id_, (0, aggregate.initial))
            if version > head["version"]:  # kept from a database that has been restored since
                version, state = 0, aggregate.initial
            if version < head["version"]:
                behind[id_] = version
            known = {name: head[name] for name in ("version", "sponsor_id", "trial_id", "correlation_id")}
            found[id_] = Stream(
                id_, state=state, traceparent=head["traceparent"], type=head["stream_type"], **known
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

    def keep(self, stream_id: UUID, version: int, state: Any) -> None:
        """Remember a committed state."""
        self._kept[stream_id] = (version, state)
        self._kept.move_to_end(stream_id)
        if len(self._kept) > self._keep:
            self._kept.popitem(last=False)
