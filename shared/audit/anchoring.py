"""Anchors at intervals, and every chain looked at again and again, for as long as a service runs."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from shared.audit import files
from shared.audit.anchor import Anchor
from shared.audit.heads import Replay
from shared.audit.keys import Signer
from shared.audit.take import take
from shared.runtime import logs, metrics
from shared.runtime.database import Pool, retried
from shared.runtime.verify import verify

_SLICE = 200  # streams looked at in one go, so that the event loop is held for milliseconds
_FIRST = UUID(int=0)


async def anchoring(
    pool: Pool,
    service: str,
    signer: Callable[[], Signer],
    folder: Path,
    every: float = 3_600,
    pause: float = 60,
) -> None:
    """Run until cancelled, through whatever becomes of the database, the folder or the log.

    `every` is the time between anchors and `pause` that between two slices of the chains, both in seconds of
    real time. Where nothing was appended there is no new anchor. All processes of a service share one folder.
    `signer` is asked for each anchor, so a key that is changed signs the next one.
    """
    await asyncio.gather(_anchor(pool, service, signer, folder, every), _look(pool, pause))


async def _anchor(pool: Pool, service: str, signer: Callable[[], Signer], folder: Path, every: float) -> None:
    replay = Replay(folder, service)

    async def once() -> Anchor:
        nonlocal replay
        kept, replay = replay, Replay(folder, service)  # what an error leaves is of no more use
        async with pool.acquire(timeout=5) as connection:
            anchor = await take(connection, service, signer(), folder, datetime.now(UTC), kept)
        replay = kept
        return anchor

    await asyncio.sleep(await asyncio.to_thread(_left, folder, every))
    while True:
        try:
            await retried(once)
            metrics.ANCHORING_FAILED.set(0)
            metrics.ANCHORED.set(datetime.now(UTC).timestamp())
        except Exception as fault:  # a broken folder is a person's to mend; the next try may be after that
            metrics.ANCHORING_FAILED.set(1)
            logs.log.error("anchor.failed", service=service, error=type(fault).__name__, reason=str(fault))
        await asyncio.sleep(every)


def _left(folder: Path, every: float) -> float:
    """Seconds until an anchor is due: a service that starts again and again does not anchor each time."""
    try:
        last = files.read(folder, files.numbers(folder)[-1])
    except (IndexError, OSError, files.UnreadableAnchorError):
        return 0.0
    return min(every, max(0.0, every - (datetime.now(UTC) - last.taken_at).total_seconds()))


async def _look(pool: Pool, pause: float) -> None:
    """Round and round over all streams, a slice at a time."""
    broken: set[UUID] = set()
    last, began = _FIRST, asyncio.get_running_loop().time()
    while True:
        try:
            last = await retried(lambda: _look_at_some(pool, last, broken))  # noqa: B023  awaited at once
        except Exception as fault:
            logs.log.error("audit.failed", error=type(fault).__name__)
        metrics.BROKEN_STREAMS.set(len(broken))
        if last == _FIRST:
            metrics.AUDIT_SECONDS.set(asyncio.get_running_loop().time() - began)
            began = asyncio.get_running_loop().time()
        await asyncio.sleep(pause)


async def _look_at_some(pool: Pool, last: UUID, broken: set[UUID]) -> UUID:
    """Look at the streams that follow on `last`; answers with the last of them, the first id at the end."""
    async with pool.acquire(timeout=5) as connection:
        rows = await connection.fetch(
            "SELECT stream_id FROM es.stream WHERE stream_id > $1 ORDER BY stream_id LIMIT $2", last, _SLICE
        )
        streams = [row["stream_id"] for row in rows]
        found = [fault async for fault in verify(connection, streams)] if streams else []
    for fault in found:
        if fault.stream_id not in broken:
            logs.log.error(
                "audit.broken", stream=str(fault.stream_id), version=fault.version, reason=fault.what
            )
    broken.difference_update(streams)
    broken.update(fault.stream_id for fault in found)
    return streams[-1] if len(streams) == _SLICE else _FIRST
