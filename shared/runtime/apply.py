"""A batch of records into Postgres, applied once per consumer group, fenced by the stored offset."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from shared.contracts.message import Recorded
from shared.runtime import failpoints, logs, metrics, names, offsets, parked, rows
from shared.runtime.cause import Work
from shared.runtime.database import TRANSIENT, Connection
from shared.runtime.execute import Executor
from shared.runtime.offsets import Partition, Records
from shared.runtime.parked import Fault
from shared.runtime.place import DUPLICATE, head_of, place
from shared.runtime.react import react
from shared.runtime.record import Envelope
from shared.runtime.service import Service

Ready = tuple[Any, Envelope, Recorded[Any] | None]  # no event: nobody here reads its type
REACTING = 200  # events with reactions that one transaction takes


@dataclass
class Batch:
    """What became of the records of one transaction."""

    work: Work = field(default_factory=Work)
    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    next_offsets: dict[Partition, int] = field(default_factory=dict)
    blocked: int = 0
    taken: int = 0


class Applier:
    """Applies the records of one source to one service, for the group `<service>.<source>`."""

    def __init__(self, service: Service, executor: Executor, source: str) -> None:
        self.service = service
        self.executor = executor
        self.source = source
        self.group = f"{service.name}.{source}"
        self.reaction = service.reaction_to(source)
        # The service's own projections are folded where the event is appended, never here.
        self.projections = () if source == service.name else service.projections_of(source)

    async def apply(self, records: Records, allowance: int = 20) -> Batch:
        """Apply records in offset order a partition; fewer than given once `allowance` streams got blocked.

        Raises DiscontinuityError, or what Postgres raised when it was not to be had.
        """
        failpoints.reach("consumer.read")
        batch = Batch()
        async with self.executor.pool.acquire(timeout=5) as tx, tx.transaction():
            partitions = sorted({(r.topic, r.partition) for r in records})
            batch.next_offsets = await offsets.lock(tx, self.group, partitions)
            fresh = offsets.fresh(records, batch.next_offsets)
            batch.outcomes["reread"] += len(records) - len(fresh)
            await self._take(tx, fresh, batch, allowance)
            await offsets.advance(tx, self.group, batch.next_offsets)
            failpoints.reach("consumer.applying")
        failpoints.reach("consumer.applied")
        self.executor.committed(batch.work)
        for outcome, count in batch.outcomes.items():
            metrics.APPLIED.labels(self.group, outcome).inc(count)
        return batch

    async def _take(self, tx: Connection, records: Records, batch: Batch, allowance: int) -> None:
        placed = [(record, head_of(record)) for record in records]
        streams = {e.stream_id for _, e in placed if isinstance(e, Envelope)}
        seen = await parked.seen(tx, self.group, streams)
        blocks = await parked.blocked(tx, self.group, streams)
        ready: list[Ready] = []
        moved: dict[UUID, int] = {}
        reacting = 0
        for record, head in placed:
            if batch.blocked >= allowance or reacting >= REACTING:
                break
            batch.taken += 1
            batch.next_offsets[record.topic, record.partition] = record.offset + 1
            message = place(self.service, record, head, seen, blocks)
            if isinstance(message, Fault):
                batch.blocked += await parked.park(tx, self.group, record, message, blocks)
                batch.outcomes["parked"] += 1
            elif message == DUPLICATE:
                batch.outcomes["duplicate"] += 1
            else:
                assert isinstance(head, Envelope)  # noqa: S101  for the type checker
                seen[head.stream_id] = moved[head.stream_id] = head.version
                event = message if isinstance(message, Recorded) else None
                ready.append((record, head, event))
                reacting += bool(event and self.reaction and self.reaction.acts_on(event))
        await self._handle(tx, ready, batch, moved, blocks)
        await parked.move(tx, self.group, moved)
        for stream_id in moved:
            if blocks.get(stream_id) == "gap":
                await self.drain(tx, batch, stream_id)

    async def _handle(
        self,
        tx: Connection,
        ready: Sequence[Ready],
        batch: Batch,
        moved: dict[UUID, int],
        blocks: dict[UUID, str],
    ) -> None:
        """Fold and react, all at once; where our own code fails on one event, one by one to find it."""
        if not ready:
            return
        if await self._attempt(tx, [m for _, _, m in ready if m], batch) is None:
            for _, _, message in ready:
                batch.outcomes["applied" if message else "ignored"] += 1
            return
        failed: set[UUID] = set()
        for record, envelope, message in ready:
            stream, version = envelope.stream_id, envelope.version
            reason = Fault("behind", "an earlier event of the stream is parked", stream, version)
            if stream not in failed:
                fault = await self._attempt(tx, [message], batch) if message else None
                if fault is None:
                    batch.outcomes["applied" if message else "ignored"] += 1
                    continue
                reason = Fault("failed", type(fault).__name__, stream, version)
                moved[stream] = version - 1
                failed.add(stream)
            batch.blocked += await parked.park(tx, self.group, record, reason, blocks)
            batch.outcomes["parked"] += 1

    async def _attempt(
        self, tx: Connection, messages: Sequence[Recorded[Any]], batch: Batch
    ) -> Exception | None:
        before = batch.work.so_far()
        try:
            async with tx.transaction():
                await names.hear_of_trials(tx, messages)
                await rows.project(tx, self.projections, messages)
                if self.reaction:
                    await react(tx, self.executor, batch.work, self.reaction, messages)
        except TRANSIENT:
            raise
        except Exception as fault:
            batch.work = before
            logs.log.error("consumer.failed", error=type(fault).__name__, group=self.group, exc_info=False)
            return fault
        return None

    async def drain(self, tx: Connection, batch: Batch, stream_id: UUID) -> None:
        """Apply what waits of a stream as far as versions follow on; unblock it when nothing waits."""
        for record in await parked.waiting(tx, self.group, stream_id):
            seen = await parked.seen(tx, self.group, {stream_id})
            message = place(self.service, record, head_of(record), seen, {})
            if isinstance(message, Fault):
                return
            if isinstance(message, Recorded) and await self._attempt(tx, [message], batch):
                return
            if message != DUPLICATE:
                await parked.move(tx, self.group, {stream_id: seen.get(stream_id, 0) + 1})
            await parked.forget(tx, self.group, record)
            batch.outcomes["replayed"] += 1
        await parked.unblock(tx, self.group, stream_id)
