"""Aggregates woken by time: once, by one replica, and none kept asleep by another's fault."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from shared.runtime import clock, wakes
from shared.runtime.database import open_pool
from shared.runtime.execute import Executor
from shared.runtime.service import Service
from tests.support import probe
from tests.support.pair import count
from tests.support.stack import Servers, executor, new_database, until

TIMED_OUT = "SELECT count(*) FROM es.event WHERE type = 'alpha.tally.timed_out.v1'"
DUE = "UPDATE es.wake SET at = now() - interval '1 s'"


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """Business time goes forward only; a test's own offset ends with it."""
    yield
    clock._offset = timedelta()


async def tallies(run: Executor, number: int) -> None:
    for _ in range(number):
        await count(run, probe.CountUp(tally_id=uuid7(), trial_id=uuid7(), n=1))


async def test_two_replicas_wake_each_aggregate_once(servers: Servers) -> None:
    service = probe.alpha(wake_after=timedelta(days=1))
    dsn = await new_database(servers, service)
    pools = [await open_pool(dsn, "test", 4) for _ in range(2)]
    first, second = (Executor(service, pool) for pool in pools)
    await tallies(first, 30)
    await first.pool.execute(DUE)
    while sum(await asyncio.gather(wakes.wake_due(first), wakes.wake_due(second))):
        pass
    assert await first.pool.fetchval(TIMED_OUT) == 30
    assert await first.pool.fetchval("SELECT count(*) FROM es.wake") == 0
    for pool in pools:
        await pool.close()


async def test_commands_and_wakes_of_one_stream_do_not_wait_for_each_other(servers: Servers) -> None:
    async with executor(servers, probe.alpha(wake_after=timedelta(microseconds=1))) as run:
        tally, trial = uuid7(), uuid7()
        await count(run, probe.CountUp(tally_id=tally, trial_id=trial, n=1))
        deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        for n in range(1, 20):
            command = probe.CountUp(tally_id=tally, trial_id=trial, n=n)
            await asyncio.gather(count(run, command), wakes.wake_due(run))
        await asyncio.sleep(0.1)
        assert await run.pool.fetchval(deadlocks) == 0


def failing(service: Service, unlucky: int) -> Service:
    """The same service, whose decider fails for tallies that stand at this number."""
    tally = service.aggregates[0]

    def decide(state: Any, command: Any, facts: Any, now: datetime) -> Any:
        if type(command).__name__ == "Wake" and state.total == unlucky:
            raise RuntimeError("nobody thought of this")
        return tally.decide(state, command, facts, now)

    return replace(service, aggregates=(replace(tally, decide=decide),))


async def test_an_aggregate_that_fails_keeps_no_other_asleep(servers: Servers) -> None:
    service = failing(probe.alpha(wake_after=timedelta(days=1)), unlucky=7)
    async with executor(servers, service) as run:
        await count(run, probe.CountUp(tally_id=uuid7(), trial_id=uuid7(), n=7))
        await tallies(run, 3)
        await run.pool.execute(DUE)
        assert await wakes.wake_due(run) == 4
        assert await wakes.wake_due(run) == 0, "it is looked at again later, not at once"
        assert await run.pool.fetchval(TIMED_OUT) == 3
        assert await run.pool.fetchval("SELECT count(*) FROM es.wake WHERE at > now()") == 1


async def test_an_aggregate_that_stays_due_does_not_spin(servers: Servers) -> None:
    service = probe.alpha(wake_after=timedelta(microseconds=1))
    tally = replace(service.aggregates[0], decide=lambda *_: [])
    async with executor(servers, service) as run:
        await tallies(run, 1)
        spinning = Executor(replace(service, aggregates=(tally,)), run.pool)
        assert await wakes.wake_due(spinning) == 1
        assert await wakes.wake_due(spinning) == 0
        looked_at_again = await run.pool.fetchval("SELECT at > now() + interval '23 hours' FROM es.wake")
        assert looked_at_again, "what passed without consequence takes no later moment with it"


async def test_advanced_time_wakes_what_is_due_by_it_and_marks_its_events(
    servers: Servers, tmp_path: Path
) -> None:
    async with executor(servers, probe.alpha(wake_after=timedelta(days=30))) as run:
        await tallies(run, 1)
        file = tmp_path / "clock"
        running = asyncio.create_task(wakes.wake_for_ever(run, file))
        try:
            await asyncio.sleep(0.7)
            assert await run.pool.fetchval(TIMED_OUT) == 0
            file.write_text("nonsense")
            await asyncio.sleep(0.6)
            file.write_text(str(timedelta(days=31).total_seconds()))
            await until(lambda: _counted(run, 1))
            file.write_text("0")
            await asyncio.sleep(0.6)
            assert clock.offset() == timedelta(days=31), "time never goes back"
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        rows = await run.pool.fetch("SELECT meta, recorded_at FROM es.event ORDER BY pos")
        first, second = (json.loads(row["meta"]) for row in rows)
        assert "simulated" not in first
        assert second["simulated"] == "true"
        ahead = datetime.fromisoformat(second["time"]) - rows[1]["recorded_at"]
        assert timedelta(days=30, hours=23) < ahead < timedelta(days=31, hours=1)


async def _counted(run: Executor, wanted: int) -> bool:
    return bool(await run.pool.fetchval(TIMED_OUT) == wanted)


async def test_business_time_goes_forward_only() -> None:
    clock.advance(timedelta(days=2))
    with pytest.raises(ValueError, match="forward"):
        clock.advance(timedelta(days=1))
    assert clock.now() - datetime.now(UTC) > timedelta(days=1, hours=23)
