"""Fault 27 continued: a log, its chains and its anchors changed by who owns the database or the folder."""

import asyncio
import contextlib
import hashlib
import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from uuid_utils.compat import uuid7

from shared.audit import files
from shared.audit.against import Finding
from shared.audit.anchor import Anchor, BrokenAnchorsError
from shared.audit.keys import Signer
from shared.audit.take import take
from shared.audit.verify import audit
from shared.runtime.database import Connection
from shared.runtime.execute import Executor
from shared.runtime.verify import digest, genesis
from tests.support import probe
from tests.support.pair import count
from tests.support.stack import Servers, executor

pytestmark = pytest.mark.short
SIGNER, STRANGER = (Signer(Ed25519PrivateKey.generate()) for _ in range(2))
KEYS = {SIGNER.key_id: SIGNER.public}
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


@dataclass
class Log:
    """A log of three streams, anchored at their versions 2 and 4; version 5 came after that."""

    run: Executor
    connection: Connection
    streams: list[UUID]
    folder: Path

    async def append(self, n: int, *streams: UUID) -> None:
        for stream in streams or self.streams:
            await count(self.run, probe.CountUp(tally_id=stream, trial_id=stream, n=n, note="Zürich ✓ 試験"))

    async def take(self) -> Anchor:
        return await take(self.connection, "alpha", SIGNER, self.folder, NOW)

    async def found(self) -> list[Finding]:
        return [finding async for finding in audit(self.connection, "alpha", self.folder, KEYS)]

    async def named(self) -> list[tuple[object, ...]]:
        """What was found, in short."""
        return [(f.what, f.stream_id, f.version, f.anchor) for f in await self.found()]

    @contextlib.asynccontextmanager
    async def tampering(self) -> AsyncIterator[None]:
        """All that is done to the log and the folder inside is undone."""
        kept = self.folder.with_name("kept")
        shutil.copytree(self.folder, kept)
        transaction = self.connection.transaction(isolation="repeatable_read")
        await transaction.start()
        for table in ("event", "stream", "anchor"):
            await self.connection.execute(f"ALTER TABLE es.{table} DISABLE TRIGGER ALL")
        try:
            yield
        finally:
            await transaction.rollback()
            shutil.rmtree(self.folder)
            kept.rename(self.folder)

    async def rehash(self, stream: UUID) -> None:
        """Make the whole chain of a stream fit again, as its owner could."""
        before = genesis(stream)
        for row in await self.connection.fetch(
            "SELECT *, (extract(epoch FROM recorded_at) * 1000000)::bigint::text AS us FROM es.event"
            " WHERE stream_id = $1 ORDER BY version",
            stream,
        ):
            after = digest(before, row)
            await self.connection.execute(
                "UPDATE es.event SET prev_hash = $3, hash = $4 WHERE stream_id = $1 AND version = $2",
                stream,
                row["version"],
                before,
                after,
            )
            before = after
        await self.connection.execute(
            "UPDATE es.stream SET head_hash = $2, version ="
            " (SELECT count(*) FROM es.event e WHERE e.stream_id = $1) WHERE stream_id = $1",
            stream,
            before,
        )


@contextlib.asynccontextmanager
async def log(servers: Servers, folder: Path) -> AsyncIterator[Log]:
    async with executor(servers, probe.alpha()) as run, run.pool.acquire() as connection:
        made = Log(run, connection, sorted(uuid7() for _ in range(3)), folder / "alpha")
        for n in range(1, 6):
            await made.append(n)
            if n in (2, 4):
                await made.take()
        assert await made.found() == []
        yield made


def rewritten(file: Path, change: Callable[[str], str]) -> None:
    """Change a file that nobody may write to."""
    text = change(file.read_text())
    file.unlink()
    file.write_text(text)


async def test_a_tail_cut_off_together_with_its_stream_s_row_is_found_and_named(
    servers: Servers, tmp_path: Path
) -> None:
    async with log(servers, tmp_path) as of:
        for last, at, anchor in ((3, 4, 2), (1, 2, 1)):
            async with of.tampering():
                await of.connection.execute(
                    "DELETE FROM es.event WHERE stream_id = $1 AND version > $2", of.streams[1], last
                )
                await of.rehash(of.streams[1])
                assert await of.named() == [("truncated", of.streams[1], at, anchor)]
        assert await of.found() == []


