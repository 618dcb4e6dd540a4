"""Fault 27: the log changed by the owner of the database, with triggers off (invariant I8)."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from shared.runtime.database import Connection
from shared.runtime.verify import Broken, verify
from tests.support import probe
from tests.support.pair import count
from tests.support.stack import Servers, executor

pytestmark = pytest.mark.short


@contextlib.asynccontextmanager
async def log(servers: Servers) -> AsyncIterator[tuple[Connection, list[UUID]]]:
    """A connection to a log with three streams of five events, some with text beyond ASCII."""
    async with executor(servers, probe.alpha()) as run:
        streams = [uuid7() for _ in range(3)]
        for n in range(1, 6):
            for stream in streams:
                command = probe.CountUp(tally_id=stream, trial_id=stream, n=n, note="Zürich ✓ 試験")
                await count(run, command)
        async with run.pool.acquire() as connection:
            yield connection, streams


async def found(connection: Connection, *streams: UUID) -> list[Broken]:
    return [broken async for broken in verify(connection, streams or None)]


@dataclass(frozen=True)
class Tampering:
    """Statements of the database's owner, and the first version and fault that the verifier must name."""

    name: str
    version: int
    what: str
    statements: tuple[str, ...]


CASES = [
    Tampering(
        "data edited",
        3,
        "edited",
        ("UPDATE es.event SET data = replace(data, '\"n\":3', '\"n\":4') WHERE {at3}",),
    ),
    Tampering(
        "envelope edited",
        3,
        "edited",
        ("UPDATE es.event SET meta = replace(meta, 'tester', 'nobody') WHERE {at3}",),
    ),
    Tampering(
        "time edited",
        3,
        "edited",
        ("UPDATE es.event SET recorded_at = recorded_at + interval '1 us' WHERE {at3}",),
    ),
    Tampering("type edited", 3, "edited", ("UPDATE es.event SET type = 'alpha.tally.other.v1' WHERE {at3}",)),
    Tampering("key edited", 3, "edited", ("UPDATE es.event SET key = 'other' WHERE {at3}",)),
    Tampering("hash forged", 3, "edited", ("UPDATE es.event SET hash = sha256('forged') WHERE {at3}",)),
    Tampering("deleted in the middle", 3, "missing", ("DELETE FROM es.event WHERE {at3}",)),
    Tampering("deleted at the end", 5, "missing", ("DELETE FROM es.event WHERE {at5}",)),
    Tampering("deleted at the start", 1, "missing", ("DELETE FROM es.event WHERE {at1}",)),
    Tampering(
        "deleted and renumbered",
        3,
        "edited",
        (
            "DELETE FROM es.event WHERE {at3}",
            "UPDATE es.event SET version = version - 1 WHERE {of} AND version = 4",
            "UPDATE es.event SET version = version - 1 WHERE {of} AND version = 5",
            "UPDATE es.stream SET version = 4 WHERE {of}",
        ),
    ),
    Tampering(
        "inserted",
        6,
        "inserted",
        (
            "INSERT INTO es.event (stream_id, version, event_id, type, sponsor_id, key, data, meta,"
            " recorded_at, prev_hash, hash) SELECT stream_id, 6, gen_random_uuid(), type, sponsor_id,"
            " key, data, meta, recorded_at, hash, hash FROM es.event WHERE {at5}",
        ),
    ),
    Tampering(
        "reordered",
        2,
        "edited",
        (
            "UPDATE es.event SET version = 100 WHERE {at2}",
            "UPDATE es.event SET version = 2 WHERE {at3}",
            "UPDATE es.event SET version = 3 WHERE {of} AND version = 100",
        ),
    ),
    Tampering(
        "inserted in the middle",
        3,
        "edited",
        (
            "UPDATE es.event SET version = version + 100 WHERE {of} AND version > 2",
            "INSERT INTO es.event (stream_id, version, event_id, type, sponsor_id, key, data, meta,"
            " recorded_at, prev_hash, hash) SELECT stream_id, 3, gen_random_uuid(), type, sponsor_id,"
            " key, data, meta, recorded_at, hash, hash FROM es.event WHERE {at2}",
            "UPDATE es.event SET version = version - 99 WHERE {of} AND version > 100",
            "UPDATE es.stream SET version = 6 WHERE {of}",
        ),
    ),
    Tampering("without its stream", 1, "inserted", ("DELETE FROM es.stream WHERE {of}",)),
    Tampering("head forged", 5, "head", ("UPDATE es.stream SET head_hash = sha256('forged') WHERE {of}",)),
]


async def test_the_verifier_names_the_first_bad_row_of_every_tampering(servers: Servers) -> None:
    async with log(servers) as (connection, streams):
        assert await found(connection) == []
        of = f"stream_id = '{streams[1]}'"
        places = {f"at{n}": f"{of} AND version = {n}" for n in range(1, 6)} | {"of": of}
        for case in CASES:
            tampering = connection.transaction()
            await tampering.start()
            await connection.execute("ALTER TABLE es.event DISABLE TRIGGER ALL")
            await connection.execute("ALTER TABLE es.stream DISABLE TRIGGER ALL")
            for sql in case.statements:
                await connection.execute(sql.format(**places))
            assert await found(connection) == [Broken(streams[1], case.version, case.what)], case.name
            assert await found(connection, streams[0], streams[2]) == [], case.name
            await tampering.rollback()
        assert await found(connection) == []


async def test_the_application_cannot_change_or_empty_the_log(servers: Servers) -> None:
    async with log(servers) as (connection, _):
        for sql in ("UPDATE es.event SET key = ''", "DELETE FROM es.event", "TRUNCATE es.event CASCADE"):
            with pytest.raises(asyncpg.RaiseError, match="append-only"):
                await connection.execute(sql)
        assert await found(connection) == []
