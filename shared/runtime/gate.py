"""What happens when partitions of a group come and go."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError

from shared.runtime.database import Pool, retried


class Gate(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """Lets the batches in flight finish before partitions go, and starts new ones where Postgres says."""

    def __init__(self, group: str, pool: Pool, lanes: int = 1, continuous: bool = True) -> None:
        self.lanes = [asyncio.Lock() for _ in range(lanes)]
        self.consumer: Callable[[], Any] = lambda: None
        self.assigned = False
        self.lost: str | None = None
        self._continuous = continuous  # of commands only the last days are kept, and a gap among them is none
        self._since = time.monotonic()
        self.generation = 0  # what was fetched in an earlier one is another's now, or is fetched again
        self._group = group
        self._pool = pool

    async def on_partitions_revoked(self, revoked: Any) -> None:
        self.assigned, self._since = False, time.monotonic()
        self.generation += 1
        for lane in self.lanes:
            async with lane:
                pass

    async def on_partitions_assigned(self, assigned: Any) -> None:
        offsets = await retried(self._next_offsets)
        self.lost = await self._beyond(assigned, offsets) if self._continuous else None
        for partition in assigned:  # nothing waits from here on: what is fetched behind the seek counts
            self.consumer().seek(partition, offsets.get((partition.topic, partition.partition), 0))
        self.assigned = True

    async def _beyond(self, assigned: Any, offsets: Mapping[tuple[str, int], int]) -> str | None:
        """Where the log does not hold what follows on our offsets: it was made anew, cut, or lost its end.

        To read on from wherever it begins would drop events in silence, so nothing is read.
        """
        try:
            begins = await self.consumer().beginning_offsets(list(assigned))
            ends = await self.consumer().end_offsets(list(assigned))
        except KafkaError:
            return None  # the broker is away again: what follows is a new assignment
        for p in sorted(assigned):
            at = offsets.get((p.topic, p.partition), 0)
            if not begins[p] <= at <= ends[p]:
                return f"{p.topic}/{p.partition} has {begins[p]} to {ends[p]}, and {at} comes next"
        return None

    def unassigned_for(self) -> float:
        """Seconds for which the group has had no partitions here; 0 when it has."""
        return 0.0 if self.assigned else time.monotonic() - self._since

    async def _next_offsets(self) -> dict[tuple[str, int], int]:
        rows = await self._pool.fetch(
            "SELECT topic, part, next_offset FROM es.kafka_offset WHERE grp = $1", self._group
        )
        return {(row["topic"], row["part"]): row["next_offset"] for row in rows}
