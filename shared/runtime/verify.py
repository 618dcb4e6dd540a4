"""The hash chain recomputed outside the database: the first row of a stream that is not what was appended."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.netstrings import netstrings
from shared.runtime.database import Connection, Record

_CHUNK = 500  # streams in memory at a time
_EPOCH_US = "(extract(epoch FROM recorded_at) * 1000000)::bigint::text"


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a stream's chain breaks first. `what` is edited, missing, inserted or head."""

    stream_id: UUID
    version: int
    what: str


def genesis(stream_id: UUID) -> bytes:
    """What the first event of a stream is chained to."""
    return hashlib.sha256(netstrings("genesis", str(stream_id))).digest()


def digest(before: bytes, row: Any) -> bytes:
    """The hash of a stored event after the one with the hash `before`."""
    fields = ("stream_id", "version", "event_id", "type", "sponsor_id", "key", "data", "meta", "us")
    return hashlib.sha256(before + netstrings(*(str(row[name]) for name in fields))).digest()


def check_stream(head: Any, rows: Sequence[Any]) -> Broken | None:
    """The first fault of one stream. `rows` are its events by version, `head` its row in es.stream."""
    stream_id, before = head["stream_id"], genesis(head["stream_id"])
    for expected, row in enumerate(rows, 1):
        if row["version"] > expected:
            return Broken(stream_id, expected, "missing")
        if expected > head["version"]:
            return Broken(stream_id, expected, "inserted")
        if row["prev_hash"] != before or row["hash"] != digest(before, row):
            return Broken(stream_id, expected, "edited")
        before = row["hash"]
    if len(rows) < head["version"]:
        return Broken(stream_id, len(rows) + 1, "missing")
    return None if before == head["head_hash"] else Broken(stream_id, head["version"], "head")


async def verify(connection: Connection, streams: Sequence[UUID] | None = None) -> AsyncIterator[Broken]:
    """Walk the chains of these streams, or of all; each broken stream once, at its first bad version.

    Finds events edited, deleted, inserted or put in another order, and a cut tail where es.stream was left as
    it was. A tail cut together with its stream's row shows only against an anchor kept elsewhere.
    """
    # One snapshot: on a log that grows meanwhile the new events would look inserted.
    snapshot = {} if connection.is_in_transaction() else {"isolation": "repeatable_read"}
    async with connection.transaction(**snapshot):  # type: ignore[arg-type]
        async for broken in _walk(connection, streams):
            yield broken


async def _walk(connection: Connection, streams: Sequence[UUID] | None) -> AsyncIterator[Broken]:
    last = UUID(int=0)
    while True:
        heads = await connection.fetch(
            "SELECT stream_id, version, head_hash FROM es.stream WHERE stream_id > $1"
            " AND ($2::uuid[] IS NULL OR stream_id = ANY($2)) ORDER BY stream_id LIMIT $3",
            last,
            streams,
            _CHUNK,
        )
        if not heads:
            break
        rows: dict[UUID, list[Record]] = {head["stream_id"]: [] for head in heads}
        for row in await connection.fetch(
            f"SELECT *, {_EPOCH_US} AS us FROM es.event WHERE stream_id = ANY($1)"  # noqa: S608  a constant
            " ORDER BY stream_id, version",
            list(rows),
        ):
            rows[row["stream_id"]].append(row)
        for head in heads:
            if broken := check_stream(head, rows[head["stream_id"]]):
                yield broken
        last = heads[-1]["stream_id"]
    for (
        row
    ) in await connection.fetch(  # events of no stream: nothing of ours wrote them, or its row was removed
        "SELECT DISTINCT ON (stream_id) stream_id, version FROM es.event e WHERE NOT EXISTS"
        " (SELECT FROM es.stream s WHERE s.stream_id = e.stream_id)"
        " AND ($1::uuid[] IS NULL OR stream_id = ANY($1)) ORDER BY stream_id, version",
        streams,
    ):
        yield Broken(row["stream_id"], row["version"], "inserted")
