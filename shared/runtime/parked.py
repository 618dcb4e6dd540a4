"""Events that could not be applied, and the streams that wait for them."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord

from shared.runtime.database import Connection, Record

_VERSION = re.compile(r"^(?P<name>.+)\.v(?P<number>\d+)$")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a record is parked: unreadable, schema, newer, source, gap, behind or failed, and a detail."""

    reason: str
    detail: str
    stream_id: UUID | None = None
    version: int | None = None


def newer_version(type_: str, known: Mapping[str, Any]) -> bool:
    """Is this a later version of an event type that we know in an earlier one?"""
    match = _VERSION.match(type_)
    return (
        bool(match)
        and any(
            other and other["name"] == match["name"] and int(other["number"]) < int(match["number"])
            for other in map(_VERSION.match, known)
        )
        if match
        else False
    )


async def seen(tx: Connection, group: str, streams: Collection[UUID]) -> dict[UUID, int]:
    """The last version applied of each stream."""
    found = await tx.fetch(
        "SELECT stream_id, version FROM es.seen WHERE grp = $1 AND stream_id = ANY($2)", group, list(streams)
    )
    return {row["stream_id"]: row["version"] for row in found}


async def move(tx: Connection, group: str, versions: Mapping[UUID, int]) -> None:
    if versions:
        await tx.execute(
            "INSERT INTO es.seen SELECT $1, s, v FROM unnest($2::uuid[], $3::bigint[]) u(s, v) ORDER BY s"
            " ON CONFLICT (grp, stream_id) DO UPDATE SET version = excluded.version",
            group,
            list(versions),
            list(versions.values()),
        )


async def blocked(tx: Connection, group: str, streams: Collection[UUID]) -> dict[UUID, str]:
    """The streams that are blocked, each with its reason."""
    found = await tx.fetch(
        "SELECT stream_id, reason FROM es.blocked_stream WHERE grp = $1 AND stream_id = ANY($2)",
        group,
        list(streams),
    )
    return {row["stream_id"]: row["reason"] for row in found}


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
    if fault.stream_id in blocks:
        if blocks[fault.stream_id] == "gap" and fault.reason not in ("gap", "behind"):
            await _filled(tx, group, fault, blocks)
        return 0
    blocks[fault.stream_id] = fault.reason
    await tx.execute(
        "INSERT INTO es.blocked_stream (grp, stream_id, topic, version, reason, detail)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        group,
        fault.stream_id,
        record.topic,
        fault.version,
        fault.reason,
        fault.detail.replace("\0", ""),
    )
    return 1


async def _filled(tx: Connection, group: str, fault: Fault, blocks: dict[UUID, str]) -> None:
    """What was missing has come and cannot be applied: the owner need not be asked for it again."""
    assert fault.stream_id  # noqa: S101  for the type checker
    blocks[fault.stream_id] = fault.reason
    await tx.execute(
        "UPDATE es.blocked_stream SET version = $3, reason = $4, detail = $5"
        " WHERE grp = $1 AND stream_id = $2",
        group,
        fault.stream_id,
        fault.version,
        fault.reason,
        fault.detail.replace("\0", ""),
    )


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


async def forget(tx: Connection, group: str, record: ConsumerRecord[Any, Any]) -> None:
    await tx.execute(
        "DELETE FROM es.parked_event WHERE grp = $1 AND topic = $2 AND part = $3 AND koffset = $4",
        group,
        record.topic,
        record.partition,
        record.offset,
    )


async def unblock(tx: Connection, group: str, stream_id: UUID) -> None:
    await tx.execute("DELETE FROM es.blocked_stream WHERE grp = $1 AND stream_id = $2", group, stream_id)
