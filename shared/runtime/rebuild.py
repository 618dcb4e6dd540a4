"""One projection folded anew from the events, beside the live one, and swapped in under a short lock."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.message import Recorded
from shared.runtime import rows
from shared.runtime.database import Connection
from shared.runtime.execute import Executor
from shared.runtime.offsets import Partition, take
from shared.runtime.place import read
from shared.runtime.record import PARTITIONS, UnreadableError, envelope_of, stored
from shared.runtime.service import Projection

_CHUNK = 5_000
_DRAW = "SELECT pg_advisory_xact_lock(7002)"  # whoever writes rows holds it shared


class Rebuild:
    """A rebuild in progress; `events` counts what was folded."""

    def __init__(self, executor: Executor, bootstrap: str, table: str) -> None:
        self.service = executor.service
        self._executor = executor
        self._bootstrap = bootstrap
        self._table = table
        self._projections = [p for p in self.service.projections if p.table == table]
        if not self._projections:
            raise KeyError(table)
        self._foreign = sorted({s for p in self._projections for s in p.sources} - {self.service.name})
        self._versions: dict[str, dict[UUID, int]] = defaultdict(dict)
        self.events = 0

    async def run(self) -> int:
        """Rebuild and swap; answers with the number of events folded. The live table serves until then."""
        async with self._executor.pool.acquire() as tx:
            await tx.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
            try:
                await tx.execute(
                    f"CREATE SCHEMA IF NOT EXISTS rebuild; DROP TABLE IF EXISTS rebuild.{self._table};"
                    f" CREATE TABLE rebuild.{self._table} (LIKE public.{self._table} INCLUDING ALL)"
                )
                line, offsets = await self._fold_up_to_now(tx, 0, {})
                async with tx.transaction():
                    await tx.execute(_DRAW)  # before all else, as whoever writes rows does
                    for source in self._foreign:  # every partition, so that none begins behind our back
                        topics = self.service.topics_of(source)
                        everywhere = [(topic, part) for topic in topics for part in range(PARTITIONS)]
                        await take(tx, f"{self.service.name}.{source}", everywhere, ())
                    await self._fold_up_to_now(tx, line, offsets)
                    await tx.execute(
                        f"DROP TABLE public.{self._table};"
                        f" ALTER TABLE rebuild.{self._table} SET SCHEMA public"
                    )
            finally:
                await tx.execute("RESET statement_timeout; RESET idle_in_transaction_session_timeout")
        return self.events

    async def _fold_up_to_now(
        self, tx: Connection, line: int, offsets: Mapping[Partition, int]
    ) -> tuple[int, dict[Partition, int]]:
        until = await self._line(tx)
        await self._fold_own(tx, line, until)
        reached = dict(offsets)
        for source in self._foreign:
            reached |= await self._fold_foreign(tx, source, offsets)
        return until, reached

    async def _line(self, tx: Connection) -> int:
        """A position below which no append is under way: all that began before have let go of the lock."""
        async with tx.transaction():
            await tx.execute(_DRAW)
            return int(await tx.fetchval("SELECT coalesce(max(pos), 0) FROM es.event"))

    async def _fold_own(self, tx: Connection, line: int, until: int) -> None:
        if not any(self.service.name in p.sources for p in self._projections):
            return
        while line < until:
            found = await tx.fetch(
                "SELECT * FROM es.event WHERE pos > $1 AND pos <= $2 ORDER BY pos LIMIT $3",
                line,
                until,
                _CHUNK,
            )
            if not found:
                return
            messages = [
                stored(self.service.name, row, self._executor.streams.read(row["type"], row["data"]))
                for row in found
            ]
            await self._fold(tx, self.service.name, messages)
            line = found[-1]["pos"]

    async def _fold_foreign(
        self, tx: Connection, source: str, offsets: Mapping[Partition, int]
    ) -> dict[Partition, int]:
        """Fold what the live group has applied of a source: up to its offsets, up to its versions."""
        group = f"{self.service.name}.{source}"
        ends: dict[Partition, int] = {
            (row["topic"], row["part"]): row["next_offset"]
            for row in await tx.fetch(
                "SELECT topic, part, next_offset FROM es.kafka_offset WHERE grp = $1", group
            )
        }
        left = {partition: end for partition, end in ends.items() if offsets.get(partition, 0) < end}
        if not left:
            return ends
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, max_partition_fetch_bytes=4 * 1024 * 1024
        )
        await consumer.start()
        try:
            consumer.assign([TopicPartition(*partition) for partition in left])
            for partition in left:
                consumer.seek(TopicPartition(*partition), offsets.get(partition, 0))
            while left:
                got = await consumer.getmany(timeout_ms=1_000, max_records=_CHUNK)
                batch = [
                    r for p, found in got.items() for r in found if r.offset < ends[p.topic, p.partition]
                ]
                await self._fold(tx, source, await self._fresh(tx, group, batch))
                for p in [TopicPartition(*partition) for partition in left]:
                    if await consumer.position(p) >= ends[p.topic, p.partition]:
                        left.pop((p.topic, p.partition))
                        consumer.pause(p)
        finally:
            await consumer.stop()
        return ends

    async def _fresh(self, tx: Connection, group: str, records: Sequence[Any]) -> list[Recorded[Any]]:
        """Those that are next in their stream and that the live group did not park."""
        placed = []
        for record in records:
            try:
                placed.append((record, envelope_of(record.headers)))
            except UnreadableError:
                continue
        applied = {
            row["stream_id"]: row["version"]
            for row in await tx.fetch(
                "SELECT stream_id, version FROM es.seen WHERE grp = $1 AND stream_id = ANY($2)",
                group,
                [e.stream_id for _, e in placed],
            )
        }
        versions = self._versions[group]
        messages = []
        for record, envelope in placed:
            stream, version = envelope.stream_id, envelope.version
            if version <= applied.get(stream, 0) and version == versions.get(stream, 0) + 1:
                versions[stream] = version
                message = read(self.service, record, envelope)
                if isinstance(message, Recorded):
                    messages.append(message)
        return messages

    async def _fold(self, tx: Connection, source: str, messages: Sequence[Recorded[Any]]) -> None:
        chosen: list[Projection] = [p for p in self._projections if source in p.sources]
        await rows.project(tx, chosen, messages, schema="rebuild")
        self.events += len(messages)
