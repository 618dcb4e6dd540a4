"""Outbox to Kafka: at least once, in order per key, one owner a bucket, one batch a partition."""

import asyncio
import contextlib
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from opentelemetry.trace import SpanKind

from shared.runtime import logs, metrics, telemetry
from shared.runtime.database import TRANSIENT, Connection, Record, connect
from shared.runtime.leases import Leases
from shared.runtime.record import headers_of

FETCH = 2_000  # rows a round and worker
_STUCK = 120.0  # seconds that a batch may wait for the broker before the process gives up
# Buckets one by one along the primary key: no sort. The plan is pinned by the connection's settings: with
# stale statistics the planner joins another way and a burst falls to a twentieth of its speed.
_PENDING = """
SELECT o.bucket, o.seq, o.topic, e.stream_id, e.version, e.event_id, e.type, e.sponsor_id, e.key, e.data, e.meta
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
_PINNED = {"enable_hashjoin": "off", "enable_mergejoin": "off", "enable_seqscan": "off", "jit": "off"}
Group = tuple[str, int]


class Relay:
    """Two workers, each with half of the buckets held: one waits for Postgres, the other for Kafka."""

    def __init__(self, service: str, dsn: str, bootstrap: str, leases: Leases) -> None:
        self._service = service
        self._dsn = dsn
        self._bootstrap = bootstrap
        self._leases = leases
        self._pending = [asyncio.Event(), asyncio.Event()]
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._one_by_one = False
        self.waiting_since: float | None = None

    def wake(self) -> None:
        """There is something to send."""
        for event in self._pending:
            event.set()

    def stuck_for(self) -> float:
        """Seconds that the oldest batch in flight has waited for the broker; 0 when none waits."""
        return time.monotonic() - self.waiting_since if self.waiting_since else 0.0

    async def run(self, worker: int) -> None:
        """Relay for ever. What can heal is tried again; a broker that stays away ends the process."""
        pause = 0.2
        while True:
            try:
                connection = await connect(self._dsn, f"{self._service} relay {worker}", **_PINNED)
                try:
                    while True:
                        sent = await self._round(connection, worker)
                        pause = 0.2
                        if not sent:
                            await self._rest(worker)
                finally:
                    with contextlib.suppress(*TRANSIENT, TimeoutError):
                        await asyncio.wait_for(connection.close(), 2)
            except (*TRANSIENT, KafkaError, TimeoutError) as fault:
                metrics.RELAY_ERRORS.labels(type(fault).__name__).inc()
                logs.log.warning("relay.again", error=type(fault).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5)

    async def _rest(self, worker: int) -> None:
        self._pending[worker].clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._pending[worker].wait(), 0.25)

    async def _round(self, connection: Connection, worker: int) -> int:
        held = self._leases.held()
        metrics.BUCKETS_OWNED.set(len(held))
        mine = held[worker::2]
        if not mine:
            return 0
        rows = await connection.fetch(_PENDING, mine, 1 if self._one_by_one else max(1, FETCH // len(mine)))
        if not rows:
            self._one_by_one = False
            return 0
        done = await self._send(connection, rows)
        await connection.execute(_DONE, [r["bucket"] for r in done], [r["seq"] for r in done])
        return len(done)

    async def _send(self, connection: Connection, rows: Sequence[Record]) -> list[Record]:
        groups: dict[Group, list[Record]] = defaultdict(list)
        for row in rows:
            groups[row["topic"], row["bucket"]].append(row)
        producer = await self._started()
        if not self._leases.valid():
            return []
        self.waiting_since = self.waiting_since or time.monotonic()
        try:
            results = await asyncio.wait_for(
                asyncio.gather(*[self._send_group(producer, *item) for item in groups.items()]), _STUCK
            )
        except TimeoutError:
            logs.log.error("relay.stuck", seconds=_STUCK)
            raise SystemExit(1) from None
        finally:
            self.waiting_since = None
        if failed := [(group, fault) for group, fault in zip(groups.values(), results, strict=True) if fault]:
            await self._after_failure(connection, failed)
        return [
            row for group, fault in zip(groups.values(), results, strict=True) if not fault for row in group
        ]

    async def _send_group(
        self, producer: AIOKafkaProducer, group: Group, rows: Sequence[Record]
    ) -> Exception | None:
        topic, partition = group
        futures = []
        batch = producer.create_batch()
        for row in rows:
            record = self._record(topic, row)
            if batch.append(timestamp=None, **record) is None:
                futures.append(await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
                batch.append(timestamp=None, **record)
        futures.append(await producer.send_batch(batch, topic, partition=partition))
        for result in await asyncio.gather(*futures, return_exceptions=True):
            if isinstance(result, Exception):
                return result
        metrics.RELAYED.labels(topic).inc(len(rows))
        return None

    def _record(self, topic: str, row: Record) -> dict[str, Any]:
        meta = json.loads(row["meta"])
        if parent := meta.get("traceparent"):
            attributes = telemetry.messaging("send", topic, **_ids(row, meta))
            with telemetry.span(f"send {topic}", SpanKind.PRODUCER, attributes, telemetry.context_of(parent)):
                meta["traceparent"] = telemetry.traceparent() or parent
        headers = headers_of(self._service, row, meta)
        return {"key": row["key"].encode(), "value": row["data"].encode(), "headers": headers}

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    client_id=f"{self._service}-relay",
                    enable_idempotence=True,
                    acks="all",
                    max_batch_size=512 * 1024,  # the broker's limit of about 1 MiB is on the batch
                    max_request_size=4 * 1024 * 1024,
                    request_timeout_ms=15_000,
                    linger_ms=0,
                )
                try:
                    await asyncio.wait_for(producer.start(), 20)
                except BaseException:
                    await drop(producer)
                    raise
                self._producer = producer
            return self._producer

    async def _after_failure(
        self, connection: Connection, failed: Sequence[tuple[list[Record], Exception]]
    ) -> None:
        """An idempotent producer that was refused a batch is of no more use: a new one sends row by row."""
        producer, self._producer = self._producer, None
        if producer:
            await drop(producer)
        for rows, fault in failed:
            logs.log.error(
                "relay.refused", error=type(fault).__name__, count=len(rows), topic=rows[0]["topic"]
            )
            if len(rows) == 1 and self._one_by_one and not getattr(fault, "retriable", False):
                await connection.execute(
                    "INSERT INTO es.outbox_block VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                    rows[0]["stream_id"],
                    rows[0]["version"],
                    type(fault).__name__,
                )
        self._one_by_one = True

    async def stop(self) -> None:
        """Wait for nothing longer than a few seconds: what was not acknowledged is still in the outbox."""
        producer, self._producer = self._producer, None
        if producer:
            await drop(producer)


def _ids(row: Record, meta: dict[str, Any]) -> dict[str, Any]:
    return {
        "cloudevents__event_id": str(row["event_id"]),
        "cloudevents__event_type": row["type"],
        "trialwire__correlation_id": meta.get("correlation"),
        "trialwire__trial_id": meta.get("trial"),
    }


async def drop(producer: AIOKafkaProducer) -> None:
    """Stop a producer within 5 s; with the broker away aiokafka's own stop would wait for ever."""
    with contextlib.suppress(Exception):
        await asyncio.wait_for(producer.stop(), 5)
