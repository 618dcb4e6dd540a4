"""Idempotency keys and notes of unreadable commands are kept for thirty days, and no longer."""

import asyncio
import json
from datetime import timedelta
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from shared.runtime import clock
from shared.runtime.database import Pool
from shared.upkeep.prune import prune, pruning
from tests.support import probe
from tests.support.pair import pair
from tests.support.served import served
from tests.support.stack import Servers, executor, until


async def fill(pool: Pool, days: int, rows: int) -> None:
    """Keys and notes of so many days ago."""
    await pool.execute(
        "INSERT INTO es.command SELECT 'topic', gen_random_uuid()::text, '', '{}',"
        " clock_timestamp() - make_interval(days => $1) FROM generate_series(1, $2)",
        days,
        rows,
    )
    await pool.execute(
        "INSERT INTO es.bad_command SELECT 'x.commands', $1, n, '', '{}', 'e',"
        " clock_timestamp() - make_interval(days => $1) FROM generate_series(1, $2) n",
        days,
        rows,
    )


async def left(pool: Pool) -> tuple[int, int]:
    row = await pool.fetchrow(
        "SELECT (SELECT count(*) FROM es.command), (SELECT count(*) FROM es.bad_command)"
    )
    assert row is not None
    return row[0], row[1]


async def test_what_is_older_than_thirty_days_goes_in_batches_and_all_else_stays(servers: Servers) -> None:
    async with executor(servers, probe.alpha()) as run:
        await fill(run.pool, 31, 7)
        await fill(run.pool, 29, 5)
        assert await prune(run.pool, batch=3) == {"command": 7, "bad_command": 7}
        assert await left(run.pool) == (5, 5)
        assert await prune(run.pool, batch=3) == {"command": 0, "bad_command": 0}


async def test_it_goes_by_real_time_whatever_the_stack_s_clock_says(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "_offset", timedelta(days=400))
    async with executor(servers, probe.alpha()) as run:
        await fill(run.pool, 29, 5)
        assert clock.simulated()
        assert await prune(run.pool) == {"command": 0, "bad_command": 0}


async def test_replicas_prune_side_by_side_and_wait_for_no_command(servers: Servers) -> None:
    async with executor(servers, probe.alpha()) as run:
        await fill(run.pool, 31, 40)
        async with run.pool.acquire() as busy, busy.transaction():
            await busy.execute("SELECT FROM es.command ORDER BY ctid LIMIT 1 FOR UPDATE")
            done = await asyncio.gather(*[prune(run.pool, batch=4) for _ in range(3)])
            assert sum(one["command"] for one in done) == 39
        assert await left(run.pool) == (1, 0)


async def test_a_service_prunes_by_itself_and_a_repeated_key_is_then_run_again(servers: Servers) -> None:
    with pair(servers) as two:
        async with served(servers, two.alpha) as (client, app):
            pool, stream = app.state.pool, UUID(str(uuid7()))
            body = {"tally_id": str(stream), "trial_id": str(uuid7()), "n": 1, "sponsor": "S"}
            key = {"Idempotency-Key": "k", "Content-Type": "application/json"}
            text = json.dumps(body).encode()
            first = await client.post("/v1/commands/count-up", content=text, headers=key)
            assert first.status_code == 201
            again = await client.post("/v1/commands/count-up", content=text, headers=key)
            assert again.headers["idempotent-replay"] == "true"
            await pool.execute("UPDATE es.command SET at = at - interval '31 days'")
            loop = asyncio.create_task(pruning(pool, every=0.05, pause=0))
            await until(lambda: _none(pool))
            # Its stream decides: a tally counts twice, what is done already is not done again.
            later = await client.post("/v1/commands/count-up", content=text, headers=key)
            assert "idempotent-replay" not in later.headers
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)
            assert any(
                getattr(task.get_coro(), "__name__", "") == "pruning" for task in asyncio.all_tasks()
            ), "the service runs one of its own"


async def _none(pool: Pool) -> bool:
    return await left(pool) == (0, 0)