async def test_a_stream_that_is_gone_without_a_trace_is_found_and_named(
    servers: Servers, tmp_path: Path
) -> None:
    async with log(servers, tmp_path) as of, of.tampering():
        for table in ("event", "outbox", "stream"):
            await of.connection.execute(f"DELETE FROM es.{table} WHERE stream_id = $1", of.streams[0])  # noqa: S608
        assert await of.named() == [("deleted", of.streams[0], 1, 1)]


async def test_an_anchored_event_taken_out_of_the_middle_is_found_by_chain_and_anchor(
    servers: Servers, tmp_path: Path
) -> None:
    async with log(servers, tmp_path) as of, of.tampering():
        await of.connection.execute(
            "DELETE FROM es.event WHERE stream_id = $1 AND version = 4", of.streams[0]
        )
        assert await of.named() == [
            ("missing", of.streams[0], 4, None),
            ("missing", of.streams[0], 4, 2),
        ]


async def test_anchors_taken_while_the_log_grows_accuse_nobody(servers: Servers, tmp_path: Path) -> None:
    async with log(servers, tmp_path) as of:

        async def grow() -> None:
            for n in range(20):
                await of.append(n, *of.streams, uuid7())

        growing = [asyncio.create_task(grow()) for _ in range(3)]
        while not all(task.done() for task in growing):
            await of.take()
            assert await of.found() == []
        await asyncio.gather(*growing)
        last = await of.take()
        assert await of.found() == []
        assert last.streams == await of.connection.fetchval("SELECT count(*) FROM es.stream")


async def test_a_history_rewritten_and_rehashed_is_found_even_after_later_anchors(
    servers: Servers, tmp_path: Path
) -> None:
    async with log(servers, tmp_path) as of, of.tampering():
        await of.connection.execute(
            "UPDATE es.event SET data = replace(data, '\"n\":3', '\"n\":4') WHERE stream_id = $1",
            of.streams[2],
        )
        await of.rehash(of.streams[2])
        assert await of.named() == [("rewritten", of.streams[2], 4, 2)]
        await of.take()
        assert await of.named() == [("rewritten", of.streams[2], 4, 2)]


async def test_an_event_put_in_as_if_it_were_older_than_an_anchor_is_found(
    servers: Servers, tmp_path: Path
) -> None:
    async with log(servers, tmp_path) as of, of.tampering():
        new = uuid7()
        await of.connection.execute(
            "INSERT INTO es.stream (stream_id, stream_type, sponsor_id, correlation_id, key, bucket, topic,"
            " version, head_hash) SELECT $2::uuid, stream_type, sponsor_id, correlation_id, key, bucket,"
            " topic, 1, '' FROM es.stream WHERE stream_id = $1",
            of.streams[0],
            new,
        )
        await of.connection.execute(
            "INSERT INTO es.event (stream_id, version, event_id, type, sponsor_id, key, data, meta,"
            " recorded_at, pos, prev_hash, hash) OVERRIDING SYSTEM VALUE SELECT $2::uuid, 1,"
            " gen_random_uuid(), type, sponsor_id, key, data, meta, recorded_at, pos, '', '' FROM es.event"
            " WHERE stream_id = $1 AND version = 1",
            of.streams[0],
            new,
        )
        await of.rehash(new)
        assert await of.named() == [("inserted", new, 1, 2)]


async def test_an_anchor_forged_in_the_database_is_found(servers: Servers, tmp_path: Path) -> None:
    async with log(servers, tmp_path) as of:
        for change in (
            "root = sha256('other')",
            "upto_pos = upto_pos - 1",
            "taken_at = taken_at + interval '1 us'",
            "signature = sha512('other')",
        ):
            async with of.tampering():
                await of.connection.execute(f"UPDATE es.anchor SET {change} WHERE number = 1")  # noqa: S608
                assert await of.named() == [("anchor_forged", None, None, 1)], change
                assert (await of.found())[0].detail.startswith("in the database")
        async with of.tampering():
            await of.connection.execute("DELETE FROM es.anchor WHERE number = 1")
            assert await of.named() == [("anchor_missing", None, None, 1)]


