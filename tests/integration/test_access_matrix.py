"""Every command and page by every role that may and whose it is: a cell each, and none unexplained."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.contracts.message import Command
from shared.rules.roles import roles
from shared.runtime.execute import Executor
from shared.runtime.service import Service
from tests.integration.test_row_security import Tenant, fill
from tests.support import identity
from tests.support.answering import answering
from tests.support.bodies import body_of
from tests.support.stack import Servers

NAMES = ("trials", "regulatory", "safety", "retrieval")
TRADE = {name: known for name, known in roles().items() if not known.development}
OPERATIONS = {"projections", "parked", "bad-commands"}  # of the service itself, whoever's rows they are about
# Given out by a command, for it leaves an event: tests/integration/test_vault_api.py has a cell for each.
BY_COMMAND = {"/v1/documents/{document_ref}/content", "/v1/particulars/{subject_id}/{kind}"}
# What begins with a sponsor's name is that sponsor's: nobody else's reach is enough for it.
HOUSE_ONLY = {"trials.register_trial", "trials.record_registry_entry", "trials.adopt_trial"}
# What a service could not apply is its own, whoever's trial it may be about: everything has to be reached.
SERVICE_ONLY = {
    f"{name}.{act}" for name in NAMES for act in ("propose_discard", "confirm_discard", "withdraw_discard")
}
# A programme is its sponsor's and no trial's; where there is none, nothing is decided about it.
# Who reaches its sponsor acts on one that there is: tests/integration/test_programme.py has that.
OF_PROGRAMME = {
    "trials.adopt_programme",
    "trials.begin_programme",
    "trials.record_programme_authorisation",
    "trials.record_preclinical_milestone",
    "trials.decide_programme_phase",
}


# What concerns a trial as a whole: each of its sites sees it (es.of_whole_trial).
OF_WHOLE_TRIAL = {
    f"/v1/trials/{{trial_id}}/{page}" for page in ("holds", "enrolment", "diversity", "protocol", "design")
}

# The pages that show an organisation what was handed to it.
HANDED = {
    "/v1/deadlines",
    "/v1/reports",
    "/v1/reports/{report_id}",
    "/v1/requests",
    "/v1/requests/{request_id}",
}


# What else has to be said where a field names another's.
TOGETHER: dict[str, dict[str, Any]] = {
    "scope_id": {"scope_kind": "site"},
    "supersedes": {"reason": "other_assumptions"},
    "programme_id": {"trial_id": None, "sponsor": "A sponsor"},
}


@dataclass
class World:
    """A service that knows two sponsors' trials; `here` is whose the commands and pages are."""

    service: Service
    run: Executor
    client: httpx.AsyncClient
    here: Tenant
    other: Tenant

    def reaching(self) -> dict[str, tuple[dict[str, Any], bool]]:
        """Each way to reach something, and whether what is here is within it; a site is asked apart."""
        nothing: dict[str, Any] = {"sponsors": [], "trials": []}
        return {
            "everything": ({"sponsors": ["*"]}, True),
            "own sponsor": (nothing | {"sponsors": [self.here.sponsor]}, True),
            "own trial": (nothing | {"trials": [self.here.trial]}, True),
            "another sponsor": (nothing | {"sponsors": [self.other.sponsor]}, False),
            "another trial": (nothing | {"trials": [self.other.trial]}, False),
            "another site": (nothing | {"sites": {self.other.site: self.here.trial}}, False),
            "another organisation": (nothing | {"organisations": [self.other.organisation]}, False),
            # It reaches no stream that is new or was not handed over; of pages it sees those of HANDED.
            "own organisation": (nothing | {"organisations": [self.here.organisation]}, False),
            "own site of another trial": (nothing | {"sites": {self.here.site: self.other.trial}}, False),
            "no tenant": (nothing, False),
        }

    async def give(
        self, contract: type[Command], role: str, access: dict[str, Any], **more: Any
    ) -> httpx.Response:
        """A valid body of the command about what is here."""
        given = {"trial_id": self.here.trial, "site_id": self.here.site, "trial_ids": [self.here.trial]}
        given |= {
            "scope_id": self.here.trial,
            "effective_on": "2026-03-02",
            "expires_on": "2027-03-01",
        } | more
        if contract.type.removesuffix(".v1") in OF_PROGRAMME:
            del given["trial_id"]
        body = json.dumps(body_of(contract, **given)).encode()
        who = identity.issuer().headers(f"{role}:x-01", body, **access)
        name = contract.type.split(".")[1].replace("_", "-")
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json", **who}
        return await self.client.post(f"/v1/commands/{name}", content=body, headers=headers)


