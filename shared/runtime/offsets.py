"""How far a consumer group has applied each partition, kept beside what it applied: the fence of a batch."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord

from shared.runtime.database import Connection

Partition = tuple[str, int]
Records = Sequence[ConsumerRecord[Any, Any]]


class DiscontinuityError(Exception):
    """Records were skipped: the first of a partition is beyond the offset that was stored."""

    def __init__(self, partition: Partition, expected: int) -> None:
        super().__init__(f"{partition} continues at {expected}")
        self.partition, self.expected = partition, expected


async def lock(tx: Connection, group: str, partitions: Sequence[Partition]) -> dict[Partition, int]:
    """The next offset of each partition, locked: a zombie waits here and then finds its records applied."""
    topics, parts = [topic for topic, _ in partitions], [part for _, part in partitions]
    found = await tx.fetch(
        "SELECT o.topic, o.part, o.next_offset FROM es.kafka_offset o"
        " JOIN unnest($2::text[], $3::int[]) u(topic, part) USING (topic, part)"
        " WHERE grp = $1 ORDER BY topic, part FOR UPDATE OF o",
        group,
        topics,
        parts,
    )
    if len(found) < len(partitions):  # the first records ever of a partition
        await tx.execute(
            "INSERT INTO es.kafka_offset SELECT $1, t, p, 0 FROM unnest($2::text[], $3::int[]) u(t, p)"
            " ON CONFLICT DO NOTHING",
            group,
            topics,
            parts,
        )
        return await lock(tx, group, partitions)
    return {(row["topic"], row["part"]): row["next_offset"] for row in found}


def fresh(records: Records, offsets: Mapping[Partition, int]) -> list[ConsumerRecord[Any, Any]]:
    """The records not applied yet, which must follow on the stored offsets without a gap."""
    found, expected = [], dict(offsets)
    for record in records:
        partition = (record.topic, record.partition)
        if record.offset > expected[partition]:
            raise DiscontinuityError(partition, expected[partition])
        if record.offset == expected[partition]:
            found.append(record)
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
