"""Matching over HTTP on a real Postgres: verdicts, what is kept, and what is refused."""

from collections.abc import AsyncIterator
from time import thread_time
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.trials.api.matching import CANDIDATES, VERDICTS
from shared.runtime.execute import Executor
from tests.support.answering import answering
from tests.support.identity import Asking
from tests.support.stack import Servers

Api = tuple[Executor, httpx.AsyncClient]
AGE = {"code": "I1", "kind": "inclusion", "attribute": "age", "low": 18}
CODE = "C-0815"  # a candidate's code, which nothing may keep


@pytest.fixture
async def trials(servers: Servers) -> AsyncIterator[Api]:
    async with answering(servers, "trials") as found:
        yield found


async def give(client: httpx.AsyncClient, command: str, **fields: Any) -> dict[str, Any]:
    headers = {"Idempotency-Key": str(uuid4())}
    answer = await client.post(f"/v1/commands/{command}", json=fields, headers=headers)
    assert answer.status_code == 201, answer.text[:400]
    told: dict[str, Any] = answer.json()
    return told


async def at_site(client: httpx.AsyncClient) -> dict[str, str]:
    """A trial with criteria, and one site of it."""
    trial = (await give(client, "register-trial", title="A trial", sponsor="Sponsor"))["stream_id"]
    site = (await give(client, "identify-site", trial_id=trial, name="A site"))["stream_id"]
    await give(client, "record-criteria", trial_id=trial, protocol_version="1.0", criteria=[AGE])
    return {"trial": trial, "site": site}


def listed(*ages: float | None, code: str = "C") -> dict[str, Any]:
    return {
        "candidates": [
            {"code": f"{code}-{n}", "attributes": {} if age is None else {"age": age}}
            for n, age in enumerate(ages)
        ]
    }


async def test_candidates_get_verdicts_and_leave_counts(trials: Api) -> None:
    run, client = trials
    where = await at_site(client)
    answer = await client.post("/v1/matching", params=where, json=listed(54, 17, None, code=CODE))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["protocol_version"] == "1.0"
    assert [one["outcome"] for one in found["matches"]] == ["eligible", "ineligible", "undecided"]
    assert found["matches"][2]["verdicts"] == [
        {"criterion": "I1", "kind": "inclusion", "holds": None, "passes": None, "reason": "not_given"}
    ]
    (kept,) = (await client.get(f"/v1/trials/{where['trial']}/matchings")).json()["items"]
    assert (kept["candidates"], kept["failed"], kept["unknown"]) == (3, {"I1": 1}, {"I1": 1})
    for table in ("es.event", "es.reading", "matching", "es.outbox"):
        rows = await run.pool.fetch(f"SELECT t::text FROM {table} t")  # noqa: S608 - our own tables
        assert not [row for row in rows if CODE in row[0]], table


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"candidates": []}, 422, "/candidates"),
        ({"candidates": [{"code": "C", "attributes": {}, "name": "x"}]}, 422, "/candidates/0"),
        ({"candidates": [{"code": "C", "attributes": {}}] * 2}, 422, "/candidates"),
        ({"candidates": [{"code": "C", "attributes": {"age": None}}]}, 422, None),
        (listed(*([1.0] * 2_001)), 422, "/candidates"),
    ],
)
async def test_a_wrong_list_is_told_where(
    trials: Api, body: dict[str, Any], status: int, pointer: str | None
) -> None:
    _, client = trials
    where = await at_site(client)
    answer = await client.post("/v1/matching", params=where, json=body)
    assert answer.status_code == status
    if pointer:
        assert answer.json()["errors"][0]["pointer"] == pointer


async def test_what_is_not_there_or_not_json_is_refused(trials: Api) -> None:
    _, client = trials
    where = await at_site(client)
    other = await client.post("/v1/matching", params=where | {"site": str(uuid4())}, json=listed(1))
    assert other.status_code == 404
    deep = await client.post(
        "/v1/matching", params=where, content=b"[" * 90, headers={"Content-Type": "application/json"}
    )
    assert deep.status_code == 400
    text = await client.post("/v1/matching", params=where, content=b"x", headers={"Content-Type": "text/csv"})
    assert text.status_code == 415
    large = await client.post("/v1/matching", params=where, json=listed(1, code="C" * 1_100_000))
    assert large.status_code == 413


async def test_a_site_matches_its_own_candidates_and_no_other_s(servers: Servers) -> None:
    async with answering(servers, "trials") as (run, client):
        where, other = await at_site(client), await at_site(client)
        client.auth = Asking(sites={where["site"]: where["trial"]}, sponsors=())
        coordinator, sponsor = {"Trialwire-Actor": "site_coordinator:c"}, {"Trialwire-Actor": "sponsor:s"}
        for place, who, status in (
            (where, coordinator, 200),
            (other, coordinator, 404),
            (where, sponsor, 403),
        ):
            answer = await client.post("/v1/matching", params=place, json=listed(50), headers=who)
            assert answer.status_code == status
        assert await run.pool.fetchval("SELECT count(*) FROM matching") == 1


async def test_the_longest_list_is_answered_off_the_loop_and_a_longer_one_refused(trials: Api) -> None:
    """The loop's own processor time is measured: it does not grow where others use the machine."""
    _, client = trials
    where = await at_site(client)
    criteria = [AGE | {"code": f"I{n}", "attribute": f"a{n}"} for n in range(50)]
    await give(client, "record-criteria", trial_id=where["trial"], protocol_version="2.0", criteria=criteria)
    body = listed(*([None] * CANDIDATES))
    before = thread_time()
    answer = await client.post("/v1/matching", params=where, json=body)
    spent = thread_time() - before
    assert len(answer.json()["matches"][-1]["verdicts"]) * CANDIDATES == VERDICTS
    assert spent < 1, f"{spent:.1f} s on the loop"
    criteria = [*criteria, AGE | {"code": "I50"}]
    await give(client, "record-criteria", trial_id=where["trial"], protocol_version="3.0", criteria=criteria)
    longer = await client.post("/v1/matching", params=where, json=body)
    assert longer.status_code == 422
    assert longer.json()["errors"][0]["pointer"] == "/candidates"
    assert (await client.post("/v1/matching", params=where, json=listed(*[None] * 1_960))).status_code == 200
