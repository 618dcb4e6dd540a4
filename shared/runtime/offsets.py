"""How far a consumer group has applied each partition, kept beside what it applied: the fence of a batch."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from aiokafka import ConsumerRecord

from shared.runtime.cause import Work
from shared.runtime.database import Connection

Partition = tuple[str, int]
Records = Sequence[ConsumerRecord[Any, Any]]
H = TypeVar("H")


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


@dataclass
class Standing:
    """Where a group stands: next offsets, locked; versions seen of streams; which are blocked, and why."""

    offsets: dict[Partition, int] = field(default_factory=dict)
    seen: dict[UUID, int] = field(default_factory=dict)
    blocks: dict[UUID, str] = field(default_factory=dict)


async def take(
    tx: Connection, group: str, partitions: Collection[Partition], streams: Collection[UUID]
) -> Standing:
    """Lock these partitions for the group, and learn of these streams what it has applied."""
    topics, parts = [topic for topic, _ in partitions], [part for _, part in partitions]
    standing = Standing()
    for row in await tx.fetch("SELECT * FROM es.take($1, $2, $3, $4)", group, topics, parts, list(streams)):
        if row["topic"] is not None:
            standing.offsets[row["topic"], row["part"]] = row["next_offset"]
        elif row["reason"] is None:
            standing.seen[row["stream_id"]] = row["version"]
        else:
            standing.blocks[row["stream_id"]] = row["reason"]
    if len(standing.offsets) == len(partitions):
        return standing
    await tx.execute(  # the first records ever of a partition
        "INSERT INTO es.kafka_offset SELECT $1, t, p, 0 FROM unnest($2::text[], $3::int[]) u(t, p)"
        " ON CONFLICT DO NOTHING",
        group,
        topics,
        parts,
    )
    return await take(tx, group, partitions, streams)


def fresh(headed: Sequence[tuple[Any, H]], offsets: Mapping[Partition, int]) -> list[tuple[Any, H]]:
    """Those whose record is not applied yet, which must follow on the stored offsets without a gap."""
    found, expected = [], dict(offsets)
    for record, head in headed:
        partition = (record.topic, record.partition)
        if record.offset > expected[partition]:
            raise DiscontinuityError(partition, expected[partition])
        if record.offset == expected[partition]:
            found.append((record, head))
            expected[partition] += 1
    return found


async def advance(
    tx: Connection,
    group: str,
    offsets: Mapping[Partition, int],
    before: Mapping[UUID, int] | None = None,
    after: Mapping[UUID, int] | None = None,
) -> None:
    """Store how far the group has come: next offsets, which never go back, and the versions of streams.

    `after` are the streams that moved, `before` the versions seen of those that are not new to the group.
    """
    before, after = before or {}, after or {}
    columns = [[topic for topic, _ in offsets], [part for _, part in offsets], list(offsets.values())]
    versions = [list(after), [before.get(stream, 0) for stream in after], list(after.values())]
    await tx.execute("SELECT es.advance($1, $2, $3, $4, $5, $6, $7)", group, *columns, *versions)
