"""Fault 12: whatever order, repetition, loss and crash deliveries come with, the follower is its model."""

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar
from unittest.mock import patch
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from shared.runtime.apply import Applier
from shared.runtime.database import open_pool
from shared.runtime.execute import Executor
from shared.runtime.offsets import DiscontinuityError
from tests.support import probe, raw
from tests.support.stack import Servers, new_database

pytestmark = pytest.mark.short
T = TypeVar("T")
TOPIC, GROUP = "alpha.events", "beta.alpha"
TRIALS = [UUID(int=n) for n in (1, 2)]  # one a partition
STREAMS = [UUID(int=n) for n in range(10, 16)]  # the even ones belong to the first trial
PLACES = st.integers(0, len(STREAMS) - 1)


class CrashError(BaseException):
    """The process ends here."""


class Model:
    """What the follower must come to, a record at a time, in plain Python."""

    def __init__(self) -> None:
        self.seen: dict[UUID, int] = defaultdict(int)
        self.numbers: dict[UUID, list[int]] = defaultdict(list)
        self.parked: dict[tuple[int, int], tuple[UUID, int]] = {}
        self.blocked: dict[UUID, str] = {}
        self.next = [0, 0]
        self._content: dict[tuple[UUID, int], int | None] = {}

    def take(self, record: ConsumerRecord[Any, Any]) -> None:
        self.next[record.partition] = record.offset + 1
        headers = dict(record.headers)
        stream, version = UUID(headers["ce_subject"].decode()), int(headers["ce_sequence"])
        n = json.loads(record.value)["n"]
        self._content[stream, version] = n if isinstance(n, int) else None
        if version <= self.seen[stream]:
            return
        due = version == self.seen[stream] + 1
        readable = self._content[stream, version] is not None
        if due and readable and self.blocked.get(stream) in (None, "gap"):
            self._apply(stream, version)
            if stream in self.blocked:
                self._drain(stream)
            return
        self.parked[record.partition, record.offset] = (stream, version)
        if due and not readable and self.blocked.get(stream) == "gap":
            self.blocked[stream] = "schema"  # what was missing has come, and cannot be read
        self.blocked.setdefault(stream, "schema" if due else "gap")

    def _apply(self, stream: UUID, version: int) -> None:
        content = self._content[stream, version]
        assert content is not None
        self.seen[stream] = version
        self.numbers[stream].append(content)

    def _drain(self, stream: UUID) -> None:
        for place, (_, version) in sorted(
            ((p, w) for p, w in self.parked.items() if w[0] == stream), key=lambda item: (item[1][1], item[0])
        ):
            if version == self.seen[stream] + 1 and self._content[stream, version] is not None:
                self._apply(stream, version)
            elif version > self.seen[stream]:
                return
            del self.parked[place]
        del self.blocked[stream]


