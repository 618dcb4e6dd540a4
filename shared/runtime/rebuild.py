"""One projection folded anew from the events, beside the live one, and swapped in under a short lock."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from shared.contracts.message import Recorded
from shared.identity.kafka import Kafka
from shared.runtime import rows
from shared.runtime.database import Connection
from shared.runtime.execute import Executor
from shared.runtime.offsets import take
from shared.runtime.record import PARTITIONS, stored
from shared.runtime.reread import CHUNK, Reread
from shared.runtime.takers import Projections

_SWAP = 10  # seconds that writers may have to wait for the swap
_DRAW = "SELECT pg_advisory_xact_lock(7002)"  # whoever writes rows holds it shared


class RebuildingError(Exception):
    """The table is being rebuilt already."""


class Rebuild:
    """A rebuild in progress; `events` counts what was folded."""

    def __init__(self, executor: Executor, kafka: Kafka, table: str) -> None:
        self.service = executor.service
        self._executor = executor
        self._kafka = kafka
        self._table = table
        self._projections = [p for p in self.service.projections if p.table == table]
        if not self._projections:
            raise KeyError(table)
        self._foreign = sorted({s for p in self._projections for s in p.sources} - {self.service.name})
        self.events = 0

    async def run(self) -> int:
        """Rebuild and swap; answers with the number of events folded. The live table serves until then."""
        async with self._executor.pool.acquire() as tx, contextlib.AsyncExitStack() as ending:
            await tx.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
            ending.push_async_callback(
                tx.execute, "RESET statement_timeout; RESET idle_in_transaction_session_timeout"
            )
            if not await tx.fetchval("SELECT pg_try_advisory_lock(7003, hashtext($1))", self._table):
                raise RebuildingError(self._table)
            ending.push_async_callback(
                tx.execute, "SELECT pg_advisory_unlock(7003, hashtext($1))", self._table
            )
            topics = None
            if self._foreign:
                topics = await ending.enter_async_context(Reread(self.service, self._kafka))
            await tx.execute(
                f"CREATE SCHEMA IF NOT EXISTS rebuild; DROP TABLE IF EXISTS rebuild.{self._table};"
                f" CREATE TABLE rebuild.{self._table} (LIKE public.{self._table} INCLUDING ALL)"
            )
            line = await self._fold_up_to_now(tx, topics, 0)
            async with asyncio.timeout(_SWAP), tx.transaction():  # all that writes rows waits meanwhile
                await tx.execute(_DRAW)  # before all else, as whoever writes rows does
                for source in self._foreign:  # every partition, so that none begins behind our back
                    of_it = self.service.topics_of(source)
                    everywhere = [(topic, part) for topic in of_it for part in range(PARTITIONS)]
                    await take(tx, f"{self.service.name}.{source}", everywhere, ())
                await self._fold_up_to_now(tx, topics, line)
                await tx.execute(
                    f"DROP TABLE public.{self._table}; ALTER TABLE rebuild.{self._table} SET SCHEMA public"
                )
                await tx.execute("SELECT es.protect($1)", self._table)
        return self.events

    async def _fold_up_to_now(self, tx: Connection, topics: Reread | None, line: int) -> int:
        until = await self._line(tx)
        await self._fold_own(tx, line, until)
        if topics is not None:
            for source in self._foreign:
                async for messages in topics.up_to_now(tx, source):
                    await self._fold(tx, source, messages)
        return until

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
                CHUNK,
            )
            if not found:
                return
            messages = [
                stored(self.service.name, row, self._executor.streams.read(row["type"], row["data"]))
                for row in found
            ]
            await self._fold(tx, self.service.name, messages)
            line = found[-1]["pos"]

    async def _fold(self, tx: Connection, source: str, messages: Sequence[Recorded[Any]]) -> None:
        chosen = Projections(p for p in self._projections if source in p.sources)
        await rows.project(tx, chosen, messages, schema="rebuild")
        self.events += len(messages)
