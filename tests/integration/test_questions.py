"""Questions nobody thought of, made from each service's own API document: every answer is one it names.

TRIALWIRE_TEST_SEED repeats a run; a failure prints its seed and the question as a curl command.
"""

import asyncio
import itertools
import math
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
# Who asks, what they reach, and how many questions a route gets, good ones and bad ones each. To make a
# question takes longer than to ask it: all of them ask in turn, several the same, until each had a turn.
ASKING: tuple[tuple[tuple[str | None, ...], dict[str, Any], int], ...] = (
    (("developer:d",), {}, 8),
    (EVERYBODY, {}, 2),
    (("developer:s", *EVERYBODY), ONE_SPONSOR, 2),
    ((None,), {}, 1),
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


def put(document: dict[str, Any], ask: Ask, actors: Sequence[str | None], examples: int) -> int:
    """Put questions to every route, each of these actors at least one; answers with how many."""
    asked = 0
    turns, together = itertools.cycle(actors), math.ceil(len(actors) / (2 * examples))
    # Replaying and rebuilding need the whole process: test_replay.py and test_rebuild.py have one.
    schema = schemathesis.openapi.from_dict(document).exclude(path_regex="(replay|rebuild)$")
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation, before = found.ok(), asked
        last: Any = None
        for mode in GenerationMode:

            @hypothesis.seed(SEED)
            @hypothesis.settings(
                max_examples=examples,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
            def question(case: Any) -> None:
                nonlocal asked, last
                last = case
                for actor in itertools.islice(turns, together):
                    asked += 1
                    case.validate_response(ask(request_of(case, actor)), checks=CHECKS)

            try:
                question()
            except hypothesis.errors.Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE, operation.label  # nothing of this route can be wrong
        for actor in itertools.islice(
            turns, max(0, before + len(actors) - asked)
        ):  # few questions: few turns
            asked += 1
            last.validate_response(ask(request_of(last, actor)), checks=CHECKS)
    return asked


@pytest.mark.timeout(400)  # the largest service takes a minute on two quiet cores
@pytest.mark.parametrize("name", NAMES)
async def test_every_answer_is_one_that_the_document_names(servers: Servers, name: str) -> None:
    print(f"TRIALWIRE_TEST_SEED={SEED}", file=sys.stderr)
    loop = asyncio.get_running_loop()
    for actors, reached, examples in ASKING:
        async with answering(servers, name, **reached) as (_, client):
            document = (await client.get("/openapi.json")).json()

            async def send(request: httpx.Request, by: httpx.AsyncClient = client) -> httpx.Response:
                return await by.send(request)

            def ask(request: httpx.Request, put: Send = send) -> httpx.Response:
                return asyncio.run_coroutine_threadsafe(put(request), loop).result(30)

            asked = await asyncio.to_thread(put, document, ask, actors, examples)
            assert asked > max(20, 2 * len(actors)), "each of them had its turn"
