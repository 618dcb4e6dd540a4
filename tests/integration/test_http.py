"""Every bad input over HTTP is answered by a precise problem+json, never by a 500."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from uuid_utils.compat import uuid7

from tests.support.pair import pair
from tests.support.served import served
from tests.support.stack import Servers

SPONSOR = "Sponsor of the tests"


@pytest.fixture
async def client(servers: Servers) -> AsyncIterator[httpx.AsyncClient]:
    with pair(servers) as two:
        async with served(servers, two.alpha) as (connected, _):
            yield connected


def body(**over: object) -> dict[str, Any]:
    return {"tally_id": str(uuid7()), "trial_id": str(uuid7()), "n": 1, "sponsor": SPONSOR} | over


async def post(
    client: httpx.AsyncClient, content: object, name: str = "count-up", **headers: str
) -> httpx.Response:
    sent = content if isinstance(content, bytes) else json.dumps(content).encode()
    given = {"Idempotency-Key": str(uuid7()), "Content-Type": "application/json"}
    given |= {key.replace("_", "-"): value for key, value in headers.items()}
    return await client.post(f"/v1/commands/{name}", content=sent, headers=given)


DEEP = b'{"n":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
BAD: dict[str, tuple[object, int, str]] = {
    "malformed JSON": (b'{"n": 1', 400, "malformed"),
    "no body": (b"", 400, "malformed"),
    "not UTF-8": (b'{"note": "\xff\xfe"}', 400, "malformed"),
    "half a surrogate": (b'{"note": "\\ud800"}', 400, "malformed"),
    "deep JSON": (DEEP, 400, "too-deep"),
    "a list": ([1, 2], 422, "invalid"),
    "a number in quotes": (body(n="1"), 422, "invalid"),
    "a number out of range": (body(n=-1), 422, "invalid"),
    "not a number": (b'{"n": NaN}', 422, "invalid"),
    "an id that is none": (body(tally_id="7"), 422, "invalid"),
    "a field that nobody knows": (body(colour="red"), 422, "invalid"),
    "NUL in a text": (body(note="a\x00b"), 422, "invalid"),
    "NUL in a name": (body(sponsor="a\x00b"), 422, "invalid"),
    "a number that no column holds": (body(n=10**30), 422, "unstorable"),
    "an event over the limit": (body(note="x" * 300_000), 413, "too-large"),
    "ten megabytes": (b'{"note": "' + b"x" * 10_000_000 + b'"}', 413, "too-large"),
}


async def test_every_bad_body_is_a_problem_that_names_its_rule(client: httpx.AsyncClient) -> None:
    for name, (content, status, rule) in BAD.items():
        answer = await post(client, content)
        assert answer.status_code == status, (name, answer.text[:300])
        assert answer.headers["content-type"] == "application/problem+json", name
        assert answer.json()["type"] == f"urn:trialwire:problem:{rule}", name
        assert answer.json()["status"] == status, name
        assert len(answer.content) < 2_000, name
    assert (await post(client, body())).status_code == 201


async def test_a_field_at_fault_is_named_by_a_pointer_and_never_repeated(client: httpx.AsyncClient) -> None:
    answer = await post(client, body(n="secret text"))
    assert answer.json()["errors"][0]["pointer"] == "/n"
    assert "secret text" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Idempotency_Key": ""}, 400),
        ({"Idempotency_Key": "x" * 201}, 400),
        ({"Idempotency_Key": "with space"}, 400),
        ({"If_Match": "seven"}, 400),
        ({"Trialwire_Correlation_Id": "nope"}, 400),
        ({"Trialwire_Actor": "nobody"}, 401),
        ({"If_Match": '"7"'}, 412),
        ({"traceparent": "rubbish"}, 201),
        ({"Trialwire_Actor": "developer:é\xff"}, 401),
        ({"Trialwire_Actor": f"developer:{'x' * 200}"}, 401),
        ({"Trialwire_Actor": "developer:a b"}, 401),
    ],
)
async def test_headers_are_checked(client: httpx.AsyncClient, headers: dict[str, str], status: int) -> None:
    sent = {key: value.encode("latin-1") for key, value in headers.items()}
    answer = await post(client, body(), **sent)  # type: ignore[arg-type]
    assert answer.status_code == status, answer.text


async def test_what_is_not_there_is_a_problem_too(client: httpx.AsyncClient) -> None:
    unknown = await post(client, body(), name="no-such-command")
    wrong = await client.get("/v1/commands/count-up")
    nowhere = await client.get("/nowhere")
    trial = await post(client, body(sponsor=None))
    assert [a.status_code for a in (unknown, wrong, nowhere, trial)] == [404, 405, 404, 404]
    for answer in (unknown, wrong, nowhere, trial):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"].startswith("urn:trialwire:problem:")
    assert trial.json()["type"] == "urn:trialwire:problem:unknown-trial"


async def test_a_refusal_says_its_rule_and_the_state_that_it_met(client: httpx.AsyncClient) -> None:
    first = body(n=3)
    assert (await post(client, first)).status_code == 201
    spend = {"tally_id": first["tally_id"], "trial_id": first["trial_id"], "n": 5}
    answer = await post(client, spend, name="spend")
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["type"], problem["state"], problem["field"]) == (
        "urn:trialwire:problem:not-enough",
        "3",
        "n",
    )


async def test_an_idempotency_key_repeats_the_first_answer_and_refuses_another_body(
    client: httpx.AsyncClient,
) -> None:
    key, content = str(uuid4()), body()
    first = await post(client, content, Idempotency_Key=key)
    again = await post(client, content, Idempotency_Key=key)
    other = await post(client, body(n=2), Idempotency_Key=key)
    elsewhere = await post(client, content, Idempotency_Key=key, Trialwire_Actor="developer:second")
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replay"] == "true"
    assert other.json()["type"] == "urn:trialwire:problem:idempotency-key-reused"
    assert elsewhere.json()["version"] == 2, "a key belongs to its actor"


async def test_thirty_two_calls_with_one_key_at_once_run_once(client: httpx.AsyncClient) -> None:
    key, content = str(uuid4()), body()
    answers = await asyncio.gather(*[post(client, content, Idempotency_Key=key) for _ in range(32)])
    assert {a.status_code for a in answers} <= {200, 201}
    assert [a.status_code for a in answers].count(201) == 1
    assert len({a.text for a in answers}) == 1
    assert (await post(client, content)).json()["version"] == 2


async def test_health_and_metrics_answer(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).json() == {"ok": True, "faults": {}}
    assert "trialwire_outbox_rows" in (await client.get("/metrics")).text
