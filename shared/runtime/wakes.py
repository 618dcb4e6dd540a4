"""Loops that time drives: aggregates whose moment has come, gaps to ask for, the embedded stack's clock."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from faststream.kafka import KafkaBroker
from uuid_utils.compat import uuid7

from shared.contracts.message import Actor, Wake
from shared.runtime import clock, logs, metrics, telemetry
from shared.runtime.cause import Cause, Work
from shared.runtime.database import TRANSIENT, Connection
from shared.runtime.execute import Executor

_EVERY = 0.5  # seconds
_AGAIN = timedelta(minutes=1)
_PASSED = timedelta(days=1)
_ASK_AGAIN = 30  # seconds between two requests for the same gap


async def wake_for_ever(executor: Executor, clock_file: Path | None) -> None:
    """Wake what is due, twice a second."""
    while True:
        if clock_file:
            await asyncio.to_thread(_read_clock, clock_file)
        try:
            while await wake_due(executor):
                pass
        except (*TRANSIENT, TimeoutError) as fault:
            logs.log.warning("clock.again", error=type(fault).__name__)
        await asyncio.sleep(_EVERY)


async def wake_due(executor: Executor, most: int = 50) -> int:
    """Wake up to `most` aggregates whose time has come; each in a transaction of its own."""
    due = await executor.pool.fetch(
        "SELECT stream_id, stream_type FROM es.wake JOIN es.stream USING (stream_id) WHERE at <= $1"
        " ORDER BY at LIMIT $2",
        clock.now(),
        most,
    )
    for row in due:
        await _wake(executor, row["stream_id"], row["stream_type"])
    return len(due)


async def _wake(executor: Executor, stream_id: UUID, stream_type: str) -> None:
    cause = Cause(Actor(executor.service.name, "service"), reason="time")

    async def work_on(tx: Connection, work: Work) -> None:
        aggregate = executor.service.aggregate_of[stream_type]
        # Another replica may have been quicker: looked at again under the stream's lock, which commands take
        # before they set the next moment, so that the two cannot wait for each other.
        await tx.execute("SELECT FROM es.stream WHERE stream_id = $1 FOR UPDATE", stream_id)
        at = await tx.fetchval("SELECT at FROM es.wake WHERE stream_id = $1", stream_id)
        if at is None or at > clock.now():
            return
        outcome = await executor.decide(tx, work, aggregate, Wake(stream=stream_id), cause)
        if not outcome.events:  # nothing came of it: its next moment is what its state says now
            stream = (await executor.streams.load(tx, {stream_id: aggregate}))[stream_id]
            at = aggregate.wake_at(stream.state) if aggregate.wake_at else None
            # A moment that has gone by without consequence must not take later ones with it.
            now = clock.now()
            at = now + _PASSED if at and at <= now else at
            await tx.execute("SELECT es.set_wakes($1, $2)", [stream_id], [at])
        metrics.WOKEN.inc()

    try:
        with telemetry.span("wake", attributes={"trialwire.stream_type": stream_type}):
            await executor.transact(work_on)
    except TRANSIENT:
        raise
    except Exception as fault:  # one aggregate that fails must not keep the others asleep
        logs.log.error("wake.failed", error=type(fault).__name__, stream=str(stream_id), type=stream_type)
        async with executor.pool.acquire(timeout=5) as tx:
            await _postpone(tx, stream_id)


async def _postpone(tx: Connection, stream_id: UUID) -> None:
    """What is still due after it was woken is looked at again in a minute, not at once and for ever."""
    now = clock.now()
    await tx.execute(
        "UPDATE es.wake SET at = $2 WHERE stream_id = $1 AND at <= $3", stream_id, now + _AGAIN, now
    )


def _read_clock(file: Path) -> None:
    """The embedded stack's clock: seconds that business time is ahead of real time."""
    try:
        ahead = timedelta(seconds=float(file.read_text()))
    except (OSError, ValueError):
        return
    if ahead > clock.offset():
        clock.advance(ahead)


async def ask_for_gaps(executor: Executor, broker: KafkaBroker) -> int:
    """Ask the owners of streams with a gap to send them again; answer how many were asked."""
    gaps = await executor.pool.fetch(
        "UPDATE es.blocked_stream b SET asked_at = clock_timestamp() FROM ("
        " SELECT grp, stream_id FROM es.blocked_stream WHERE reason = 'gap'"
        " AND (asked_at IS NULL OR asked_at < clock_timestamp() - make_interval(secs => $1)) LIMIT 100"
        " FOR UPDATE SKIP LOCKED) g"
        " LEFT JOIN es.seen s USING (grp, stream_id)"
        " WHERE b.grp = g.grp AND b.stream_id = g.stream_id"
        " RETURNING b.topic, b.stream_id, coalesce(s.version, 0) + 1 AS from_version",
        float(_ASK_AGAIN),
    )
    for gap in gaps:
        owner = gap["topic"].partition(".")[0]
        body = json.dumps({"stream_id": str(gap["stream_id"]), "from_version": gap["from_version"]}).encode()
        headers = {
            "ce_specversion": "1.0",
            "ce_id": str(uuid7()),
            "ce_source": f"/trialwire/{executor.service.name}",
            "ce_type": f"{owner}.republish_stream.v1",
            "ce_actor": f"service:{executor.service.name}",
        }
        await broker.publish(body, f"{owner}.commands", key=str(gap["stream_id"]).encode(), headers=headers)
        logs.log.warning("consumer.gap_asked", stream=str(gap["stream_id"]), version=gap["from_version"])
    return len(gaps)


async def heal_for_ever(executor: Executor, broker: KafkaBroker) -> None:
    while True:
        try:
            await ask_for_gaps(executor, broker)
        except Exception as fault:
            logs.log.warning("heal.again", error=type(fault).__name__)
        await asyncio.sleep(2)
