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


def fresh(placed: Sequence[tuple[Any, H]], offsets: Mapping[Partition, int]) -> list[tuple[Any, H]]:
    """Those whose record is not applied yet, which must follow on the stored offsets without a gap."""
    found, expected = [], dict(offsets)
    for record, head in placed:
        partition = (record.topic, record.partition)
        if record.offset > expected[partition]:
            raise DiscontinuityError(partition, expected[partition])
        if record.offset == expected[partition]:
            found.append((record, head))
            expected[partition] += 1
    return found


# A stream that is new to the group is inserted without a look for a conflict: the fence lets nobody else in.
_ADVANCE = """
WITH begun AS (
    INSERT INTO es.seen SELECT $1, s, v FROM unnest($5::uuid[], $6::bigint[]) u(s, v)
), moved AS (
    UPDATE es.seen SET version = v FROM unnest($7::uuid[], $8::bigint[]) u(s, v)
    WHERE grp = $1 AND stream_id = s
)
INSERT INTO es.kafka_offset SELECT $1, t, p, n FROM unnest($2::text[], $3::int[], $4::bigint[]) u(t, p, n)
ORDER BY t, p ON CONFLICT (grp, topic, part)
DO UPDATE SET next_offset = greatest(kafka_offset.next_offset, excluded.next_offset)
"""


async def advance(
    tx: Connection,
    group: str,
    offsets: Mapping[Partition, int],
    begun: Mapping[UUID, int] | None = None,
    moved: Mapping[UUID, int] | None = None,
) -> None:
    """Store how far the group has come: next offsets, which never go back, and the versions of streams.

    `begun` are streams of which it had applied nothing before, `moved` the others.
    """
    begun, moved = begun or {}, moved or {}
    columns = [[topic for topic, _ in offsets], [part for _, part in offsets], list(offsets.values())]
    versions = [list(begun), list(begun.values()), list(moved), list(moved.values())]
    await tx.execute(_ADVANCE, group, *columns, *versions)
