"""A batch of records into Postgres, applied once per consumer group, fenced by the stored offset."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord
from pydantic import ValidationError

from shared.contracts.message import Recorded
from shared.runtime import logs, metrics, parked, rows
from shared.runtime.database import TRANSIENT, Connection
from shared.runtime.execute import Executor, Work
from shared.runtime.parked import Fault
from shared.runtime.react import react
from shared.runtime.record import Envelope, UnreadableError, envelope_of, recorded
from shared.runtime.service import Service

Partition = tuple[str, int]
Ready = tuple[Any, Envelope, Recorded[Any] | None]  # no event: nobody here reads its type
REACTING = 200  # events with reactions that one transaction takes


class DiscontinuityError(Exception):
    """Records were skipped: the first of a partition is beyond the offset that was stored."""

    def __init__(self, partition: Partition, expected: int) -> None:
        super().__init__(f"{partition} continues at {expected}")
        self.partition, self.expected = partition, expected


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

    async def apply(self, records: Sequence[ConsumerRecord[Any, Any]], allowance: int = 20) -> Batch:
        """Apply records in offset order a partition. Takes fewer than given where `allowance` streams got blocked.

        Raises DiscontinuityError, or what Postgres raised when it was not to be had.
        """
        batch = Batch()
        async with self.executor.pool.acquire(timeout=5) as tx, tx.transaction():
            fresh = await self._fence(tx, records, batch)
            await self._take(tx, fresh, batch, allowance)
            await self._advance(tx, batch)
        self.executor.committed(batch.work)
        for outcome, count in batch.outcomes.items():
            metrics.APPLIED.labels(self.group, outcome).inc(count)
        return batch

    async def _fence(
        self, tx: Connection, records: Sequence[ConsumerRecord[Any, Any]], batch: Batch
    ) -> list[ConsumerRecord[Any, Any]]:
        """Lock the offsets: a zombie waits here and then finds its records applied. Drop what is below them."""
        partitions = sorted({(r.topic, r.partition) for r in records})
        topics, parts = [t for t, _ in partitions], [p for _, p in partitions]
        await tx.execute(
            "INSERT INTO es.kafka_offset SELECT $1, t, p, 0 FROM unnest($2::text[], $3::int[]) u(t, p)"
            " ON CONFLICT DO NOTHING",
            self.group,
            topics,
            parts,
        )
        stored = await tx.fetch(
            "SELECT topic, part, next_offset FROM es.kafka_offset JOIN unnest($2::text[], $3::int[]) u(topic, part)"
            " USING (topic, part) WHERE grp = $1 ORDER BY topic, part FOR UPDATE OF kafka_offset",
            self.group,
            topics,
            parts,
        )
        offsets: dict[Partition, int] = {(r["topic"], r["part"]): r["next_offset"] for r in stored}
        batch.next_offsets = offsets
        fresh, expected = [], dict(offsets)
        for record in records:
            partition = (record.topic, record.partition)
            if record.offset > expected[partition]:
                raise DiscontinuityError(partition, expected[partition])
            if record.offset == expected[partition]:
                fresh.append(record)
                expected[partition] += 1
        batch.outcomes["reread"] += len(records) - len(fresh)
        return fresh

    async def _take(
        self, tx: Connection, records: Sequence[ConsumerRecord[Any, Any]], batch: Batch, allowance: int
    ) -> None:
        placed = [(record, _envelope(record)) for record in records]
        streams = {e.stream_id for _, e in placed if isinstance(e, Envelope)}
        seen = await parked.seen(tx, self.group, streams)
        blocks = await parked.blocked(tx, self.group, streams)
        ready: list[Ready] = []
        moved: dict[UUID, int] = {}
        reacting = 0
        for record, envelope in placed:
            if batch.blocked >= allowance or reacting >= REACTING:
                break
            batch.taken += 1
            batch.next_offsets[record.topic, record.partition] = record.offset + 1
            message = self._place(record, envelope, seen, blocks)
            if isinstance(message, Fault):
                batch.blocked += await parked.park(tx, self.group, record, message, blocks)
                batch.outcomes["parked"] += 1
            elif message == "duplicate":
                batch.outcomes["duplicate"] += 1
            else:
                assert isinstance(envelope, Envelope)  # noqa: S101  for the type checker
                seen[envelope.stream_id] = moved[envelope.stream_id] = envelope.version
                event = message if isinstance(message, Recorded) else None
                ready.append((record, envelope, event))
                reacting += bool(event and self.reaction and self.reaction.acts_on(event))
        await self._handle(tx, ready, batch, moved, blocks)
        await parked.move(tx, self.group, moved)
        for stream_id in moved:
            if blocks.get(stream_id) == "gap":
                await self.drain(tx, batch, stream_id)

    def _place(
        self,
        record: Any,
        envelope: Envelope | UnreadableError,
        seen: dict[UUID, int],
        blocks: dict[UUID, str],
    ) -> Recorded[Any] | Fault | str:
        """The event if it is next in its stream, `duplicate`, `unknown`, or why it must be parked."""
        if isinstance(envelope, UnreadableError):
            return Fault("unreadable", str(envelope))
        stream, version = envelope.stream_id, envelope.version
        if version <= seen.get(stream, 0):
            return "duplicate"
        if stream in blocks and not (blocks[stream] == "gap" and version == seen.get(stream, 0) + 1):
            return Fault("behind", "an earlier event of the stream is parked", stream, version)
        if version > seen.get(stream, 0) + 1:
            return Fault("gap", f"version {seen.get(stream, 0) + 1} is missing", stream, version)
        return self.read(record, envelope)

    def read(self, record: Any, envelope: Envelope) -> Recorded[Any] | Fault | str:
        """The event, `unknown` where no contract reads its type, or why it cannot be read."""
        stream, version = envelope.stream_id, envelope.version
        contract = self.service.types.get(envelope.type)
        if contract is None:
            newer = parked.newer_version(envelope.type, self.service.types)
            return (
                Fault("newer", f"{envelope.type} is newer than we are", stream, version)
                if newer
                else "unknown"
            )
        try:
            message = recorded(envelope, contract.model_validate_json(record.value or b""))
            if message.source != record.topic.partition(".")[0]:
                return Fault("source", "ce_source is not the owner of the topic", stream, version)
            return message
        except UnreadableError as fault:
            return Fault("unreadable", str(fault), stream, version)
        except ValidationError as fault:
            fields = sorted(
                {".".join(map(str, e["loc"])) or "(body)" for e in fault.errors(include_input=False)}
            )
            return Fault("schema", f"{envelope.type}: {', '.join(fields)[:200]}", stream, version)

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
        before = dict(batch.work.states), batch.work.appended
        try:
            async with tx.transaction():
                await rows.project(tx, self.projections, messages)
                await react(tx, self.executor, batch.work, self, messages)
        except TRANSIENT:
            raise
        except Exception as fault:
            batch.work.states, batch.work.appended = before
            logs.log.error("consumer.failed", error=type(fault).__name__, group=self.group, exc_info=False)
            return fault
        return None

    async def drain(self, tx: Connection, batch: Batch, stream_id: UUID) -> None:
        """Apply what waits of a stream, as far as its versions follow each other; unblock it when nothing waits."""
        for record in await parked.waiting(tx, self.group, stream_id):
            envelope = _envelope(record)
            seen = await parked.seen(tx, self.group, {stream_id})
            message = self._place(record, envelope, seen, {})
            if isinstance(message, Fault):
                return
            if isinstance(message, Recorded) and await self._attempt(tx, [message], batch):
                return
            if message != "duplicate":
                await parked.move(tx, self.group, {stream_id: seen.get(stream_id, 0) + 1})
            await parked.forget(tx, self.group, record)
            batch.outcomes["replayed"] += 1
        await parked.unblock(tx, self.group, stream_id)

    async def _advance(self, tx: Connection, batch: Batch) -> None:
        await tx.execute(
            "UPDATE es.kafka_offset o SET next_offset = greatest(o.next_offset, u.n)"
            " FROM unnest($2::text[], $3::int[], $4::bigint[]) u(t, p, n)"
            " WHERE o.grp = $1 AND o.topic = u.t AND o.part = u.p",
            self.group,
            [t for t, _ in batch.next_offsets],
            [p for _, p in batch.next_offsets],
            list(batch.next_offsets.values()),
        )


def _envelope(record: Any) -> Envelope | UnreadableError:
    try:
        return envelope_of(record.headers)
    except UnreadableError as fault:
        return fault
