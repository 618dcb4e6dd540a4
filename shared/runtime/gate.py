"""What happens when partitions of a group come and go."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiokafka.abc import ConsumerRebalanceListener

from shared.runtime.database import Pool, retried

# aiokafka fetches again without the partitions whose records have waited for us for 0.1 s, and what those get
# meanwhile then waits for that fetch to end, on an idle broker half a second. So it waits for us instead.
_PREFETCH_BACKOFF = 3_600.0


class Gate(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """Lets the batch in flight finish before partitions go, and starts new ones where Postgres says."""

    def __init__(self, group: str, pool: Pool) -> None:
        self.lock = asyncio.Lock()
        self.consumer: Callable[[], Any] = lambda: None
        self.assigned = False
        self._group = group
        self._pool = pool

    async def on_partitions_revoked(self, revoked: Any) -> None:
        async with self.lock:
            self.assigned = False

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self.consumer()._fetcher._prefetch_backoff = _PREFETCH_BACKOFF
        offsets = await retried(self._next_offsets)
        for partition in assigned:
            self.consumer().seek(partition, offsets.get((partition.topic, partition.partition), 0))
        self.assigned = True

    async def _next_offsets(self) -> dict[tuple[str, int], int]:
        rows = await self._pool.fetch(
            "SELECT topic, part, next_offset FROM es.kafka_offset WHERE grp = $1", self._group
        )
        return {(row["topic"], row["part"]): row["next_offset"] for row in rows}
