"""What happens when partitions of a group come and go."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from aiokafka.abc import ConsumerRebalanceListener

from shared.runtime.database import Pool, retried


class Gate(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """Lets the batches in flight finish before partitions go, and starts new ones where Postgres says."""

    def __init__(self, group: str, pool: Pool, lanes: int = 1) -> None:
        self.lanes = [asyncio.Lock() for _ in range(lanes)]
        self.consumer: Callable[[], Any] = lambda: None
        self.assigned = False
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
        for partition in assigned:
            self.consumer().seek(partition, offsets.get((partition.topic, partition.partition), 0))
        self.assigned = True

    def unassigned_for(self) -> float:
        """Seconds for which the group has had no partitions here; 0 when it has."""
        return 0.0 if self.assigned else time.monotonic() - self._since

    async def _next_offsets(self) -> dict[tuple[str, int], int]:
        rows = await self._pool.fetch(
            "SELECT topic, part, next_offset FROM es.kafka_offset WHERE grp = $1", self._group
        )
        return {(row["topic"], row["part"]): row["next_offset"] for row in rows}
