"""Other services' events read again from their topics: those that a live group has applied, in its order."""

import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.message import Recorded
from shared.identity.kafka import Kafka
from shared.runtime.database import Connection
from shared.runtime.offsets import Partition
from shared.runtime.place import read
from shared.runtime.record import Envelope, UnreadableError, envelope_of
from shared.runtime.service import Service

CHUNK = 5_000  # events a step


class Reread:
    """A second reading of a service's foreign topics; it keeps where it is, and commits nothing."""

    def __init__(self, service: Service, kafka: Kafka) -> None:
        self._service = service
        # With "none" an offset that the log no longer holds is an error, never a silent jump.
        self._consumer = AIOKafkaConsumer(
            **kafka.arguments, max_partition_fetch_bytes=4 * 1024 * 1024, auto_offset_reset="none"
        )
        self._reached: dict[Partition, int] = {}
        self._versions: dict[str, dict[UUID, int]] = defaultdict(dict)
        self._aside: dict[str, dict[tuple[UUID, int], list[tuple[Any, Envelope]]]] = defaultdict(dict)

    async def __aenter__(self) -> "Reread":
        await self._consumer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()

    async def up_to_now(self, tx: Connection, source: str) -> AsyncIterator[list[Recorded[Any]]]:
        """What the live group has applied of a source since the last call: up to its offsets and versions.

        Raises KafkaError where the broker is away or no longer holds what follows.
        """
        group = f"{self._service.name}.{source}"
        ends: dict[Partition, int] = {
            (row["topic"], row["part"]): row["next_offset"]
            for row in await tx.fetch(
                "SELECT topic, part, next_offset FROM es.kafka_offset WHERE grp = $1", group
            )
        }
        yield await self._fresh(tx, group, ())  # put aside then, applied meanwhile: by a replay
        left = {partition for partition, end in ends.items() if self._reached.get(partition, 0) < end}
        places = {partition: TopicPartition(*partition) for partition in left}
        self._consumer.assign(list(places.values()))
        for partition, place in places.items():
            self._consumer.seek(place, self._reached.get(partition, 0))
        while left:
            got = await self._consumer.getmany(timeout_ms=1_000, max_records=CHUNK)
            batch = [r for p, found in got.items() for r in found if r.offset < ends[p.topic, p.partition]]
            yield await self._fresh(tx, group, batch)
            for partition in list(left):
                if await self._consumer.position(places[partition]) >= ends[partition]:
                    left.remove(partition)
                    self._consumer.pause(places[partition])
        self._reached |= ends

    async def _fresh(self, tx: Connection, group: str, records: Sequence[Any]) -> list[Recorded[Any]]:
        """Those that are next in their stream and that the live group has applied; others are put aside.

        Aside lies what is parked, and what came before its time and was applied later: a gap was filled. What
        was discarded is gone past as the group went past it, also where it could be applied by now.
        """
        gone, passed = await _discarded(tx, group)
        aside, versions = self._aside[group], self._versions[group]
        order = []
        for record in records:
            with contextlib.suppress(UnreadableError):
                envelope = envelope_of(record.headers)
                if envelope.version > versions.get(envelope.stream_id, 0):
                    aside.setdefault((envelope.stream_id, envelope.version), []).append((record, envelope))
                order.append(envelope.stream_id)
        waiting = list(dict.fromkeys(stream for stream, _ in aside))
        seen = "SELECT stream_id, version FROM es.seen WHERE grp = $1 AND stream_id = ANY($2)"
        applied = {row["stream_id"]: row["version"] for row in await tx.fetch(seen, group, waiting)}
        messages = []
        for stream in [*order, *[stream for stream, _ in sorted(aside)]]:
            while (stream, versions.get(stream, 0) + 1) in passed:
                versions[stream] = versions.get(stream, 0) + 1
            following = stream, versions.get(stream, 0) + 1
            copies = aside.get(following, ())
            left = [c for c in copies if (c[0].topic, c[0].partition, c[0].offset) not in gone]
            if left and following[1] <= applied.get(stream, 0):
                message = read(self._service, *left[0])
                versions[stream] = following[1]
                del aside[following]
                if isinstance(message, Recorded):
                    messages.append(message)
        return messages


async def _discarded(tx: Connection, group: str) -> tuple[set[tuple[str, int, int]], set[tuple[UUID, int]]]:
    """The places of what was discarded of a group, and the versions of streams that it went past thereby."""
    places = "SELECT topic, part, koffset, stream_id, version, passed FROM es.discarded_event WHERE grp = $1"
    rows = await tx.fetch(places, group)
    gone = {(row["topic"], row["part"], row["koffset"]) for row in rows}
    return gone, {(row["stream_id"], row["version"]) for row in rows if row["passed"]}