@pytest.fixture
async def world(servers: Servers, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with answering(servers, request.param) as (run, client):
        here, other = Tenant.new(), Tenant.new()
        for tenant in (here, other):
            await fill(run.pool, tenant)
        service = import_module(f"services.{request.param}.handlers").SERVICE
        yield World(service, run, client, here, other)


def commands(service: Service) -> Iterator[tuple[str, type[Command], list[str]]]:
    """Every command from outside with the roles that may give it."""
    for type_, (contract, _) in service.commands.items():
        act = type_.rpartition(".")[0]
        if not contract.internal:
            yield act, contract, [name for name, known in TRADE.items() if known.may_give(act)]


def beyond(act: str) -> set[str]:
    """Which ways to reach one's own are not enough for this command."""
    return (
        {"own sponsor", "own trial"}
        if act in SERVICE_ONLY | OF_PROGRAMME
        else {"own sponsor"}
        if act in HOUSE_ONLY
        else set()
    )


def rule(answer: httpx.Response) -> str:
    return str(answer.json().get("type", "")).rpartition(":")[2]


@pytest.mark.parametrize("world", NAMES, indirect=True)
async def test_a_command_about_what_is_not_ones_own_is_404_and_decides_nothing(world: World) -> None:
    events = "SELECT count(*) FROM es.event"
    before, cells = await world.run.pool.fetchval(events), 0
    for act, contract, may in commands(world.service):
        for role in may:
            for whose, (access, own) in world.reaching().items():
                if own and whose not in beyond(act):
                    continue
                answer = await world.give(contract, role, access)
                assert (answer.status_code, rule(answer)) in (
                    (404, "unknown-stream"),
                    (404, "unknown-trial"),
                ), (act, role, whose, answer.text)
                cells += 1
    assert await world.run.pool.fetchval(events) == before
    assert cells > 50


@pytest.mark.parametrize("world", NAMES, indirect=True)
async def test_a_command_about_ones_own_is_decided_whatever_it_comes_to(world: World) -> None:
    for act, contract, may in commands(world.service):
        if act in HOUSE_ONLY:  # it would make what is here another sponsor's; test_identity has it
            continue
        for role in may:
            for whose, (access, own) in world.reaching().items():
                if not own or whose in beyond(act):
                    continue
                answer = await world.give(contract, role, access)
                assert answer.status_code in (200, 201, 409), (act, role, whose, answer.text)


@pytest.mark.parametrize("world", NAMES, indirect=True)
async def test_a_stream_that_exists_is_404_for_whoever_does_not_reach_it(world: World) -> None:
    looked_at = 0
    for act, contract, may in commands(world.service):
        aggregate = world.service.commands[contract.type.replace("{service}", world.service.name)][1].name
        keys = [f"{name}_id" for name in (aggregate, "case") if f"{name}_id" in contract.model_fields]
        if not keys:
            continue
        stream, here = uuid4(), world.here
        await world.run.pool.execute(
            "INSERT INTO es.stream VALUES ($1, $2, $3, $4, $5, $1, 'k', 0, 't', 1, '')",
            *(stream, aggregate, here.sponsor, here.trial, here.site),
        )
        for whose, (access, own) in world.reaching().items():
            if not own:
                answer = await world.give(contract, may[0], access, **{keys[0]: stream})
                told = (answer.status_code, rule(answer))
                assert told == (404, "unknown-stream"), (act, whose, answer.text)
                looked_at += 1
    assert looked_at > 20


@pytest.mark.parametrize("world", NAMES, indirect=True)
async def test_a_command_that_names_what_is_of_another_trial_is_404_and_decides_nothing(
    world: World,
) -> None:
    events = "SELECT count(*) FROM es.event"
    before, cells = await world.run.pool.fetchval(events), 0
    for act, contract, may in commands(world.service):
        if act in SERVICE_ONLY | OF_PROGRAMME | HOUSE_ONLY or not may:
            continue
        for name, kind in contract.model_json_schema()["properties"].items():
            if '"uuid"' not in json.dumps(kind) or name in ("trial_id", "trial_ids"):
                continue
            theirs: Any = [world.other.site] if '"array"' in json.dumps(kind) else world.other.site
            for access in ({"trials": [world.here.trial]}, {"sponsors": [world.here.sponsor]}):
                reached: dict[str, Any] = {"sponsors": [], "trials": []} | access
                given = {"site_id": uuid4()} | TOGETHER.get(name, {}) | {name: theirs}
                answer = await world.give(contract, may[0], reached, **given)
                told = (answer.status_code, rule(answer))
                assert told == (404, "unknown-stream"), (act, name, answer.text)
                cells += 1
    assert await world.run.pool.fetchval(events) == before
    assert cells > 20


@pytest.mark.parametrize("world", NAMES, indirect=True)
async def test_a_site_commands_its_own_streams_alone(world: World) -> None:
    access = {"sponsors": [], "trials": [], "sites": {world.here.site: world.here.trial}}
    for act, contract, may in commands(world.service):
        own = "site_id" in contract.model_fields and act not in HOUSE_ONLY
        for role in may:
            answer = await world.give(contract, role, access)
            expected = (200, 201, 409) if own else (404,)
            assert answer.status_code in expected, (act, role, answer.text)


@pytest.mark.parametrize("world", NAMES, indirect=True)
async def test_a_page_shows_ones_own_and_nothing_of_anybody_elses(world: World) -> None:
    document = (await world.client.get("/openapi.json")).json()
    shown = 0
    leaks: set[tuple[str, str]] = set()
    for path in [
        path for path, item in document["paths"].items() if "get" in item and path not in BY_COMMAND
    ]:
        page = path.split("/")[2]
        readers = [name for name, known in TRADE.items() if known.may_read(f"{world.service.name}.{page}")]
        assert readers, path
        if page in OPERATIONS:
            assert set(readers) <= {"operator", "auditor", *(["quality"] if page == "parked" else [])}, path
            for role in readers:
                for whose, (access, _) in world.reaching().items():
                    who = identity.issuer().headers(f"{role}:x-01", **access)
                    code = (await world.client.get(path, headers=who)).status_code
                    assert code == (200 if whose == "everything" else 404), (path, role, whose)
            continue
        asked = _asked(document["paths"][path])
        for role in readers:
            for whose, (access, own) in world.reaching().items():
                who = identity.issuer().headers(f"{role}:x-01", **access)
                place = _filled(path, world.here.id, world.here.trial)
                answer = await world.client.get(place, params=asked, headers=who)
                assert answer.status_code in (200, 404), (path, role, whose, answer.text)
                found = str(world.here.id) in answer.text or str(world.here.site) in answer.text
                own |= whose == "own organisation" and path in HANDED
                own |= whose == "another site" and path in OF_WHOLE_TRIAL
                assert found or not own or path not in HANDED, (path, role, whose)
                if not own and answer.status_code != 404 and found:
                    leaks.add((path, whose))
                shown += found
    assert not leaks
    assert shown > 10


def _asked(item: dict[str, Any]) -> dict[str, str]:
    """The parameters that a page cannot do without: all of them are days."""
    given = item["get"].get("parameters", [])
    return {one["name"]: "2026-03-02" for one in given if one["in"] == "query" and one["required"]}


def _filled(path: str, id_: UUID, trial: UUID) -> str:
    parts = [
        (str(trial) if part == "{trial_id}" else "NCT00000001" if part == "{nct}" else str(id_))
        if part.startswith("{")
        else part
        for part in path.split("/")
    ]
    return "/".join(parts)
