"""The event log on a real Postgres: optimistic, dense, chained."""

import asyncio
from uuid import uuid4

import pytest
from uuid_utils.compat import uuid7

from shared.contracts.message import Actor
from shared.runtime.cause import Cause, RefusedError
from shared.runtime.execute import Executor
from shared.runtime.names import UnknownTrialError
from shared.runtime.store import HOUSE, ConflictError
from shared.runtime.verify import verify
from tests.support import probe
from tests.support.stack import Servers, executor

ACTOR = Actor("tester", "developer")


def cause(**more: object) -> Cause:
    return Cause(ACTOR, sponsor_id=HOUSE, **more)  # type: ignore[arg-type]


async def test_a_command_appends_events_projects_them_and_fills_the_outbox(servers: Servers) -> None:
    async with executor(servers, probe.alpha()) as run:
        tally, trial = uuid7(), uuid7()
        first = await run.execute(probe.CountUp(tally_id=tally, trial_id=trial, n=3), cause())
        second = await run.execute(probe.CountUp(tally_id=tally, trial_id=trial, n=4), cause())
        assert (first.version, second.version) == (1, 2)
        assert first.correlation_id == second.correlation_id
        row = await run.pool.fetchrow("SELECT total, tallies FROM trial_total WHERE trial_id = $1", trial)
        assert row
        assert row["total"] == 7
        assert await run.pool.fetchval("SELECT count(*) FROM es.outbox") == 2
        assert (
            await run.pool.fetchval("SELECT count(DISTINCT key) FROM es.event WHERE key = $1", str(trial))
            == 1
        )


async def test_thirty_two_writers_on_one_stream_leave_dense_versions(servers: Servers) -> None:
    async with executor(servers, probe.alpha()) as run:
        tally, trial = uuid7(), uuid7()
        commands = [
            run.execute(probe.CountUp(tally_id=tally, trial_id=trial, n=1), cause()) for _ in range(32)
        ]
        outcomes = await asyncio.gather(*commands)
        assert sorted(o.version for o in outcomes) == list(range(1, 33))
        assert await run.pool.fetchval("SELECT total FROM trial_total WHERE trial_id = $1", trial) == 32


async def test_an_expected_version_that_has_passed_is_a_conflict(servers: Servers) -> None:
    async with executor(servers, probe.alpha()) as run:
        tally, trial = uuid7(), uuid7()
        await run.execute(probe.CountUp(tally_id=tally, trial_id=trial, n=1), cause())
        with pytest.raises(ConflictError):
            await run.execute(probe.CountUp(tally_id=tally, trial_id=trial, n=1), cause(expected_version=0))


async def test_what_a_replica_kept_of_a_stream_never_decides_when_another_has_appended_since(
    servers: Servers,
) -> None:
    async with executor(servers, probe.alpha()) as first:
        second = Executor(first.service, first.pool)
        tally, trial = uuid7(), uuid7()

        async def count(replica: Executor, n: int, **more: object) -> int:
            command = probe.CountUp(tally_id=tally, trial_id=trial, n=n)
            return (await replica.execute(command, cause(**more))).version

        assert [await count(replica, 1) for replica in (first, second, first, first, second)] == [
            1,
            2,
            3,
            4,
            5,
        ]
        assert await count(first, 0) == 5, "nothing is appended, so the stream is looked at first"
        assert await count(second, 1) == 6
        assert await count(first, 1, expected_version=6) == 7
        assert await count(second, 1) == 8
        with pytest.raises(ConflictError):
            await count(first, 1, expected_version=7)
        await first.pool.execute("ALTER TABLE es.event DISABLE TRIGGER USER")
        await first.pool.execute("DELETE FROM es.event WHERE version > 5")
        hash_of = "(SELECT hash FROM es.event WHERE version = 5)"
        await first.pool.execute(f"UPDATE es.stream SET version = 5, head_hash = {hash_of}")  # noqa: S608
        assert await count(second, 1) == 6, "as after a restore of the database"


async def test_a_guard_that_counts_is_never_overdrawn_by_a_race(servers: Servers) -> None:
    async with executor(servers, probe.alpha()) as run:
        trial = uuid7()
        await run.execute(probe.CountUp(tally_id=uuid7(), trial_id=trial, n=10), cause())
        spends = [run.execute(probe.Spend(tally_id=uuid7(), trial_id=trial, n=1), cause()) for _ in range(32)]
        results = await asyncio.gather(*spends, return_exceptions=True)
        assert sum(not isinstance(r, Exception) for r in results) == 10
        assert all(isinstance(r, RefusedError) for r in results if isinstance(r, Exception))
        assert await run.pool.fetchval("SELECT total FROM trial_total WHERE trial_id = $1", trial) == 0


async def test_a_log_that_grows_while_it_is_verified_is_whole(servers: Servers) -> None:
    async with executor(servers, probe.alpha()) as run:
        tallies, trial = [uuid7() for _ in range(5)], uuid7()
        ended = False

        async def grow() -> None:
            while not ended:
                for tally in tallies:
                    await run.execute(probe.CountUp(tally_id=tally, trial_id=trial, n=1), cause())

        growing = asyncio.create_task(grow())
        async with run.pool.acquire() as connection:
            for _ in range(30):
                assert [broken async for broken in verify(connection)] == []
                await asyncio.sleep(0.01)
        ended = True
        await growing
        assert await run.pool.fetchval("SELECT min(version) FROM es.stream") > 10


async def test_a_stream_of_an_unknown_trial_is_refused(servers: Servers) -> None:
    async with executor(servers, probe.alpha()) as run:
        with pytest.raises(UnknownTrialError):
            await run.execute(probe.CountUp(tally_id=uuid7(), trial_id=uuid4(), n=1), Cause(ACTOR))
