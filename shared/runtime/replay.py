"""Parked events, tried again: by a person, or by the start after an upgrade."""

from uuid import UUID

from shared.runtime.apply import Applier
from shared.runtime.database import writing
from shared.runtime.execute import Executor
from shared.runtime.offsets import Batch, take
from shared.runtime.service import Service


async def replay(service: Service, executor: Executor, group: str, stream_id: UUID) -> int:
    """Apply what waits of a stream, as far as it goes now; answers with the number of events applied."""
    applier = Applier(service, executor, group.partition(".")[2])
    batch = Batch()
    async with writing(executor.pool) as tx:
        # The fence of the group's consumer: it waits here, or we wait for it.
        lying = "SELECT DISTINCT topic, part FROM es.parked_event WHERE grp = $1 AND stream_id = $2"
        await take(tx, group, [tuple(row) for row in await tx.fetch(lying, group, stream_id)], ())
        await applier.drain(tx, batch, stream_id)
    executor.committed(batch.work)
    return batch.outcomes["replayed"]


async def replay_after_upgrade(service: Service, executor: Executor) -> int:
    """Try every stream that waited for a newer contract; answers with the number of events applied."""
    waiting = await executor.pool.fetch(
        "SELECT grp, stream_id FROM es.blocked_stream WHERE reason = 'newer' ORDER BY at"
    )
    return sum([await replay(service, executor, row["grp"], row["stream_id"]) for row in waiting])
