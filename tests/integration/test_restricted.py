"""What would reveal an allocation: on a topic of its own, and seen by nobody who only reaches much."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from fastapi import APIRouter
from uuid_utils.compat import uuid7

from shared.http.seen import seen_by
from shared.rules.grants import EVERYTHING, Grants
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from shared.runtime.rebuild import Rebuild
from shared.stack import topics
from tests.integration.test_row_security import SOMEBODY
from tests.support import identity, probe, raw
from tests.support.answering import answering_for
from tests.support.pair import ACTOR
from tests.support.stack import Servers, ensure_topics, executor, process, until

SPONSOR = UUID(int=7)


@dataclass
class Codes:
    """A trial with an open tally, a broken code, and one that said nothing."""

    run: Executor
    trial: UUID
    tally: UUID
    broken: UUID
    empty: UUID

    async def seen(self, grants: Grants) -> tuple[set[UUID], set[UUID], set[UUID]]:
        """The ids of the streams, of the events' streams and of the rows that are seen with these grants."""
        async with seen_by(self.run.pool, grants, SOMEBODY) as tx:
            asked = (
                "SELECT stream_id FROM es.stream",
                "SELECT stream_id FROM es.event",
                "SELECT code_id FROM code",
            )
            streams, events, rows = [{row[0] for row in await tx.fetch(sql)} for sql in asked]
        return streams, events, rows


async def broken_codes(run: Executor) -> Codes:
    made = Codes(run, *(uuid7() for _ in range(4)))
    await run.pool.execute("INSERT INTO es.trial VALUES ($1, $2)", made.trial, SPONSOR)
    for command in (
        probe.CountUp(tally_id=made.tally, trial_id=made.trial, n=1),
        probe.BreakCode(code_id=made.broken, trial_id=made.trial, arm="active"),
        probe.BreakCode(code_id=made.empty, trial_id=made.trial, arm="none"),
    ):
        await run.execute(command, Cause(ACTOR))
    return made


@pytest.fixture
async def codes(servers: Servers) -> AsyncIterator[Codes]:
    async with executor(servers, probe.gamma()) as run:
        yield await broken_codes(run)


REACHING = (EVERYTHING, Grants(sponsors=frozenset({SPONSOR})))


async def test_who_reaches_all_sees_nothing_that_would_reveal_an_allocation(codes: Codes) -> None:
    trials = Grants(trials=frozenset({codes.trial}))
    for grants in (*REACHING, trials):
        assert await codes.seen(grants) == ({codes.tally}, {codes.tally}, {codes.empty})


async def test_an_unblinded_role_sees_it_where_it_reaches_it(codes: Codes) -> None:
    every = {codes.tally, codes.broken, codes.empty}
    for grants in (*REACHING, Grants(trials=frozenset({codes.trial}))):
        found = await codes.seen(replace(grants, restricted=True))
        assert found == (every, every, {codes.broken, codes.empty})
    nothing: tuple[set[UUID], set[UUID], set[UUID]] = (set(), set(), set())
    assert await codes.seen(Grants(restricted=True)) == nothing
    assert await codes.seen(Grants(sponsors=frozenset({UUID(int=8)}), restricted=True)) == nothing


async def test_a_rebuilt_table_keeps_what_is_restricted(servers: Servers, codes: Codes) -> None:
    await Rebuild(codes.run, servers.cluster, "code").run()
    assert (await codes.seen(EVERYTHING))[2] == {codes.empty}
    assert (await codes.seen(replace(EVERYTHING, restricted=True)))[2] == {codes.broken, codes.empty}


async def test_over_http_the_role_that_opens_the_page_decides(servers: Servers) -> None:
    """A service by the name of safety, whose events `unblinded_safety` may open."""
    async with answering_for(servers, probe.gamma("safety"), APIRouter()) as (run, client):
        made = await broken_codes(run)

        async def streams(*roles: str) -> set[str]:
            token = identity.issuer().token("x-01", roles)
            answer = await client.get("/v1/events", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 200, answer.text
            return {event["stream_id"] for event in answer.json()["events"]}

        for blinded in ("auditor", "developer", "safety_physician", "regulatory_affairs"):
            assert await streams(blinded) == {str(made.tally)}, blinded
        every = {str(made.tally), str(made.broken), str(made.empty)}
        assert await streams("unblinded_safety") == every
        # A role that may not open the page lends its sight to none that may.
        assert await streams("unblinded_statistician", "auditor") == {str(made.tally)}
        kept = "SELECT restricted FROM es.reading ORDER BY at DESC LIMIT 2"
        assert [row[0] for row in await run.pool.fetch(kept)] == [False, True]


async def test_it_goes_out_on_the_restricted_topic_and_on_no_other(servers: Servers) -> None:
    name = f"gamma_{secrets.token_hex(4)}"
    ensure_topics(servers, name)
    topics.ensure(servers.cluster, [topics.Topic(f"{name}.restricted", 12, -1)])
    async with process(servers, probe.gamma(name)) as gamma:
        made = await broken_codes(gamma.executor)
        await until(lambda: gamma.pool.fetchval("SELECT NOT EXISTS (SELECT FROM es.outbox)"))

        async def subjects(topic: str) -> set[str]:
            return {dict(r.headers)["ce_subject"].decode() for r in await raw.read_all(servers, topic)}

        assert await subjects(f"{name}.restricted") == {str(made.broken), str(made.empty)}
        assert await subjects(f"{name}.events") == {str(made.tally)}
