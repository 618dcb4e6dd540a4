"""Faults 21 and 22: transactions that commit late or begin early, and thirty-two writers of one stream."""

import asyncio
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from shared.runtime.cause import Work
from shared.runtime.execute import Executor
from shared.runtime.store import ConflictError
from shared.runtime.verify import verify
from tests.support import probe, raw
from tests.support.pair import Pair, cause, count, pair
from tests.support.stack import Servers, executor, process, until

pytestmark = pytest.mark.short
# An append of the note `late` sits inside its transaction, behind a lock that the test holds.
_HOLD_BACK = """
CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(4964);
    RETURN NEW;
END $$;
CREATE TRIGGER hold_back BEFORE INSERT ON es.event FOR EACH ROW
WHEN (NEW.data LIKE '%"late"%') EXECUTE FUNCTION hold_back()
"""


def counted(tally: UUID, trial: UUID, n: int, note: str = "") -> probe.CountUp:
    return probe.CountUp(tally_id=tally, trial_id=trial, n=n, note=note)


async def versions(servers: Servers, two: Pair) -> dict[str, list[int]]:
    """The first occurrences of each stream on the topic, in the order of the log."""
    found: dict[str, list[int]] = {}
    for record in await raw.read_all(servers, two.alpha.topic):
        headers = dict(record.headers)
        seen = found.setdefault(headers["ce_subject"].decode(), [])
        if (version := int(headers["ce_sequence"])) not in seen:
            seen.append(version)
    return found


async def test_an_append_that_commits_late_is_sent_though_later_ones_went_before(servers: Servers) -> None:
    with pair(servers) as two:
        async with process(servers, two.alpha) as alpha, process(servers, two.beta) as beta:
            late, quick, trial = uuid7(), uuid7(), uuid7()
            await alpha.pool.execute(_HOLD_BACK)
            await count(alpha.executor, counted(late, trial, 1))
            holder = await asyncpg.connect(alpha.settings.dsn()())
            await holder.execute("SELECT pg_advisory_lock(4964)")
            slow = asyncio.create_task(count(alpha.executor, counted(late, uuid7(), 2, "late")))
            await asyncio.sleep(0.1)
            for n in (3, 4, 5):
                await count(alpha.executor, counted(quick, uuid7(), n))
            # The outbox is empty and a higher number has gone out while a lower one has not been committed.
            await until(lambda: alpha.pool.fetchval("SELECT NOT EXISTS (SELECT FROM es.outbox)"))
            await until(lambda: _total(beta.executor, quick, 12))
            assert not slow.done()
            await holder.close()
            assert (await slow).version == 2
            await count(alpha.executor, counted(late, trial, 6))
            await until(lambda: _total(beta.executor, late, 9))
            assert await versions(servers, two) == {str(late): [1, 2, 3], str(quick): [1, 2, 3]}


async def test_a_transaction_that_began_first_and_appends_second_keeps_the_order(servers: Servers) -> None:
    """Its transaction id is the lower one: whoever orders by that sends version 2 before version 1."""
    with pair(servers) as two:
        async with process(servers, two.alpha) as alpha, process(servers, two.beta) as beta:
            for _ in range(5):
                tally, trial = uuid7(), uuid7()
                early = await asyncpg.connect(alpha.settings.dsn()())
                tx = early.transaction()
                await tx.start()
                await early.execute("SELECT pg_current_xact_id()")
                await count(alpha.executor, counted(tally, trial, 1))
                work = Work()
                await alpha.executor.run(early, work, counted(tally, trial, 2), cause())
                await alpha.executor.flush(early, work)
                await tx.commit()
                await early.close()
                await until(lambda t=tally: _total(beta.executor, t, 3))  # type: ignore[misc]
            assert set(map(tuple, (await versions(servers, two)).values())) == {(1, 2)}


async def _total(run: Executor, tally: UUID, wanted: int) -> bool:
    return bool(await run.pool.fetchval("SELECT total FROM tally WHERE tally_id = $1", tally) == wanted)


async def test_thirty_two_writers_of_one_stream_lose_no_update(servers: Servers) -> None:
    async with executor(servers, probe.alpha()) as run:
        tally, trial = uuid7(), uuid7()

        async def write(writer: int) -> int:
            done = 0
            for _ in range(10):
                try:
                    await count(run, counted(tally, trial, 1, str(writer)))
                    done += 1
                except ConflictError:
                    continue
            return done

        acknowledged = sum(await asyncio.gather(*[write(writer) for writer in range(32)]))
        found = await run.pool.fetch(
            "SELECT version FROM es.event WHERE stream_id = $1 ORDER BY version", tally
        )
        assert [row["version"] for row in found] == list(range(1, acknowledged + 1))
        assert await run.pool.fetchval("SELECT total FROM trial_total") == acknowledged
        async with run.pool.acquire() as connection:
            assert [broken async for broken in verify(connection)] == []


async def test_thirty_two_writers_who_name_a_version_get_it_or_a_conflict(servers: Servers) -> None:
    async with executor(servers, probe.alpha()) as run:
        tally, trial = uuid7(), uuid7()
        writes = [run.execute(counted(tally, trial, 1), cause(expected_version=0)) for _ in range(32)]
        answers = await asyncio.gather(*writes, return_exceptions=True)
        assert [getattr(a, "version", type(a)) for a in answers].count(1) == 1
        assert [type(a) for a in answers].count(ConflictError) == 31
