"""A projection folded anew equals the live one, byte by byte, while appends and consumption go on."""

import asyncio
import dataclasses
import random
from typing import ClassVar

from uuid_utils.compat import uuid7

from shared.contracts.message import Actor, CommandRefused
from shared.runtime.apply import Applier
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from shared.runtime.rebuild import Rebuild, RebuildingError
from shared.runtime.replay import replay_after_upgrade
from shared.runtime.store import HOUSE
from tests.support import probe, raw
from tests.support.pair import pair
from tests.support.stack import Servers, executor, process, until

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
        own = await Rebuild(alpha.executor, servers.cluster, "trial_total").run()
        foreign = await Rebuild(beta.executor, servers.cluster, "tally").run()
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
            folded = await Rebuild(executor, servers.cluster, table).run()
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
            await Rebuild(alpha.executor, servers.cluster, "trial_total").run()
            await Rebuild(beta.executor, servers.cluster, "tally").run()
        await asyncio.gather(*writing)
        deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        assert [await one.pool.fetchval(deadlocks) for one in (alpha, beta)] == [0, 0]


async def test_a_table_is_rebuilt_by_one_at_a_time(servers: Servers) -> None:
    async with process(servers, probe.alpha()) as alpha:
        await counted(alpha.executor, 50, seed=3)
        both = [Rebuild(alpha.executor, servers.cluster, "trial_total").run() for _ in range(2)]
        answers = await asyncio.gather(*both, return_exceptions=True)
        assert [type(a) for a in answers].count(RebuildingError) == 1, answers
        assert 50 in answers
        assert await Rebuild(alpha.executor, servers.cluster, "trial_total").run() == 50, "the lock is let go"


class CountedUp2(probe.CountedUp):
    """A tally grew, as a later release tells it."""

    type: ClassVar[str] = "{service}.tally.counted_up.v2"


async def test_what_is_parked_stays_out_and_what_was_applied_late_is_in_its_place(servers: Servers) -> None:
    """A reader that went by the topic's order alone would lose what was parked first and replayed later."""
    with pair(servers) as two:
        newer, late, trial = uuid7(), uuid7(), uuid7()
        name, topic = two.alpha.name, two.alpha.topic
        written = [
            raw.event(name, newer, 1, trial, n=1),
            raw.event(name, late, 2, trial, n=20),  # before its time
            raw.event(name, newer, 2, trial, n=2, ce_type=f"{name}.tally.counted_up.v2"),
            raw.event(name, newer, 3, trial, n=4),
            raw.event(name, late, 1, trial, n=10),
        ]
        offsets = await raw.send(servers, topic, written)
        async with executor(servers, two.beta) as old:
            where = [raw.consumed(one, topic, at) for one, at in zip(written, offsets, strict=True)]
            await Applier(two.beta, old, name).apply(where)
            live = await dump(old, "tally")
            assert await old.pool.fetchval("SELECT sum(total) FROM tally") == 31
            assert await Rebuild(old, servers.cluster, "tally").run() == 3
            assert await dump(old, "tally") == live

            union = probe.CountedUp | CountedUp2 | probe.TimedOut
            mine = probe.BetaEvent | CommandRefused
            upgraded = dataclasses.replace(two.beta, contracts={name: union, two.beta.name: mine})
            run = Executor(upgraded, old.pool)
            assert await replay_after_upgrade(upgraded, run) == 2
            live = await dump(run, "tally")
            assert await run.pool.fetchval("SELECT sum(total) FROM tally") == 37
            assert await Rebuild(run, servers.cluster, "tally").run() == 5
            assert await dump(run, "tally") == live
