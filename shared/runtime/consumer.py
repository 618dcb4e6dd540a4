"""FastStream's part: subscriptions in batches, acknowledged by us alone, with offsets kept in Postgres."""

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiokafka import TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from shared.runtime import fetching, logs, metrics
from shared.runtime.database import Pool, retried
from shared.runtime.gate import Gate
from shared.runtime.offsets import DiscontinuityError, Partition, Records

LANES = 2  # partitions go in lanes, each in turn: one computes while the other waits for Postgres
_TELL = 1.0  # seconds after which Kafka hears of what was applied
_AGAIN = 1.0  # seconds before a batch that failed for no known reason is tried again
fetching.tolerate()


@dataclasses.dataclass(frozen=True)
class Timing:
    """What a deployment may set; tests make the group notice a dead member sooner."""

    session_ms: int = 45_000
    circuit_seconds: float = 60.0


class Feed(Protocol):
    """What a subscription feeds: the applier of a source, or the intake of commands."""

    group: str

    async def apply(self, records: Records, allowance: int = 20) -> Any: ...


async def _bare(message: Any, original: Any) -> Any:
    """FastStream decodes every header before us, and skips for ever a record whose headers it cannot read."""
    parsed = await original((dataclasses.replace(message[0], headers=()),))
    parsed.raw_message = tuple(message)
    return parsed


async def _undecoded(message: Any) -> Any:
    return message.raw_message


class Subscription:
    """One consumer group's way from Kafka into a feed."""

    def __init__(
        self, broker: KafkaBroker, topics: Sequence[str], feed: Feed, pool: Pool, timing: Timing
    ) -> None:
        self.group = feed.group
        self._feed = feed
        self._timing = timing
        self.gate = Gate(feed.group, pool, LANES, not feed.group.endswith(".commands"))
        self._lanes: list[asyncio.Queue[tuple[int, Records]]] = [asyncio.Queue(1) for _ in range(LANES)]
        self.open = False  # the circuit: nothing is applied meanwhile
        self._blocked: list[tuple[float, int]] = []
        self._untold: dict[Partition, int] = {}
        self._telling: asyncio.Task[None] | None = None
        self.subscriber = broker.subscriber(
            *topics,
            group_id=feed.group,
            batch=True,
            max_records=LANES * 1_000,
            batch_timeout_ms=200,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            parser=_bare,
            decoder=_undecoded,
            listener=self.gate,
            session_timeout_ms=timing.session_ms,
            heartbeat_interval_ms=timing.session_ms // 5,
            rebalance_timeout_ms=60_000,
            max_poll_interval_ms=300_000,
            max_partition_fetch_bytes=512 * 1024,  # of many partitions a part, so that all lanes have work
        )
        self.subscriber(self._handle)
        self.gate.consumer = lambda: self.subscriber.consumer

    async def _handle(self, records: Records) -> None:
        generation = self.gate.generation  # before the waiting: it may change meanwhile
        if not self.gate.assigned or self.gate.lost:
            return  # handed over while partitions go: another's now, or read again from where Postgres says
        for lane, waiting in enumerate(self._lanes):
            if mine := [r for r in records if r.partition % LANES == lane]:
                await waiting.put((generation, mine))

    async def run(self, lane: int) -> None:
        """Feed what is fetched of a lane's partitions, for ever; more is fetched and decoded meanwhile."""
        while True:
            generation, records = await self._lanes[lane].get()
            while records:
                async with self.gate.lanes[lane]:
                    mine = generation == self.gate.generation
                    records = await self._some(records) if mine else ()
                await self._rest_if_open()
            self._lanes[lane].task_done()

    async def finished(self) -> None:
        """Wait until all that was fetched has been applied."""
        for lane in self._lanes:
            await lane.join()

    async def _some(self, records: Records) -> Records:
        """Apply some of the records; answer with those that are left."""
        try:
            batch = await retried(lambda: self._feed.apply(records, self._allowance()))
        except DiscontinuityError as skipped:
            metrics.DISCONTINUITY.labels(self.group).inc()
            topic, partition = skipped.partition
            logs.log.error("consumer.skipped", topic=topic, partition=partition, offset=skipped.expected)
            self._seek({skipped.partition: skipped.expected})
            return [r for r in records if (r.topic, r.partition) != skipped.partition]
        except Exception as fault:  # FastStream would swallow it and go on behind these records
            logs.log.error("consumer.again", group=self.group, error=type(fault).__name__)
            await asyncio.sleep(_AGAIN)
            self._seek({(r.topic, r.partition): r.offset for r in reversed(records)})
            return ()
        if batch.blocked:
            self._blocked.append((time.monotonic(), batch.blocked))
        self._untold |= batch.next_offsets
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_kafka())
        return [r for r in records if r.offset >= batch.next_offsets[r.topic, r.partition]]

    def lag(self, applied: Mapping[Partition, int]) -> int:
        """Records between what was applied and the log's end, of the partitions that are ours now."""
        consumer = self.gate.consumer()
        ours = consumer.assignment() if consumer else ()
        ends = {(p.topic, p.partition): consumer.highwater(p) or 0 for p in ours}
        return sum(max(0, end - applied.get(partition, 0)) for partition, end in ends.items())

    def _seek(self, offsets: Mapping[Partition, int]) -> None:
        """Read partitions again from here, those that are still ours."""
        for partition in self.gate.consumer().assignment():
            if (offset := offsets.get((partition.topic, partition.partition))) is not None:
                self.gate.consumer().seek(partition, offset)

    def _allowance(self) -> int:
        """How many more streams may get blocked now; 20 within the circuit's time, at least one."""
        since = time.monotonic() - self._timing.circuit_seconds
        self._blocked = [(at, n) for at, n in self._blocked if at > since]
        return max(1, 20 - sum(n for _, n in self._blocked))

    async def _rest_if_open(self) -> None:
        if sum(n for _, n in self._blocked) < 20:
            return
        logs.log.error("consumer.circuit_open", group=self.group, seconds=self._timing.circuit_seconds)
        self.open = True
        metrics.CIRCUIT.labels(self.group).set(1)
        await asyncio.sleep(self._timing.circuit_seconds)
        self.open = False
        metrics.CIRCUIT.labels(self.group).set(0)

    async def _tell_kafka(self) -> None:
        """Tell Kafka too, once in a while, for the tools that show lag. Nothing depends on it."""
        await asyncio.sleep(_TELL)
        untold, self._untold = self._untold, {}
        with contextlib.suppress(Exception):
            offsets = {TopicPartition(*partition): offset for partition, offset in untold.items()}
            await asyncio.wait_for(self.gate.consumer().commit(offsets), 5)
