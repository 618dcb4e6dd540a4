"""A projection folded anew equals the live one, byte by byte, while appends and consumption go on."""

import asyncio
import random

from uuid_utils.compat import uuid7

from shared.contracts.message import Actor
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from shared.runtime.rebuild import Rebuild
from shared.runtime.store import HOUSE
from tests.support import probe
from tests.support.stack import Servers, process, until

CAUSE = Cause(Actor("tester", "developer"), sponsor_id=HOUSE)


async def counted(executor: Executor, times: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  a load, not a secret
    trials, tallies = [uuid7() for _ in range(5)], [uuid7() for _ in range(20)]
    for _ in range(times):
        tally = chance.randrange(20)
        command = probe.CountUp(tally_id=tallies[tally], trial_id=trials[tally % 5], n=chance.randrange(1, 9))
        await executor.execute(command, Cause(CAUSE.actor, sponsor_id=HOUSE))


async def dump(executor: Executor, table: str) -> list[str]:
    found = await executor.pool.fetch(f"SELECT row_to_json(t)::text FROM public.{table} t ORDER BY 1")  # noqa: S608
    return [row[0] for row in found]


async def test_a_rebuilt_table_equals_the_live_one(servers: Servers) -> None:
    async with process(servers, probe.alpha()) as alpha, process(servers, probe.beta()) as beta:
        await counted(alpha.executor, 120, seed=1)
        load = asyncio.create_task(counted(alpha.executor, 120, seed=2))
        own = await Rebuild(alpha.executor, servers.kafka, "trial_total").run()
        foreign = await Rebuild(beta.executor, servers.kafka, "tally").run()
        await load
        assert own >= 120
        assert foreign >= 0
        total = "SELECT coalesce(sum((data::jsonb->>'n')::int), 0) FROM es.event"
        await until(
            lambda: _followed(beta.executor, alpha.executor), why=lambda: "the follower did not catch up"
        )
        assert await alpha.pool.fetchval("SELECT sum(total) FROM trial_total") == await alpha.pool.fetchval(
            total
        )
        for executor, table in ((alpha.executor, "trial_total"), (beta.executor, "tally")):
            live = await dump(executor, table)
            folded = await Rebuild(executor, servers.kafka, table).run()
            assert await dump(executor, table) == live
            assert folded >= 240


async def _followed(beta: Executor, alpha: Executor) -> bool:
    mine = await alpha.pool.fetch("SELECT stream_id, version FROM es.stream WHERE stream_type = 'tally'")
    seen = await beta.pool.fetch("SELECT stream_id, version FROM es.seen WHERE grp = 'beta.alpha'")
    return {tuple(r) for r in mine} <= {tuple(r) for r in seen}


async def test_rebuilds_among_many_writers_never_wait_in_a_circle(servers: Servers) -> None:
    async with process(servers, probe.alpha()) as alpha, process(servers, probe.beta()) as beta:
        writing = [asyncio.create_task(counted(alpha.executor, 60, seed)) for seed in range(8)]
        while not all(task.done() for task in writing):
            await Rebuild(alpha.executor, servers.kafka, "trial_total").run()
            await Rebuild(beta.executor, servers.kafka, "tally").run()
        await asyncio.gather(*writing)
        deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        assert [await one.pool.fetchval(deadlocks) for one in (alpha, beta)] == [0, 0]
