"""Retrieval's rows and queries on a real Postgres: a request as its pages show it."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from services.retrieval import commands as c
from shared.contracts.message import Actor
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from shared.runtime.store import HOUSE
from tests.support.answering import answering
from tests.support.stack import Servers
from tests.unit.retrieval import desk as d

CAUSE = Cause(Actor("tester", "records_specialist"), sponsor_id=HOUSE)


async def carry_out(run: Executor, *commands: c.RetrievalCommand) -> None:
    for command in commands:
        await run.execute(command, Cause(CAUSE.actor, sponsor_id=HOUSE))


@pytest.fixture
async def pages(servers: Servers) -> AsyncIterator[tuple[Executor, httpx.AsyncClient]]:
    """An executor on a database of its own, and a client of the queries over it."""
    async with answering(servers, "retrieval") as (run, client):
        yield run, client


async def test_a_request_shows_its_legs_its_custody_and_where_it_stands(
    pages: tuple[Executor, httpx.AsyncClient],
) -> None:
    run, client = pages
    leg = (d.leg(), d.accept(basis="waiver", expires_on=None), d.send(), d.receive(), d.release())
    await carry_out(run, d.opening(), d.leg(d.OTHER_LEG), *leg, d.deliver())
    shown = (await client.get(f"/v1/requests/{d.REQUEST}")).json()
    assert (shown["status"], shown["legs"], shown["delivered"]) == ("open", 2, 1)
    assert [one["status"] for one in shown["provider_legs"]] == ["delivered", "draft"]
    assert [one["act"] for one in shown["custody"]] == ["received", "qcpassed", "delivered"]
    assert shown["deadlines"] == []


async def test_requests_are_found_by_state_trial_case_and_date(
    pages: tuple[Executor, httpx.AsyncClient],
) -> None:
    run, client = pages
    await carry_out(run, d.opening())
    for query, found in (
        ("", 1),
        (f"?trial={d.TRIAL}&case={d.CASE}&status=open", 1),
        ("?needed_by=2026-03-14", 1),
        ("?needed_by=2026-03-13", 0),
        (f"?trial={d.SITE}", 0),
    ):
        assert len((await client.get(f"/v1/requests{query}")).json()["items"]) == found, query


async def test_the_funnel_counts_legs_by_state_and_age(pages: tuple[Executor, httpx.AsyncClient]) -> None:
    run, client = pages
    await carry_out(run, d.opening(priority="urgent"), d.leg(), d.leg(d.OTHER_LEG), d.reject())
    items = (await client.get(f"/v1/funnel?trial={d.TRIAL}")).json()["items"]
    assert [(one["status"], one["legs"], one["urgent"]) for one in items] == [
        ("authorization_rejected", 1, 1),
        ("draft", 1, 1),
    ]
    assert [one["days_0_2"] for one in items] == [1, 1]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/v1/requests/{UUID(int=404)}", 404),
        ("/v1/requests?status=%00", 422),
        ("/v1/requests?after=none", 400),
        ("/v1/requests/none", 422),
    ],
)
async def test_queries_answer_wrong_questions_with_a_problem(
    pages: tuple[Executor, httpx.AsyncClient], path: str, status: int
) -> None:
    _, client = pages
    assert (await client.get(path)).status_code == status


async def test_a_hold_and_a_withdrawal_are_read_when_a_request_opens(
    pages: tuple[Executor, httpx.AsyncClient],
) -> None:
    run, client = pages
    await run.pool.execute("INSERT INTO subject_access VALUES ($1, true)", d.SUBJECT)
    await run.pool.execute(
        "INSERT INTO scope_holds VALUES ($1, jsonb_build_array($2::text))", d.SITE, str(d.HOLD)
    )
    await carry_out(run, d.opening(purpose="rwe"))
    shown = (await client.get(f"/v1/requests/{d.REQUEST}")).json()
    assert (shown["status"], shown["access_withdrawn"]) == ("frozen", True)
    assert shown["frozen_by"] == [str(d.HOLD)]