async def test_an_anchor_s_forged_file_is_found_and_accuses_no_stream(
    servers: Servers, tmp_path: Path
) -> None:
    async with log(servers, tmp_path) as of:
        changes: list[Callable[[str], str]] = [
            lambda text: text.replace('"upto_pos": ', '"upto_pos": 1'),
            lambda text: text.replace('"signature": "', '"signature": "00'),
            lambda text: text.replace('",2,"', '",1,"'),  # a head
            lambda text: text.replace('",2,"', '",9,"'),
            lambda text: "".join(text.splitlines(keepends=True)[:-1]),
            lambda text: text[: len(text) // 2],
            lambda text: "",
        ]
        for number, change in enumerate(changes):
            async with of.tampering():
                rewritten(files.path_of(of.folder, 1), change)
                assert await of.named() == [("anchor_forged", None, None, 1)], number
                assert (await of.found())[0].detail.startswith("in the folder")


async def test_an_anchor_s_deleted_file_is_found_and_the_others_still_guard_the_log(
    servers: Servers, tmp_path: Path
) -> None:
    async with log(servers, tmp_path) as of:
        for number in (1, 2):
            async with of.tampering():
                files.path_of(of.folder, number).unlink()
                assert await of.named() == [("anchor_missing", None, None, number)]
        async with of.tampering():
            files.path_of(of.folder, 1).unlink()
            await of.connection.execute(
                "DELETE FROM es.event WHERE stream_id = $1 AND version > 3", of.streams[1]
            )
            await of.rehash(of.streams[1])
            assert await of.named() == [
                ("anchor_missing", None, None, 1),
                ("truncated", of.streams[1], 4, 2),
            ]
        async with of.tampering():
            files.path_of(of.folder, 1).unlink()
            await of.connection.execute("DELETE FROM es.anchor WHERE number = 1")
            files.path_of(of.folder, 2).rename(files.path_of(of.folder, 9_999_999_999))
            assert await of.named() == [
                ("anchor_missing", None, None, 1),
                ("anchor_missing", None, None, 2),
                ("anchor_missing", None, None, 3),
                ("anchor_forged", None, None, 9_999_999_999),
            ]
        async with of.tampering():
            shutil.rmtree(of.folder)
            of.folder.mkdir()
            await of.connection.execute("DELETE FROM es.anchor")
            assert await of.named() == [("anchor_missing", None, None, 1)]


async def test_an_anchor_signed_by_another_key_is_found(servers: Servers, tmp_path: Path) -> None:
    async with log(servers, tmp_path) as of:
        genuine = files.read(of.folder, 2)
        disguised = replace(genuine.signed(STRANGER), key_id=SIGNER.key_id)
        for forged, what in ((genuine.signed(STRANGER), "anchor_unknown_key"), (disguised, "anchor_forged")):
            async with of.tampering():
                heads = [head for batch in files.heads(of.folder, 2) for head in batch]
                files.path_of(of.folder, 2).unlink()
                files.write(of.folder, forged, heads)
                assert await of.named() == [(what, None, None, 2)]
                await of.connection.execute(
                    "UPDATE es.anchor SET signature = $1, key_id = $2 WHERE number = 2",
                    forged.signature,
                    forged.key_id,
                )
                assert await of.named() == [(what, None, None, 2)] * 2


async def test_two_anchors_of_one_number_are_found_though_both_are_signed(
    servers: Servers, tmp_path: Path
) -> None:
    async with log(servers, tmp_path) as of, of.tampering():
        other = replace(files.read(of.folder, 1), root=bytes(32)).signed(SIGNER)
        await of.connection.execute(
            "UPDATE es.anchor SET root = $1, signature = $2 WHERE number = 1", other.root, other.signature
        )
        assert await of.named() == [("anchor_forged", None, None, 1)]
        assert (await of.found())[0].detail.endswith("the database has another one, signed as well")


async def test_an_anchor_that_does_not_follow_on_the_one_before_is_found(
    servers: Servers, tmp_path: Path
) -> None:
    async with log(servers, tmp_path) as of, of.tampering():
        other = replace(files.read(of.folder, 2), previous="0" * 64).signed(SIGNER)
        heads = [head for batch in files.heads(of.folder, 2) for head in batch]
        files.path_of(of.folder, 2).unlink()
        files.write(of.folder, other, heads)
        await of.connection.execute("DELETE FROM es.anchor WHERE number = 2")
        assert await of.named() == [("anchor_forged", None, None, 2)]
        assert (await of.found())[0].detail.endswith("it does not follow on the one before")


async def test_older_anchors_hold_after_the_key_was_changed(servers: Servers, tmp_path: Path) -> None:
    async with log(servers, tmp_path) as of:
        await take(of.connection, "alpha", STRANGER, of.folder, NOW)
        both = KEYS | {STRANGER.key_id: STRANGER.public}
        assert [f async for f in audit(of.connection, "alpha", of.folder, both)] == []
        assert await of.named() == [("anchor_unknown_key", None, None, 3)] * 2


class CrashError(Exception):
    """The process ends here."""


@contextlib.contextmanager
def crash_at(place: str) -> Iterator[None]:
    def reach(name: str) -> None:
        if name == place:
            raise CrashError(place)

    with patch("shared.runtime.failpoints.reach", reach), pytest.raises(CrashError):
        yield


async def test_a_crash_between_file_and_row_is_mended_by_the_next_anchor(
    servers: Servers, tmp_path: Path
) -> None:
    async with log(servers, tmp_path) as of:
        with crash_at("anchor.written"):
            await of.take()
        assert files.numbers(of.folder) == [1, 2, 3]
        assert await of.connection.fetchval("SELECT max(number) FROM es.anchor") == 2
        assert await of.found() == []
        assert (await of.take()).number == 3  # nothing came since: the anchor stands, its row follows
        await of.append(6, of.streams[0])
        assert (await of.take()).number == 4
        assert await of.connection.fetchval("SELECT count(*) FROM es.anchor") == 4
        assert await of.found() == []


async def test_nothing_is_signed_on_top_of_what_is_not_whole(servers: Servers, tmp_path: Path) -> None:
    async with log(servers, tmp_path) as of:
        async with of.tampering():
            files.path_of(of.folder, 1).unlink()
            with pytest.raises(BrokenAnchorsError, match="anchor 1 of alpha is missing"):
                await of.take()
        async with of.tampering():
            files.path_of(of.folder, 2).unlink()
            with pytest.raises(BrokenAnchorsError, match="anchor 2 of alpha is missing"):
                await of.take()
        async with of.tampering():
            await of.connection.execute("UPDATE es.anchor SET upto_pos = 1 WHERE number = 2")
            with pytest.raises(BrokenAnchorsError, match="another in the database"):
                await of.take()
        async with of.tampering():
            await of.connection.execute("DELETE FROM es.event WHERE version > 3")
            with pytest.raises(BrokenAnchorsError, match="ends before its anchor 2"):
                await of.take()
        assert (await of.take()).number == 3


async def test_a_database_put_back_to_an_older_state_is_found(servers: Servers, tmp_path: Path) -> None:
    async with log(servers, tmp_path) as of, of.tampering():
        await of.connection.execute("DELETE FROM es.anchor WHERE number = 2")
        await of.connection.execute("DELETE FROM es.event WHERE version > 2")
        for stream in of.streams:
            await of.rehash(stream)
        assert await of.named() == [("truncated", stream, 3, 2) for stream in of.streams]


async def test_the_application_cannot_change_or_empty_the_anchors(servers: Servers, tmp_path: Path) -> None:
    async with log(servers, tmp_path) as of:
        for sql in ("UPDATE es.anchor SET streams = 0", "DELETE FROM es.anchor", "TRUNCATE es.anchor"):
            with pytest.raises(asyncpg.RaiseError, match="append-only"):
                await of.connection.execute(sql)


async def test_what_an_anchor_says_is_what_the_log_held(servers: Servers, tmp_path: Path) -> None:
    async with log(servers, tmp_path) as of:
        first, second = (files.read(of.folder, number) for number in (1, 2))
        assert (first.streams, second.streams) == (3, 3)
        assert second.previous == hashlib.sha256(first.text()).hexdigest()
        assert [json.loads(line)[1] for line in _heads_of(of.folder, 2)] == [4, 4, 4]
        await of.append(6, of.streams[1])
        third = await of.take()
        assert [json.loads(line)[1] for line in _heads_of(of.folder, 3)] == [5, 6, 5]
        assert third.upto_pos == await of.connection.fetchval("SELECT max(pos) FROM es.event")


def _heads_of(folder: Path, number: int) -> list[str]:
    return files.path_of(folder, number).read_text().splitlines()[1:]
