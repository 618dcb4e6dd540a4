"""From an append in one service to the rows and reactions of another, over the real broker."""

from uuid_utils.compat import uuid7

from shared.contracts.message import Actor
from shared.runtime.cause import Cause
from shared.runtime.store import HOUSE
from tests.support import probe
from tests.support.stack import Servers, process, until

ACTOR = Actor("tester", "developer")


async def test_events_reach_the_follower_once_and_make_it_act(servers: Servers) -> None:
    async with process(servers, probe.alpha()) as alpha, process(servers, probe.beta()) as beta:
        tally, trial = uuid7(), uuid7()
        for n in (1, 20, 3):
            command = probe.CountUp(tally_id=tally, trial_id=trial, n=n)
            outcome = await alpha.executor.execute(command, Cause(ACTOR, sponsor_id=HOUSE))

        async def followed() -> bool:
            last = await beta.pool.fetchval("SELECT last FROM tally WHERE tally_id = $1", tally)
            return bool(last == 3)

        await until(followed)
        row = await beta.pool.fetchrow("SELECT total, history FROM tally WHERE tally_id = $1", tally)
        assert row
        assert (row["total"], row["history"]) == (24, "[1, 20, 3]")
        noted = "SELECT count(*) FROM es.stream WHERE correlation_id = $1"
        assert await beta.pool.fetchval(noted, outcome.correlation_id) == 1
        await until(lambda: alpha.pool.fetchval("SELECT NOT EXISTS (SELECT FROM es.outbox)"))


async def test_a_follower_that_never_reacts_still_knows_whose_a_trial_is(servers: Servers) -> None:
    async with process(servers, probe.alpha()) as alpha, process(servers, probe.beta()) as beta:
        tally, trial, sponsor = uuid7(), uuid7(), uuid7()
        command = probe.CountUp(tally_id=tally, trial_id=trial, n=1)
        await alpha.executor.execute(command, Cause(ACTOR, sponsor_id=sponsor))
        known = "SELECT sponsor_id FROM es.trial WHERE trial_id = $1"
        await until(lambda: beta.pool.fetchval(known, trial))
        assert await beta.pool.fetchval(known, trial) == sponsor
