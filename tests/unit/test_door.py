"""The door of every service: headers on every answer, the request's id, and a limit of how many at once."""

import asyncio
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import get_contextvars

from shared.http.app import create_app
from shared.http.door import Door
from shared.http.page import POLICY
from shared.runtime import logs
from shared.runtime.settings import Settings
from tests.support import identity

SERVICES = ("trials", "regulatory", "safety", "retrieval")
ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


@cache
def service(name: str = "trials") -> FastAPI:
    """The application without its process: whatever needs it fails. Nothing of a request stays in it."""
    handlers, queries = (import_module(f"services.{name}.{part}") for part in ("handlers", "api"))
    settings = Settings(dsn_file=Path("unread"), kafka="none:9", **identity.believed())
    return create_app(handlers.SERVICE, queries.router, settings)


def client(app: ASGIApp, **more: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://door", **more)


async def test_every_answer_has_the_headers_whatever_became_of_it() -> None:
    async with client(service(), auth=identity.Asking()) as door:
        answers = [
            (path, await door.request(method, path, headers=headers))
            for method, path, headers in (
                ("GET", "/docs", {}),
                ("GET", "/openapi.json", {}),
                ("GET", "/metrics", {}),
                ("GET", "/nowhere", {}),
                ("POST", "/v1/trials", {}),
                ("GET", "/v1/trials?limit=0", {}),
                ("GET", "/v1/deadlines", {"Authorization": "Bearer x"}),
                ("GET", "/v1/trials", {}),  # without a process: the fault that nobody foresaw
            )
        ]
    assert [a.status_code for _, a in answers] == [200, 200, 200, 404, 405, 422, 401, 500]
    for path, answer in answers:
        assert ALWAYS.items() <= dict(answer.headers).items(), path
        assert UUID(answer.headers["x-request-id"]).version == 7, path
        assert "server" not in answer.headers
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert (policy == POLICY) == (path == "/docs")


async def test_the_page_has_no_script_and_no_style_but_the_one_that_its_policy_names() -> None:
    async with client(service()) as door:
        text = (await door.get("/docs")).text
    assert len(re.findall("<style", text)) == 1
    assert not re.search(r"<script|\sstyle=|\son\w+=|javascript:", text)


@pytest.mark.parametrize("given", ["a-B.9_", "x" * 64])
@pytest.mark.parametrize("path", ["/livez", "/nowhere"])
async def test_an_id_of_the_sender_is_kept_where_it_is_a_plain_word(given: str, path: str) -> None:
    async with client(service()) as door:
        assert (await door.get(path, headers={"X-Request-Id": given})).headers["x-request-id"] == given
        for other in ("", "x" * 65, "a b", 'a"b', "a\tb", "é", "a;b"):
            answer = await door.get(path, headers=[(b"X-Request-Id", other.encode("latin-1"))])
            assert UUID(answer.headers["x-request-id"]).version == 7


async def test_what_is_logged_during_a_request_bears_its_id() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(dict(get_contextvars()))
        await PlainTextResponse("")(scope, receive, send)

    async with client(Door(app)) as door:
        await door.get("/", headers={"X-Request-Id": "mine"})
    assert seen[0]["request_id"] == "mine"
    assert logs._allowed(None, "", {"request_id": "mine", "patient": "A"}) == {"request_id": "mine"}
    assert "request_id" not in get_contextvars()


async def test_one_request_too_many_is_told_to_come_again_and_probes_are_answered() -> None:
    release = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            await release.wait()
        await PlainTextResponse("done")(scope, receive, send)

    async with client(Door(app, at_once=2)) as door:
        slow = [asyncio.create_task(door.get("/slow")) for _ in range(2)]
        await asyncio.sleep(0.05)
        busy = await door.get("/quick")
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "5")
        assert busy.headers["content-type"] == "application/problem+json"
        assert busy.json()["type"] == "urn:trialwire:problem:busy"
        assert ALWAYS.items() <= dict(busy.headers).items()
        assert (await door.get("/livez")).status_code == 200
        release.set()
        assert [(await one).status_code for one in slow] == [200, 200]
        assert (await door.get("/quick")).status_code == 200


async def test_a_denial_says_how_to_come_in_and_nothing_of_a_token_that_was_not_brought() -> None:
    async with client(service()) as door:
        for headers, said in (
            ({}, "Bearer"),
            ({"Authorization": "Bearer a.b.c"}, 'Bearer error="invalid_token"'),
        ):
            answer = await door.get("/v1/trials", headers=headers)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, said)


@pytest.mark.parametrize("name", SERVICES)
def test_the_document_names_every_answer_and_who_has_to_ask(name: str) -> None:
    document = service(name).openapi()
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["security"] == [{"bearer": []}]
    for path, item in document["paths"].items():
        for method, route in item.items():
            answers = set(route["responses"])
            assert {"401", "403", "503"} <= answers, path
            if "requestBody" in route:
                assert {"400", "408", "415"} <= answers, (method, path)
    assert set(re.findall(r'"#/components/schemas/([^"]+)"', repr(document).replace("'", '"'))) <= set(
        document["components"]["schemas"]
    )


@pytest.mark.parametrize("name", SERVICES)
def test_every_limit_of_a_list_is_capped(name: str) -> None:
    for path, item in service(name).openapi()["paths"].items():
        for route in item.values():
            for parameter in route.get("parameters", ()):
                if parameter["name"] == "limit":
                    assert parameter["schema"]["maximum"] <= 1000, path