class Deliveries(RuleBasedStateMachine):
    """A topic of two partitions in memory, a real Applier on a real Postgres."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    executor: ClassVar[Executor]

    def run_(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize()
    def empty(self) -> None:
        self.log: list[list[ConsumerRecord[Any, Any]]] = [[], []]
        self.versions: dict[UUID, int] = defaultdict(int)
        self.position = [0, 0]
        self.model = Model()
        self.start()
        self.run_(
            self.executor.pool.execute(
                "TRUNCATE tally, es.seen, es.kafka_offset, es.parked_event, es.blocked_stream"
            )
        )

    def start(self) -> None:
        """As a new process: nothing is remembered but what Postgres knows."""
        service = probe.beta()
        self.applier = Applier(service, Executor(service, self.executor.pool), "alpha")

    def put(self, stream: UUID, version: int, value: bytes | None = None, n: int = 1) -> None:
        part = STREAMS.index(stream) % 2
        over = {} if value is None else {"value": value}
        made = raw.event("alpha", stream, version, TRIALS[part], n, **over)
        self.log[part].append(
            ConsumerRecord(
                TOPIC, part, len(self.log[part]), 0, 0, made.key, made.value, None, 0, 0, tuple(made.headers)
            )
        )

    @rule(place=PLACES, n=st.integers(1, 9))
    def publish(self, place: int, n: int) -> None:
        self.versions[STREAMS[place]] += 1
        self.put(STREAMS[place], self.versions[STREAMS[place]], n=n)

    @rule(place=PLACES)
    def publish_poison(self, place: int) -> None:
        self.versions[STREAMS[place]] += 1
        self.put(STREAMS[place], self.versions[STREAMS[place]], b'{"n": "many"}')

    @rule(place=PLACES)
    def lose(self, place: int) -> None:
        """An event that never reaches the topic: the next one shows the gap."""
        self.versions[STREAMS[place]] += 1

    @rule(part=st.integers(0, 1), data=st.data())
    def repeat(self, part: int, data: st.DataObject) -> None:
        """The relay sends again what it had sent."""
        if self.log[part]:
            again = data.draw(st.sampled_from(self.log[part]))
            self.log[part].append(ConsumerRecord(**{**_fields(again), "offset": len(self.log[part])}))

    @rule(place=PLACES)
    def republish(self, place: int) -> None:
        """The owner sends the stream again, from the first version that is missing."""
        stream = STREAMS[place]
        known = {
            h["ce_sequence"]: r.value
            for r in self.log[place % 2]
            if (h := dict(r.headers))["ce_subject"] == str(stream).encode()
        }
        for version in range(self.model.seen[stream] + 1, self.versions[stream] + 1):
            self.put(stream, version, known.get(b"%020d" % version), n=version)

    @rule(most=st.integers(1, 12), shuffle=st.randoms(use_true_random=False))
    def deliver(self, most: int, shuffle: random.Random) -> None:
        """A batch: each partition in order, the partitions anyhow."""
        batch = self.next_batch(most, shuffle)
        self.applied(self.run_(self.applier.apply(batch)).next_offsets, batch)

    @rule(most=st.integers(1, 12), shuffle=st.randoms(use_true_random=False), late=st.booleans())
    def crash(self, most: int, shuffle: random.Random, late: bool) -> None:
        """The process ends before the commit or right after it; another reads on from where Postgres says."""
        batch = self.next_batch(most, shuffle)
        if not batch:
            return
        place = "consumer.applied" if late else "consumer.applying"

        def reach(name: str) -> None:
            if name == place:
                raise CrashError

        with patch("shared.runtime.failpoints.reach", reach), pytest.raises(CrashError):
            self.run_(self.applier.apply(batch))
        if late:
            for record in batch:
                self.model.take(record) if record.offset == self.model.next[record.partition] else None
        self.position = list(self.model.next)
        self.start()

    @rule(part=st.integers(0, 1), back=st.integers(0, 10))
    def rewind(self, part: int, back: int) -> None:
        """A rebalance, or Kafka's committed offset behind ours."""
        self.position[part] = max(0, self.position[part] - back)

    @rule(part=st.integers(0, 1), ahead=st.integers(1, 5))
    def skip(self, part: int, ahead: int) -> None:
        """Records are left out on the way: nothing of the batch is applied."""
        left_out = self.log[part][self.model.next[part] + ahead :]
        if left_out:
            with pytest.raises(DiscontinuityError) as noticed:
                self.run_(self.applier.apply(left_out))
            assert noticed.value.expected == self.model.next[part]

    def next_batch(self, most: int, shuffle: random.Random) -> list[ConsumerRecord[Any, Any]]:
        waiting = [self.log[part][at : at + most] for part, at in enumerate(self.position)]
        batch = []
        while any(waiting):
            batch.append(shuffle.choice([records for records in waiting if records]).pop(0))
        return batch

    def applied(self, offsets: dict[Any, int], batch: list[ConsumerRecord[Any, Any]]) -> None:
        for record in batch:
            if record.offset == self.model.next[record.partition]:
                self.model.take(record)
        for (_, part), offset in offsets.items():
            assert offset == self.model.next[part]
            self.position[part] = offset

    @invariant()
    def follower_is_its_model(self) -> None:
        if not hasattr(self, "model"):
            return
        pool, model = self.executor.pool, self.model
        seen = self.run_(pool.fetch("SELECT stream_id, version FROM es.seen WHERE version > 0"))
        assert {row[0]: row[1] for row in seen} == {s: v for s, v in model.seen.items() if v}
        rows = self.run_(pool.fetch("SELECT tally_id, total, history FROM tally"))
        assert {r[0]: (r[1], json.loads(r[2])) for r in rows} == {
            stream: (sum(numbers), numbers[-20:]) for stream, numbers in model.numbers.items() if numbers
        }
        parked = self.run_(pool.fetch("SELECT part, koffset, stream_id, version FROM es.parked_event"))
        assert {(r[0], r[1]): (r[2], r[3]) for r in parked} == model.parked
        blocked = self.run_(pool.fetch("SELECT stream_id, reason FROM es.blocked_stream"))
        assert {r[0]: r[1] for r in blocked} == model.blocked
        offsets = self.run_(pool.fetch("SELECT part, next_offset FROM es.kafka_offset"))
        assert {r[0]: r[1] for r in offsets if r[1]} == {p: n for p, n in enumerate(model.next) if n}


def _fields(record: ConsumerRecord[Any, Any]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def test_the_follower_is_its_model_whatever_deliveries_come(servers: Servers) -> None:
    loop = asyncio.new_event_loop()
    try:
        dsn = loop.run_until_complete(new_database(servers, probe.beta()))
        pool = loop.run_until_complete(open_pool(dsn, "test", 2))
        Deliveries.loop, Deliveries.executor = loop, Executor(probe.beta(), pool)
        run_state_machine_as_test(
            Deliveries,
            settings=settings(
                max_examples=40,
                stateful_step_count=30,
                deadline=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
        loop.run_until_complete(pool.close())
    finally:
        loop.close()
