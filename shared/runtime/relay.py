"""Outbox to Kafka: at least once, in order per key, one owner a bucket, one batch a partition."""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from aiokafka.errors import KafkaError

from shared.identity.kafka import Kafka
from shared.runtime import failpoints, logs, metrics
from shared.runtime.database import TRANSIENT, Connection, Dsn, Pool, Record, connected
from shared.runtime.hints import Hints
from shared.runtime.leases import Leases
from shared.runtime.publish import Group, Publisher

WORKERS = 2  # one waits for Postgres while the other waits for Kafka
FETCH = 2_000  # rows a round and worker
_POLL = 0.25  # seconds; a lost hint costs no more
_STUCK = 120.0  # seconds that a batch may wait for the broker before the process gives up
# Buckets one by one along the primary key: no sort. The plan is pinned by the connection's settings, because
# with stale statistics the planner joins by another way and one burst falls to a twentieth of its speed.
_PENDING = """
SELECT o.bucket, o.seq, o.topic, o.stream_id::text, o.version, e.event_id::text, e.type,
       e.sponsor_id::text, e.key, e.data, e.meta
FROM unnest($1::smallint[]) b
CROSS JOIN LATERAL (
    SELECT * FROM es.outbox p
    WHERE p.bucket = b AND NOT EXISTS (SELECT FROM es.outbox_block x WHERE x.stream_id = p.stream_id)
    ORDER BY p.seq LIMIT $2) o
CROSS JOIN LATERAL (
    SELECT * FROM es.event v WHERE v.stream_id = o.stream_id AND v.version = o.version) e
"""
_DONE = """
DELETE FROM es.outbox o USING unnest($1::smallint[], $2::bigint[]) d(bucket, seq)
WHERE o.bucket = d.bucket AND o.seq = d.seq
"""
_BLOCK = "INSERT INTO es.outbox_block VALUES ($1::text::uuid, $2, $3) ON CONFLICT DO NOTHING"
_PINNED = {
    f"enable_{way}": "off" for way in ("hashjoin", "mergejoin", "seqscan", "bitmapscan", "sort", "memoize")
} | {"jit": "off", "plan_cache_mode": "force_generic_plan"}


class Relay:
    """The workers of one process, each with connections and buckets of its own: the even and the odd held."""

    def __init__(self, service: str, dsn: Dsn, kafka: Kafka, leases: Leases) -> None:
        self._service = service
        self._dsn = dsn
        self._leases = leases
        self._pending = [asyncio.Event() for _ in range(WORKERS)]
        self._publishers = [Publisher(service, kafka) for _ in range(WORKERS)]
        self._waiting: dict[int, float] = {}
        self.hints = Hints(dsn, service, self._look)

    def wake(self, buckets: Collection[int]) -> None:
        """There is something to send from these buckets, which another replica may hold."""
        for bucket in buckets:
            self._pending[bucket % WORKERS].set()
        if self._leases.live > 1:
            self.hints.tell()

    def _look(self) -> None:
        for event in self._pending:
            event.set()

    def held(self) -> list[int]:
        """The buckets that this process relays now."""
        return self._leases.held()

    def stuck_for(self) -> float:
        """Seconds that the oldest batch in flight has waited for the broker; 0 when none waits."""
        return time.monotonic() - min(self._waiting.values()) if self._waiting else 0.0

    async def run(self, worker: int) -> None:
        """Relay for ever. What can heal is tried again; a broker that stays away ends the process."""
        pause = 0.2
        while True:
            try:
                await self._publishers[worker].started()  # now, not when the first event waits for it
                name = f"{self._service} relay {worker}"
                async with connected(self._dsn, name, **_PINNED) as connection:
                    while True:
                        # Before the look, not after it: what is committed during the look wakes us again.
                        self._pending[worker].clear()
                        more = await self._round(connection, worker)
                        pause = 0.2
                        if not more:
                            with contextlib.suppress(TimeoutError):
                                await asyncio.wait_for(self._pending[worker].wait(), _POLL)
            except (*TRANSIENT, KafkaError, TimeoutError) as fault:
                metrics.RELAY_ERRORS.labels(type(fault).__name__).inc()
                logs.log.warning("relay.again", error=type(fault).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5)

    async def _round(self, connection: Connection, worker: int) -> bool:
        """Send what is pending, and answer whether there may be more of what was there when it began."""
        held = self._leases.held()
        metrics.BUCKETS_OWNED.set(len(held))
        mine = [bucket for bucket in held if bucket % WORKERS == worker]
        if not mine:
            return False
        publisher = self._publishers[worker]
        limit = 1 if publisher.one_by_one else max(1, FETCH // len(mine))
        rows = await connection.fetch(_PENDING, mine, limit)
        if not rows:
            publisher.one_by_one = False
            return False
        done = await self._send(connection, publisher, worker, rows)
        failpoints.reach("relay.sent")
        await connection.execute(_DONE, [r["bucket"] for r in done], [r["seq"] for r in done])
        return bool(done) and len(rows) >= limit

    async def _send(
        self, connection: Connection, publisher: Publisher, worker: int, rows: list[Record]
    ) -> list[Record]:
        await publisher.started()
        if not self._leases.valid():  # connecting took too long: others may send these by now
            return []
        groups: dict[Group, list[Record]] = defaultdict(list)
        for row in rows:
            groups[row["topic"], row["bucket"]].append(row)
        self._waiting[worker] = time.monotonic()
        try:
            faults = await asyncio.wait_for(publisher.send(groups), _STUCK)
        except TimeoutError:
            logs.log.error("relay.stuck", seconds=_STUCK)
            raise SystemExit(1) from None
        finally:
            self._waiting.pop(worker, None)
        one_by_one = publisher.one_by_one or bool(faults)
        for group, fault in faults.items():
            if await self._refused(connection, groups.pop(group), fault, publisher.one_by_one):
                one_by_one = False  # found: all others go in batches again
        publisher.one_by_one = one_by_one
        return [row for sent in groups.values() for row in sent]

    async def _refused(
        self, connection: Connection, rows: list[Record], fault: Exception, alone: bool
    ) -> bool:
        """What was refused is tried row by row; one refused alone, for good, blocks its stream: True."""
        logs.log.error("relay.refused", error=type(fault).__name__, count=len(rows), topic=rows[0]["topic"])
        if not alone or len(rows) > 1 or getattr(fault, "retriable", False):
            return False
        await connection.execute(_BLOCK, rows[0]["stream_id"], rows[0]["version"], type(fault).__name__)
        return True

    async def unblock(self, pool: Pool, stream_id: UUID) -> int:
        """Try again to send what the broker refused of a stream; answers with 1 where it was blocked."""
        gone = await pool.fetchval(
            "DELETE FROM es.outbox_block WHERE stream_id = $1 RETURNING stream_id", stream_id
        )
        self._look()
        return int(gone is not None)

    async def stop(self) -> None:
        """Wait for nothing longer than a few seconds: what was not acknowledged is still in the outbox."""
        await asyncio.gather(*[publisher.drop() for publisher in self._publishers])
