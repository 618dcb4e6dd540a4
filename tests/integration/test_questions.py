"""Questions nobody thought of, made from each service's own API document: every answer is one it names.

TRIALWIRE_TEST_SEED repeats a run; a failure prints its seed and the question as a curl command.
"""

import asyncio
import contextlib
import itertools
import os
import random
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID

import httpx
import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode, checks
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared.rules.roles import roles
from tests.support.answering import answering
from tests.support.stack import Servers

SEED = int(os.environ.get("TRIALWIRE_TEST_SEED") or random.SystemRandom().randrange(2**32))
NAMES = ("trials", "regulatory", "safety", "retrieval")
ONE_SPONSOR: dict[str, Any] = {"sponsors": [UUID(int=7)], "trials": []}
EVERYBODY = tuple(f"{name}:x" for name, known in roles().items() if not known.development)
EXAMPLES = 6  # questions that a route gets, good ones and bad ones each
# Who asks, what they reach, and how many of a route's questions are put at the least. To make a question
# takes longer than to ask it: the same are asked again and again.
ASKING: tuple[tuple[tuple[str | None, ...], dict[str, Any], int], ...] = (
    (("developer:d",), {}, 2 * EXAMPLES),
    (EVERYBODY, {}, 2 * EXAMPLES),
    (("developer:s", *EVERYBODY), ONE_SPONSOR, 2 * EXAMPLES),
    ((None,), {}, 2),
)
CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
Ask = Callable[[httpx.Request], httpx.Response]
Send = Callable[[httpx.Request], Coroutine[Any, Any, httpx.Response]]


def request_of(case: Any, actor: str | None) -> httpx.Request:
    """The question byte by byte, from this role; from nobody where there is none."""
    ready = requests.Request(**case.as_transport_kwargs(base_url="http://asked")).prepare()
    headers = [(k, v if isinstance(v, bytes) else v.encode("latin-1")) for k, v in ready.headers.items()]
    kept = [(k.encode("latin-1"), v) for k, v in headers if k.lower() not in ("authorization", "host")]
    body = ready.body.encode() if isinstance(ready.body, str) else ready.body or b""
    assert isinstance(body, bytes)
    whose = [(b"Trialwire-Actor", actor.encode())] if actor else [(b"Authorization", b"none")]
    return httpx.Request(str(ready.method), str(ready.url), headers=[*kept, *whose], content=body)


def questions(document: dict[str, Any]) -> list[list[Any]]:
    """Of every route, good questions and bad ones in turn."""
    # Replaying and rebuilding need the whole process: test_replay.py and test_rebuild.py have one.
    schema = schemathesis.openapi.from_dict(document).exclude(path_regex="(replay|rebuild)$")
    made = []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        good, bad = (made_of(operation, mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE))
        assert good, operation.label  # of some routes nothing can be wrong
        pairs = itertools.zip_longest(good, bad)
        made.append([case for pair in pairs for case in pair if case is not None])
    return made


def made_of(operation: Any, mode: GenerationMode) -> list[Any]:
    cases: list[Any] = []

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def make(case: Any) -> None:
        cases.append(case)

    with contextlib.suppress(hypothesis.errors.Unsatisfiable):
        make()
    return cases


def put(routes: list[list[Any]], ask: Ask, actors: Sequence[str | None], least: int) -> None:
    """Put questions to every route: at least so many, and each of these actors one."""
    for nth, cases in enumerate(routes):
        for n in range(max(len(actors), min(least, len(cases)))):
            case = cases[(nth + n) % len(cases)]  # who gets a good one of a route gets a bad one of the next
            case.validate_response(ask(request_of(case, actors[n % len(actors)])), checks=CHECKS)


@pytest.mark.timeout(400)  # the largest service takes a minute on two quiet cores
@pytest.mark.parametrize("name", NAMES)
async def test_every_answer_is_one_that_the_document_names(servers: Servers, name: str) -> None:
    print(f"TRIALWIRE_TEST_SEED={SEED}", file=sys.stderr)
    loop = asyncio.get_running_loop()
    routes: list[list[Any]] = []
    for actors, reached, least in ASKING:
        async with answering(servers, name, **reached) as (_, client):
            if not routes:
                document = (await client.get("/openapi.json")).json()
                routes = await asyncio.to_thread(questions, document)

            async def send(request: httpx.Request, by: httpx.AsyncClient = client) -> httpx.Response:
                return await by.send(request)

            def ask(request: httpx.Request, put: Send = send) -> httpx.Response:
                return asyncio.run_coroutine_threadsafe(put(request), loop).result(30)

            await asyncio.to_thread(put, routes, ask, actors, least)
    assert len(routes) > 20
