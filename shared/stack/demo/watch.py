"""Watching the event topics live: what happened, each thing after what caused it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.identity.kafka import Kafka
from shared.runtime.record import PARTITIONS, UnreadableError, envelope_of

SERVICES = ("trials", "regulatory", "safety", "retrieval")
# Topics have no order among them: an event waits this many seconds for its cause to be seen.
_PATIENCE = 0.3


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as it stands on its topic; `trace` is the id of the trace that it belongs to."""

    id: UUID
    type: str
    service: str
    stream: UUID
    at: datetime
    actor: str
    cause: UUID | None
    correlation: UUID
    trace: str
    data: Mapping[str, Any]

    def matches(self, type_: str, wanted: Mapping[str, Any]) -> bool:
        """Whether it is of this type (without its version) and says all of this."""
        return self.type.rpartition(".v")[0] == type_ and all(
            str(self.data.get(name)) == str(value) for name, value in wanted.items()
        )


class Watch:
    """What the topics said since the watch began, each event once and after its cause."""

    def __init__(self, tell: Callable[[Seen], None]) -> None:
        self.events: list[Seen] = []
        self.known: dict[UUID, Seen] = {}
        self._tell = tell
        self._waiting: dict[UUID, tuple[float, Seen]] = {}
        self._news = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def on(self, kafka: Kafka) -> AsyncIterator[Watch]:
        """Watch from now on, until the block ends."""
        reader = AIOKafkaConsumer(**kafka.arguments, enable_auto_commit=False, fetch_max_wait_ms=50)
        await reader.start()
        try:
            reader.assign([TopicPartition(f"{s}.events", n) for s in SERVICES for n in range(PARTITIONS)])
            await reader.seek_to_end()
            self._reading = asyncio.create_task(self._read(reader))
            self._reading.add_done_callback(lambda _: self._news.set())
            yield self
        finally:
            if self._reading:
                self._reading.cancel()
            await reader.stop()

    async def until(self, enough: Callable[[], bool]) -> None:
        """Return when it is so; the caller sets the time limit."""
        while not enough():
            if self._reading and self._reading.done():
                self._reading.result()  # it ends only by a fault: raise that
            self._news.clear()
            await self._news.wait()

    async def _read(self, reader: AIOKafkaConsumer) -> None:
        while True:
            batches = await reader.getmany(timeout_ms=100)
            for record in (record for records in batches.values() for record in records):
                self._take(record)
            self._settle()

    def _take(self, record: ConsumerRecord[Any, Any]) -> None:
        with contextlib.suppress(UnreadableError, KeyError, ValueError):  # no record of ours
            seen = _seen(record)
            if seen.id not in self.known and seen.id not in self._waiting:
                self._waiting[seen.id] = (asyncio.get_running_loop().time(), seen)

    def _settle(self) -> None:
        """Tell what is due: by its own time, and not before its cause unless that keeps us waiting."""
        now = asyncio.get_running_loop().time()
        for came, seen in sorted(self._waiting.values(), key=lambda one: one[1].at):
            if seen.cause is None or seen.cause in self.known or now - came > _PATIENCE:
                del self._waiting[seen.id]
                self.known[seen.id] = seen
                self.events.append(seen)
                self._tell(seen)
                self._news.set()


def _seen(record: ConsumerRecord[Any, Any]) -> Seen:
    envelope = envelope_of(record.headers)
    text = envelope.headers
    return Seen(
        id=UUID(text["ce_id"]),
        type=envelope.type,
        service=text["ce_source"].rpartition("/")[2],
        stream=envelope.stream_id,
        at=datetime.fromisoformat(text["ce_time"]),
        actor=text["ce_actor"],
        cause=UUID(text["ce_causationid"]) if "ce_causationid" in text else None,
        correlation=UUID(text["ce_correlationid"]),
        trace=text.get("traceparent", "").partition("-")[2].partition("-")[0],
        data=json.loads(record.value or b"{}"),
    )
