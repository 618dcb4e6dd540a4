"""Taking an anchor: a line under the log, the heads below it, their root signed and put in both places."""

import asyncio
import contextlib
from datetime import datetime
from pathlib import Path

from shared.audit import files
from shared.audit.anchor import Anchor, BrokenAnchorsError, Head, from_row
from shared.audit.heads import Replay
from shared.audit.keys import Signer
from shared.runtime import failpoints
from shared.runtime.database import TRANSIENT, Connection

COLUMNS = "number, service, taken_at, upto_pos, streams, root, previous, key_id, signature"
_ONE_AT_A_TIME = 7004  # of all processes of a service
_BATCH = 10_000
_PATIENCE = 3_600  # seconds: the first anchor of a long log sorts all of it
# Only what came since the last anchor: an event at or below its line can only have been put there later, to
# look older than it is. It is not anchored, and whoever checks the log is told of it.
_CHANGED = """
SELECT DISTINCT ON (stream_id) stream_id, version, hash FROM es.event WHERE pos > $1 AND pos <= $2
ORDER BY stream_id, version DESC
"""


async def take(
    connection: Connection,
    service: str,
    signer: Signer,
    folder: Path,
    now: datetime,
    replay: Replay | None = None,
) -> Anchor:
    """Anchor what the log holds now; answers with the last anchor where nothing was appended since.

    `now` is real time. `replay` is what a caller keeps of the folder, so that only new files are read; it is
    of no more use after an error. The file is written first; when the database did not get its row, the next
    call puts it there. A head once anchored is never replaced by one of the same or a lower version.

    Raises BrokenAnchorsError when the folder is not whole, is not the one that the database's anchors were
    written to, or the log ends before the last anchor: such a log is checked by people first. Raises what
    Postgres and the file system raise. Appends wait for as long as it takes to read the highest position.
    """
    await connection.execute("SELECT pg_advisory_lock($1)", _ONE_AT_A_TIME)
    try:
        replay = replay or Replay(folder, service)
        await asyncio.to_thread(replay.catch_up)
        await _mend(connection, replay)
        line = await _line(connection)
        if replay.last and line == replay.last.upto_pos:
            return replay.last
        if replay.last and line < replay.last.upto_pos:
            raise BrokenAnchorsError(f"the log of {service} ends before its anchor {replay.number}")
        changed = await _changed(connection, replay, line)
        anchor = await asyncio.to_thread(_write, replay, signer, line, now, changed)
        failpoints.reach("anchor.written")
        await _store(connection, anchor)
        return anchor
    finally:
        with contextlib.suppress(*TRANSIENT):
            await connection.execute("SELECT pg_advisory_unlock($1)", _ONE_AT_A_TIME)


async def _mend(connection: Connection, replay: Replay) -> None:
    """Give the database the rows that a crash kept from it; refuse a folder that is not its own."""
    newest = await connection.fetchrow(f"SELECT {COLUMNS} FROM es.anchor ORDER BY number DESC LIMIT 1")  # noqa: S608
    stored = from_row(newest) if newest else None
    if stored and stored.number > replay.number:
        raise BrokenAnchorsError(f"anchor {stored.number} of {replay.service} is missing in {replay.folder}")
    if stored and stored != await asyncio.to_thread(files.read, replay.folder, stored.number):
        raise BrokenAnchorsError(f"anchor {stored.number} of {replay.service} is another in the database")
    for number in range(stored.number + 1 if stored else 1, replay.number + 1):
        await _store(connection, await asyncio.to_thread(files.read, replay.folder, number))


async def _line(connection: Connection) -> int:
    """A position below which no append is under way: all that began before have let go of the lock."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(7002)")
        return int(await connection.fetchval("SELECT coalesce(max(pos), 0) FROM es.event"))


async def _changed(connection: Connection, replay: Replay, line: int) -> list[bytes]:
    """Bring the heads up to the line; answers with the streams whose head is another now, ascending."""
    changed: list[bytes] = []
    since = replay.last.upto_pos if replay.last else 0
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
        )
        cursor = await connection.cursor(_CHANGED, since, line, timeout=_PATIENCE)
        while rows := await cursor.fetch(_BATCH):
            heads = [Head(*row) for row in rows if row["version"] > replay.heads.version(row["stream_id"])]
            await asyncio.to_thread(replay.heads.update, heads)
            changed += [head.stream_id.bytes for head in heads]
    return changed


def _write(replay: Replay, signer: Signer, line: int, now: datetime, changed: list[bytes]) -> Anchor:
    heads, last = replay.heads, replay.last
    anchor = Anchor(
        service=replay.service,
        number=replay.number + 1,
        taken_at=now,
        upto_pos=line,
        streams=len(heads),
        root=heads.root,
        previous=last.digest() if last else "",
        key_id=signer.key_id,
    ).signed(signer)
    files.write(replay.folder, anchor, heads.of(changed))
    replay.last = anchor
    return anchor


async def _store(connection: Connection, anchor: Anchor) -> None:
    row = (getattr(anchor, name) for name in COLUMNS.split(", "))
    await connection.execute(
        f"INSERT INTO es.anchor ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",  # noqa: S608
        *row,
    )
