"""The log held against what was anchored of it: heads that it no longer has, events put in below."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.audit.anchor import Head
from shared.audit.heads import Heads
from shared.runtime.database import Connection

_BATCH = 1_000
_LOOK = """
SELECT h.stream_id, h.version, h.hash,
       (SELECT e.hash FROM es.event e WHERE e.stream_id = h.stream_id AND e.version = h.version) AS found
FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) h(stream_id, version, hash)
"""
_LAST = "SELECT max(version) FROM es.event WHERE stream_id = $1"
_BELOW = "SELECT stream_id, max(version) FROM es.event WHERE pos <= $1 GROUP BY stream_id ORDER BY stream_id"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was: what, where and, for a person, how it shows.

    `what` of a chain: edited, missing, inserted, head (as shared.runtime.verify names them). Of a stream
    against an anchor: `truncated` (`version` is the first that is gone), `deleted` (all of it), `missing`,
    `rewritten` (every hash fits, but not the anchored one at `version`), `inserted` (below an anchor's
    line, though not in it). Of an anchor: `anchor_missing`, `anchor_forged`, `anchor_unknown_key`.
    """

    what: str
    stream_id: UUID | None = None
    version: int | None = None
    anchor: int | None = None
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        found = {
            "what": self.what,
            "stream_id": self.stream_id and str(self.stream_id),
            "version": self.version,
            "anchor": self.anchor,
            "detail": self.detail,
        }
        return {name: value for name, value in found.items() if value is not None}


async def lost(
    connection: Connection, heads: Sequence[Head], anchor: int, detail: str = ""
) -> AsyncIterator[Finding]:
    """A finding for each of these anchored heads that is not in the log."""
    for some in _portions(heads):
        for row in await connection.fetch(_LOOK, *(list(column) for column in zip(*some, strict=True))):
            if row["found"] == row["hash"]:
                continue
            stream, version = row["stream_id"], row["version"]
            last = await connection.fetchval(_LAST, stream) or 0
            what, at, how = _judged(row["found"] is not None, version, last)
            yield Finding(what, stream, at, anchor, f"{how}{detail}")


def _judged(there: bool, version: int, last: int) -> tuple[str, int, str]:
    if there:
        return "rewritten", version, "another event than the anchored one, or another before it"
    if not last:
        return "deleted", 1, f"no event is left of {version} anchored ones"
    if last < version:
        return "truncated", last + 1, f"anchored up to version {version}"
    return "missing", version, "the anchored event is gone"


async def unanchored(connection: Connection, heads: Heads, line: int, anchor: int) -> AsyncIterator[Finding]:
    """A finding for each stream that has events at or below the line that the anchor does not know."""
    cursor = await connection.cursor(_BELOW, line)
    while rows := await cursor.fetch(_BATCH):
        for stream, version in rows:
            known = heads.version(stream)
            if version > known:
                yield Finding("inserted", stream, known + 1, anchor, "older by its position than it is")


def _portions(heads: Sequence[Head]) -> Iterator[Sequence[Head]]:
    for start in range(0, len(heads), _BATCH):
        yield heads[start : start + _BATCH]
