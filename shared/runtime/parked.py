"""Events that could not be applied, and the streams that wait for them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord

from shared.contracts.message import Actor
from shared.rules.discard_commands import OvertakeDiscard
from shared.runtime.cause import Cause, Work
from shared.runtime.database import Connection, Record
from shared.runtime.execute import Executor
from shared.runtime.store import HOUSE

BEHIND = "an earlier event of the stream is parked"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a record is parked: unreadable, schema, newer, source, gap, behind or failed, and a detail."""

    reason: str
    detail: str
    stream_id: UUID | None = None
    version: int | None = None


def newer_version(type_: str, known: Iterable[str]) -> bool:
    """Is this a later version of an event type that we know in an earlier one?"""
    name, number = _version(type_)
    return any(name == other and number > earlier for other, earlier in map(_version, known))


def _version(type_: str) -> tuple[str, int]:
    name, _, number = type_.rpartition(".v")
    return name, int(number) if number.isdecimal() else 0


async def park(
    tx: Connection, group: str, record: ConsumerRecord[Any, Any], fault: Fault, blocks: dict[UUID, str]
) -> int:
    """Keep the record, block its stream; answer 1 when the stream was not blocked before."""
    await tx.execute(
        "INSERT INTO es.parked_event (grp, topic, part, koffset, stream_id, version, key, value, headers,"
        " reason, error) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
        group,
        record.topic,
        record.partition,
        record.offset,
        fault.stream_id,
        fault.version,
        record.key,
        record.value,
        _headers_json(record.headers),
        fault.reason,
        fault.detail.replace("\0", ""),
    )
    if fault.stream_id is None:
        return 0
    before = blocks.get(fault.stream_id)
    # What was missing has come and cannot be applied: the owner need not be asked for it again.
    if before and not (before == "gap" and fault.reason not in ("gap", "behind")):
        return 0
    blocks[fault.stream_id] = fault.reason
    await tx.execute(
        "INSERT INTO es.blocked_stream (grp, stream_id, topic, version, reason, detail)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (grp, stream_id)"
        " DO UPDATE SET version = excluded.version, reason = excluded.reason, detail = excluded.detail",
        group,
        fault.stream_id,
        record.topic,
        fault.version,
        fault.reason,
        fault.detail.replace("\0", ""),
    )
    return 0 if before else 1


async def waiting(tx: Connection, group: str, stream_id: UUID) -> list[ConsumerRecord[Any, Any]]:
    """The parked records of a stream, in version order."""
    found = await tx.fetch(
        "SELECT * FROM es.parked_event WHERE grp = $1 AND stream_id = $2 ORDER BY version, koffset",
        group,
        stream_id,
    )
    return [_record(row) for row in found]


def _headers_json(headers: Iterable[tuple[str, bytes | None]]) -> bytes:
    return json.dumps(
        [[name, None if value is None else value.decode("latin-1")] for name, value in headers]
    ).encode()


def _record(row: Record) -> ConsumerRecord[Any, Any]:
    headers = tuple(
        (name, None if value is None else value.encode("latin-1"))
        for name, value in json.loads(row["headers"])
    )
    return ConsumerRecord(
        row["topic"], row["part"], row["koffset"], 0, 0, row["key"], row["value"], None, 0, 0, headers
    )


async def forget(
    tx: Connection, executor: Executor, work: Work, group: str, record: ConsumerRecord[Any, Any]
) -> None:
    """Delete a record that was applied, or had been before; a proposal to discard it counts no more."""
    proposal = await tx.fetchval(
        "DELETE FROM es.parked_event WHERE grp = $1 AND topic = $2 AND part = $3 AND koffset = $4"
        " RETURNING discard_id",
        group,
        record.topic,
        record.partition,
        record.offset,
    )
    if proposal is not None:
        cause = Cause(Actor(executor.service.name, "service"), sponsor_id=HOUSE, reason="replayed")
        await executor.run(tx, work, OvertakeDiscard(discard_id=proposal), cause)
        await executor.flush(tx, work)


async def unblock(tx: Connection, group: str, stream_id: UUID) -> None:
    await tx.execute("DELETE FROM es.blocked_stream WHERE grp = $1 AND stream_id = $2", group, stream_id)
