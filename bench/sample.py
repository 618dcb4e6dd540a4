"""The service whose events and commands the benchmarks move, and bursts of them as an outbox would hold."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
from uuid_utils.compat import uuid7

from shared.runtime.record import bucket_of
from shared.runtime.service import Service
from tests.support import probe

STREAMS = 1_000
_BURST = """
WITH e AS (
    INSERT INTO es.event (stream_id, version, event_id, type, sponsor_id, key, data, meta, recorded_at,
                          prev_hash, hash)
    SELECT s, v, i, $4, $5, s::text, d, $7, clock_timestamp(), '', ''
    FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $6::text[]) u(s, v, i, d)
    RETURNING stream_id, version)
INSERT INTO es.outbox (bucket, stream_id, version, topic)
SELECT b, s, v, $9 FROM unnest($1::uuid[], $2::bigint[], $8::smallint[]) u(s, v, b)
"""


def service() -> Service:
    """A service that has nothing to do but relay."""
    known = probe.alpha()
    own = tuple(replace(projection, sources=("bench",)) for projection in known.projections)
    return replace(known, name="bench", contracts={"bench": probe.AlphaEvent}, projections=own)


@dataclass
class Burst:
    """Events of 1,000 streams, 391 bytes of data each, as the peer has them; keys are the streams."""

    topic: str
    type: str = "bench.tally.counted_up.v1"
    readable: bool = False  # data that the sample's contract reads, each stream's own
    streams: Sequence[UUID] = field(default_factory=lambda: [uuid7() for _ in range(STREAMS)])
    sent: int = 0

    async def prepare(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """The streams' own rows; and triggers off: here the inserter only stands in for many appends."""
        self._data = [_counted(stream) if self.readable else _DATA for stream in self.streams]
        self._buckets = [bucket_of(str(stream)) for stream in self.streams]
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(
            "INSERT INTO es.stream SELECT s, 'tally', $2, NULL, NULL, $2, s::text, b, $3, 0, ''"
            " FROM unnest($1::uuid[], $4::smallint[]) u(s, b)",
            self.streams,
            uuid4(),
            self.topic,
            self._buckets,
        )

    async def insert(self, connection: "asyncpg.Connection[asyncpg.Record]", count: int) -> None:
        """Commit `count` more events, 500 a transaction; a replica that waits is told, as after an append."""
        for start in range(self.sent, self.sent + count, 500):
            numbers = range(start, min(start + 500, self.sent + count))
            await connection.execute(
                _BURST,
                [self.streams[n % STREAMS] for n in numbers],
                [n // STREAMS + 1 for n in numbers],
                [uuid7() for _ in numbers],
                self.type,
                self.streams[0],
                [self._data[n % STREAMS] for n in numbers],
                _META.replace("NOW", datetime.now(UTC).isoformat()),
                [self._buckets[n % STREAMS] for n in numbers],
                self.topic,
            )
            await connection.execute("NOTIFY outbox")
        self.sent += count


def _counted(stream: UUID) -> str:
    return json.dumps({"tally_id": str(stream), "trial_id": str(stream), "n": 1, "note": "b" * 280})


_DATA = json.dumps({"text": "b" * 380})
_META = json.dumps(
    {
        "time": "NOW",
        "correlation": str(uuid7()),
        "causation": str(uuid7()),
        "trial": str(uuid7()),
        "actor": "service:safety",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    },
    separators=(",", ":"),
)
