"""A batch of records into Postgres, applied once per consumer group, fenced by the stored offset."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from shared.contracts.message import Event, Recorded
from shared.runtime import failpoints, logs, metrics, offsets, parked, past, rows
from shared.runtime.database import TRANSIENT, Connection, writing
from shared.runtime.execute import Executor
from shared.runtime.offsets import Batch, DiscontinuityError, Records, Standing
from shared.runtime.parked import Fault
from shared.runtime.place import DUPLICATE, head_of, place
from shared.runtime.react import react
from shared.runtime.record import Envelope, UnreadableError
from shared.runtime.service import Service
from shared.runtime.takers import Projections

Ready = tuple[Any, Envelope, Recorded[Any] | None]  # no event: nobody here reads its type
Failed = tuple[Any, Fault]
Headed = tuple[Any, Envelope | UnreadableError]
Run = Callable[[Connection, Sequence[Ready], Batch], Awaitable[Sequence[Failed]]]
REACTING = 200  # events that reactions take, in one transaction


class Applier:
    """Applies records of a source for the group `<service>.<source>`; own events are folded by then."""

    def __init__(self, service: Service, executor: Executor, source: str) -> None:
        self.service, self.executor = service, executor
        self.group, self.reactions = f"{service.name}.{source}", service.reactions_to(source)
        self.projections = Projections(()) if source == service.name else service.projections_of(source)

    def wants(self, event: type[Event], envelope: Envelope) -> bool:
        """Whether anything here takes such an event; where nothing does, its data are not even read."""
        taken = self.projections.of(event) or self.reactions.of(event)
        return bool(taken) or self.executor.trials.may_begin(envelope)

    async def apply(self, records: Records, allowance: int = 20) -> Batch:
        """Apply records in offset order a partition; fewer than given once `allowance` streams got blocked.

        Raises DiscontinuityError, or what Postgres raised when it was not to be had.
        """
        failpoints.reach("consumer.read")
        headed = [(record, head_of(record)) for record in records]
        try:
            passed = await past.go_past(self, headed)
            batch = passed or await self._transact(headed, allowance, self._together)
        except (*TRANSIENT, DiscontinuityError, TimeoutError):
            raise
        except Exception as fault:  # our own code fails on an event: again, one by one, to find it
            logs.log.error("consumer.failed", error=type(fault).__name__, group=self.group)
            batch = await self._transact(headed, allowance, self._one_by_one)
        failpoints.reach("consumer.applied")
        self.executor.committed(batch.work)
        for outcome, count in batch.outcomes.items():
            metrics.APPLIED.labels(self.group, outcome).inc(count)
        return batch

    async def _transact(self, headed: Sequence[Headed], allowance: int, run: Run) -> Batch:
        batch, partitions = Batch(), {(record.topic, record.partition) for record, _ in headed}
        streams = {head.stream_id for _, head in headed if isinstance(head, Envelope)}
        async with writing(self.executor.pool) as tx:
            standing = await offsets.take(tx, self.group, partitions, streams)
            fresh, batch.next_offsets = offsets.fresh(headed, standing.offsets), standing.offsets
            batch.outcomes["reread"] += len(headed) - len(fresh)
            await self._apply(
                tx, await self._place(tx, fresh, batch, allowance, standing), batch, standing, run
            )
            failpoints.reach("consumer.applying")
        return batch

    async def _place(
        self, tx: Connection, headed: Sequence[Headed], batch: Batch, allowance: int, standing: Standing
    ) -> list[Ready]:
        """The events that are next in their streams; what cannot be applied is parked."""
        ready: list[Ready] = []
        seen, reacting = dict(standing.seen), 0
        for record, head in headed:
            if batch.blocked >= allowance or reacting >= REACTING:
                break
            batch.next_offsets[record.topic, record.partition] = record.offset + 1
            message = place(self.service, record, head, seen, standing.blocks, self.wants)
            if isinstance(message, Fault):
                batch.blocked += await parked.park(tx, self.group, record, message, standing.blocks)
                batch.outcomes["parked"] += 1
            elif message == DUPLICATE:
                batch.outcomes["duplicate"] += 1
            elif isinstance(head, Envelope):
                seen[head.stream_id] = head.version
                event = message if isinstance(message, Recorded) else None
                ready.append((record, head, event))
                reacting += bool(event and self.reactions.of(type(event.data)))
        return ready

    async def _apply(
        self, tx: Connection, ready: Sequence[Ready], batch: Batch, standing: Standing, run: Run
    ) -> None:
        moved: dict[UUID, int] = {head.stream_id: head.version for _, head, _ in ready}
        for record, fault in await run(tx, ready, batch):
            if fault.reason == "failed" and fault.stream_id and fault.version:
                moved[fault.stream_id] = fault.version - 1
            batch.blocked += await parked.park(tx, self.group, record, fault, standing.blocks)
            batch.outcomes["parked"] += 1
        after = {stream: version for stream, version in moved.items() if version}
        await offsets.advance(tx, self.group, batch.next_offsets, standing.seen, after)
        for stream_id in moved:
            if standing.blocks.get(stream_id) == "gap":
                await self.drain(tx, batch, stream_id)

    async def _together(self, tx: Connection, ready: Sequence[Ready], batch: Batch) -> Sequence[Failed]:
        """Fold and react, all at once; what our own code fails on is raised."""
        await self._run(tx, [message for *_, message in ready if message], batch)
        for *_, message in ready:
            batch.outcomes["applied" if message else "ignored"] += 1
        return ()

    async def _one_by_one(self, tx: Connection, ready: Sequence[Ready], batch: Batch) -> Sequence[Failed]:
        """Fold and react; answer with the events that our own code fails on, and all that follow them."""
        failed, left = set[UUID](), list[Failed]()
        for record, head, message in ready:
            stream, version = head.stream_id, head.version
            if stream in failed:
                left.append((record, Fault("behind", parked.BEHIND, stream, version)))
            elif message and (fault := await self._attempt(tx, message, batch)):
                failed.add(stream)
                left.append((record, Fault("failed", type(fault).__name__, stream, version)))
            else:
                batch.outcomes["applied" if message else "ignored"] += 1
        return left

    async def _run(self, tx: Connection, messages: Sequence[Recorded[Any]], batch: Batch) -> None:
        await self.executor.trials.hear(tx, batch.work, messages)
        await rows.project(tx, self.projections, messages)
        await react(tx, self.executor, batch.work, self.reactions, messages)

    async def _attempt(self, tx: Connection, message: Recorded[Any], batch: Batch) -> Exception | None:
        before = batch.work.so_far()
        await tx.execute("SAVEPOINT attempt")
        try:
            await self._run(tx, [message], batch)
        except TRANSIENT:
            raise
        except Exception as fault:
            await tx.execute("ROLLBACK TO attempt")
            batch.work.back_to(before)
            return fault
        await tx.execute("RELEASE attempt")
        return None

    async def drain(self, tx: Connection, batch: Batch, stream_id: UUID) -> None:
        """Apply what waits of a stream as far as versions follow on; unblock it when nothing waits."""
        seen = (await offsets.take(tx, self.group, (), {stream_id})).seen
        for record in await parked.waiting(tx, self.group, stream_id):
            message = place(self.service, record, head_of(record), seen, {}, self.wants)
            if isinstance(message, Recorded) and (fault := await self._attempt(tx, message, batch)):
                message = Fault("failed", type(fault).__name__, stream_id, message.version)
            if isinstance(message, Fault):  # what the stream waits for from now on
                await parked.park(tx, self.group, record, message, {})
                return
            if message != DUPLICATE:
                moved = {stream_id: seen.get(stream_id, 0) + 1}
                await offsets.advance(tx, self.group, {}, seen, moved)
                seen |= moved
            await parked.forget(tx, self.executor, batch.work, self.group, record)
            batch.outcomes["replayed"] += 1
        await parked.unblock(tx, self.group, stream_id)
