"""How often one may ask: a minute's worth at once, counted by sponsor, and no limit for the house's own."""

from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from shared.http.app import create_app
from shared.http.pace import Pace
from shared.http.problems import ProblemError
from shared.rules.grants import EVERYTHING, Grants
from shared.runtime import metrics
from shared.runtime.settings import Settings
from tests.support import identity

ONE, OTHER = UUID(int=1), UUID(int=2)


class Clock:
    """Seconds that only the test lets pass."""

    seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def passes(pace: Pace, grants: Grants, id_: str = "p-01", person: bool = True) -> int:
    """0 where a request is let through, else the seconds of its Retry-After."""
    try:
        pace.take(grants, person, id_)
    except ProblemError as refused:
        return int(refused.headers["Retry-After"])
    return 0


def test_a_minutes_worth_at_once_is_let_through_and_then_as_much_as_time_gives_back() -> None:
    clock = Clock()
    pace, sponsor = Pace(6, clock), Grants(frozenset({ONE}))
    assert [passes(pace, sponsor) for _ in range(8)] == [0] * 6 + [10] * 2
    clock.seconds += 9
    assert passes(pace, sponsor) == 1
    clock.seconds += 1
    assert [passes(pace, sponsor) for _ in range(2)] == [0, 10]
    clock.seconds += 60
    assert [passes(pace, sponsor) for _ in range(7)] == [0] * 6 + [10]


def test_all_of_a_sponsor_count_together_and_others_by_themselves() -> None:
    pace = Pace(1, Clock())
    assert passes(pace, Grants(frozenset({ONE})), "a") == 0
    assert passes(pace, Grants(frozenset({ONE})), "b") > 0
    assert passes(pace, Grants(trials=frozenset({ONE})), "a") == 0
    assert passes(pace, Grants(trials=frozenset({OTHER})), "a") > 0
    assert passes(pace, Grants(trials=frozenset({ONE})), "a", person=False) == 0, "a machine of that name"


def test_a_request_counts_for_each_sponsor_that_it_reaches_and_no_set_has_a_budget_of_its_own() -> None:
    pace, third = Pace(2, Clock()), UUID(int=3)
    assert passes(pace, Grants(frozenset({ONE, OTHER}))) == 0
    assert [passes(pace, Grants(frozenset({ONE}))) for _ in range(2)] == [0, 30]
    assert passes(pace, Grants(frozenset({ONE, OTHER}))) == 30
    assert passes(pace, Grants(frozenset({ONE, third}))) == 30
    # What was refused cost the others nothing.
    assert [passes(pace, Grants(frozenset({OTHER}))) for _ in range(2)] == [0, 30]
    assert [passes(pace, Grants(frozenset({third}))) for _ in range(3)] == [0, 0, 30]


def test_the_house_s_own_have_no_limit_and_zero_is_none() -> None:
    assert [passes(Pace(1, Clock()), EVERYTHING) for _ in range(3)] == [0] * 3
    unlimited = Pace(0, Clock())
    assert [passes(unlimited, Grants(frozenset({ONE}))) for _ in range(3)] == [0] * 3
    with pytest.raises(ValidationError):
        Settings(dsn_file=Path("unread"), kafka="none:9", rate=-1)


def test_whoever_has_not_asked_for_a_minute_is_forgotten() -> None:
    clock = Clock()
    pace = Pace(1, clock)
    for n in range(10_000):
        assert passes(pace, Grants(), str(n)) == 0
    clock.seconds += 61
    assert passes(pace, Grants(), "last") == 0
    assert len(pace._spent_until) == 1


def app(**more: Any) -> FastAPI:
    """The application of a service without its process."""
    service, queries = import_module("services.trials.handlers").SERVICE, import_module("services.trials.api")
    return create_app(
        service,
        queries.router,
        Settings(dsn_file=Path("unread"), kafka="none:9", **identity.believed(), **more),
    )


async def test_one_request_too_many_of_a_sponsor_is_told_when_to_come_again() -> None:
    before = metrics.DENIED.labels("too-many")._value.get()
    transport = httpx.ASGITransport(app(rate=2), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as door:

        async def ask(method: str, path: str, **reached: Any) -> httpx.Response:
            who = identity.issuer().headers("sponsor:s-01", b"", **reached)
            return await door.request(method, path, headers=who)

        mine: dict[str, Any] = {"sponsors": [ONE]}
        first = [(await ask("GET", "/v1/trials?limit=0", **mine)).status_code for _ in range(2)]
        assert first == [422, 422]
        for method, path in (
            ("GET", "/v1/trials"),
            ("POST", "/v1/commands/apply-hold"),
            ("GET", "/v1/parked"),
        ):
            answer = await ask(method, path, **mine)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "30"), path
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["type"] == "urn:trialwire:problem:too-many"
        assert (await ask("GET", "/v1/trials?limit=0", sponsors=[OTHER])).status_code == 422
        house = [(await ask("GET", "/v1/trials?limit=0", sponsors=["*"])).status_code for _ in range(5)]
        assert house == [422] * 5
        assert (await door.get("/v1/trials")).status_code == 401
        assert (await door.get("/livez")).status_code != 429
    assert metrics.DENIED.labels("too-many")._value.get() == before + 3


@pytest.mark.parametrize("name", ["trials", "regulatory", "safety", "retrieval"])
def test_every_route_of_the_document_names_it(name: str) -> None:
    service, queries = (import_module(f"services.{name}.{part}") for part in ("handlers", "api"))
    found = create_app(service.SERVICE, queries.router, Settings(dsn_file=Path("unread"), kafka="none:9"))
    for path, item in found.openapi()["paths"].items():
        assert all("429" in route["responses"] for route in item.values()), path
