"""Going past records that ask nothing of a service: most of a topic, in one round trip a batch."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared.contracts.message import Recorded
from shared.runtime.offsets import Batch, Partition
from shared.runtime.parked import Fault
from shared.runtime.place import read
from shared.runtime.record import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.runtime.apply import Applier, Headed


@dataclass
class Stretch:
    """Records that follow on each other, in their partitions and in their streams: from where to where."""

    firsts: dict[Partition, int] = field(default_factory=dict)
    nexts: dict[Partition, int] = field(default_factory=dict)
    before: dict[UUID, int] = field(default_factory=dict)
    after: dict[UUID, int] = field(default_factory=dict)

    def add(self, record: Any, stream_id: UUID, version: int) -> bool:
        """Take one more; false where it does not follow."""
        partition = (record.topic, record.partition)
        self.firsts.setdefault(partition, record.offset)
        self.before.setdefault(stream_id, version - 1)
        if self.nexts.get(partition, record.offset) != record.offset:
            return False
        self.nexts[partition] = record.offset + 1
        follows = self.after.get(stream_id, version - 1) == version - 1
        self.after[stream_id] = version
        return follows


async def go_past(applier: "Applier", headed: "Sequence[Headed]") -> Batch | None:
    """Store that the group has gone past the records; None where one asks for something or is not next."""
    batch, stretch = Batch(), Stretch()
    for record, head in headed:
        if isinstance(head, UnreadableError) or not stretch.add(record, head.stream_id, head.version):
            return None
        message = read(applier.service, record, head, applier.wants)
        if isinstance(message, Fault) or (isinstance(message, Recorded) and _asks(applier, message)):
            return None
        batch.outcomes["applied" if isinstance(message, Recorded) else "ignored"] += 1
    batch.next_offsets = stretch.nexts
    async with applier.executor.pool.acquire(timeout=5) as connection:
        passed = await connection.fetchval(
            "SELECT es.pass($1, $2, $3, $4, $5, $6, $7, $8)",
            applier.group,
            [topic for topic, _ in stretch.firsts],
            [part for _, part in stretch.firsts],
            list(stretch.firsts.values()),
            list(stretch.nexts.values()),
            list(stretch.before),
            list(stretch.before.values()),
            list(stretch.after.values()),
        )
    return batch if passed else None


def _asks(applier: "Applier", message: Recorded[Any]) -> bool:
    return (
        applier.executor.trials.unheard(message)
        or any(applier.projections.touched(message))
        or applier.reactions.acts_on(message) is not None
    )
