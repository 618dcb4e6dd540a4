"""The door of a service over HTTP: who is let in, who may sign, and that a denial tells and keeps nothing."""

import hashlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from uuid_utils.compat import uuid7

from shared.identity.machines import new_secret
from shared.runtime.execute import Executor
from shared.stack.issuer import EmbeddedIssuer, machines_file
from tests.support import identity
from tests.support.answering import answering
from tests.support.stack import Servers

MANAGER = "project_manager"


@dataclass
class Door:
    """A trials service with one trial and one site that is ready to be activated."""

    run: Executor
    client: httpx.AsyncClient
    trial: UUID
    site: UUID

    @property
    def issuer(self) -> EmbeddedIssuer:
        return identity.issuer()

    async def post(self, command: str, headers: dict[str, str], **fields: Any) -> httpx.Response:
        given = {"Idempotency-Key": str(uuid7()), "Content-Type": "application/json", **headers}
        return await self.client.post(f"/v1/commands/{command}", content=body(**fields), headers=given)

    async def activate(self, headers: dict[str, str]) -> httpx.Response:
        return await self.post("activate-site", headers, **self.activation())

    def activation(self) -> dict[str, object]:
        return {"trial_id": self.trial, "site_id": self.site, "meaning": "approval"}

    def bearer(self, role: str = MANAGER, subject: str = "p-01", **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.issuer.token(subject, [role], **claims)}"}

    def proof(self, subject: str = "p-01", of: bytes | None = None, **claims: Any) -> dict[str, str]:
        digest = hashlib.sha256(of or body(**self.activation())).hexdigest()
        made = self.issuer.token(subject, [MANAGER], **{"nonce": digest} | claims)
        return {"Trialwire-Reauthentication": made}


def body(**fields: object) -> bytes:
    return json.dumps(fields, default=str).encode()


@pytest.fixture
async def door(servers: Servers) -> AsyncIterator[Door]:
    async with answering(servers, "trials") as (run, client):
        made = Door(run, client, uuid4(), uuid4())
        who, where = made.bearer("developer"), {"trial_id": made.trial, "site_id": made.site}
        trial = {"trial_id": made.trial, "title": "A", "sponsor": "A sponsor", "route": "other"}
        steps: list[tuple[str, dict[str, Any]]] = [
            ("register-trial", trial),
            ("change-trial-status", {"trial_id": made.trial, "status": "in_review"}),
            ("change-trial-status", {"trial_id": made.trial, "status": "approved"}),
            ("identify-site", {**where, "name": "A site"}),
            (
                "select-site",
                {**where, "zone": "America/New_York", "country": "US", "qualification_waived": "known"},
            ),
        ]
        for command, fields in steps:
            answer = await made.post(command, who, **fields)
            assert answer.status_code == 201, answer.text
        client.auth = httpx.Auth()  # nobody
        sites = await client.get(f"/v1/trials/{made.trial}/sites", headers=who)
        for gate in sites.json()["items"][0]["required_gates"]:
            fields = {**where, "gate": gate, "valid_from": "2020-01-01"}
            assert (await made.post("record-gate-evidence", who, **fields)).status_code == 201
        yield made


async def events(door: Door) -> int:
    return int(await door.run.pool.fetchval("SELECT count(*) FROM es.event"))


def problem(answer: httpx.Response, status: int, rule: str) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:trialwire:problem:{rule}", answer.text
    return str(answer.json()["detail"])


async def test_nobody_is_let_in_by_what_is_no_token_of_ours(door: Door) -> None:
    before = await events(door)
    for headers, rule in (
        ({}, "no-identity"),
        ({"Authorization": "Basic cDpw"}, "no-identity"),
        ({"Authorization": "Bearer"}, "no-identity"),
        ({"Trialwire-Actor": "developer:local"}, "no-identity"),
        ({"Authorization": "Bearer a.b.c"}, "token"),
        (door.bearer(aud="another"), "token"),
        (door.bearer(seconds=-120), "token"),
        (door.bearer(trialwire=None), "token"),
        ({"Authorization": "Bearer twk_nobody_secret"}, "token"),
    ):
        problem(await door.activate(headers), 401, rule)
        problem(await door.client.get("/v1/trials", headers=headers), 401, rule)
    assert await events(door) == before


async def test_a_signed_act_needs_a_proof_of_who_signs_made_for_this_act_and_just_now(door: Door) -> None:
    before, who = await events(door), door.bearer()
    hour_ago = int(time.time()) - 3_600
    for proof, said in (
        ({}, "malformed"),
        ({"Trialwire-Reauthentication": who["Authorization"].partition(" ")[2]}, "another act"),
        (door.proof(of=b"another body"), "another act"),
        (door.proof(nonce=None), "another act"),
        (door.proof(subject="p-02"), "somebody else"),
        (door.proof(auth_time=hour_ago), "older"),
        (door.proof(auth_time=None), "older"),
        (door.proof(seconds=-120), "expired"),
        (door.proof(aud="another"), "aud"),
    ):
        detail = problem(await door.activate(who | proof), 401, "reauthentication")
        assert said in detail
    assert await events(door) == before
    assert (await door.activate(who | door.proof())).status_code == 201
    meta = await door.run.pool.fetchval(
        "SELECT meta FROM es.event WHERE type = 'trials.site.activated.v1' ORDER BY pos DESC LIMIT 1"
    )
    signature = json.loads(meta)["signature"]
    assert (signature["name"], signature["meaning"]) == ("p-01", "approval")
    assert signature["sha256"] == hashlib.sha256(body(**door.activation())).hexdigest()
    assert signature["proved_at"] <= signature["at"]


async def test_a_signature_bears_the_name_that_the_issuer_knows(door: Door) -> None:
    named = door.bearer(name="P. Manager")
    assert (await door.activate(named | door.proof())).status_code == 201
    meta = "SELECT meta::json->'signature'->>'name' FROM es.event WHERE type = 'trials.site.activated.v1'"
    assert await door.run.pool.fetchval(meta) == "P. Manager"


async def test_a_machine_works_by_its_secret_and_never_signs(door: Door) -> None:
    file = machines_file(identity.home())
    text, (secret, digest) = file.read_text(), new_secret("edc-1")
    try:
        file.write_text(
            f'{text}\n[edc-1]\nroles = ["{MANAGER}"]\nsponsors = ["*"]\n'
            f'expires = "2099-01-01T00:00:00Z"\nsha256 = "{digest}"\n'
        )
        machine = {"Authorization": f"Bearer {secret}"}
        assert (await door.client.get("/v1/trials", headers=machine)).status_code == 200
        problem(await door.activate(machine | door.proof("edc-1")), 403, "signature")
        wrong = {"Authorization": f"Bearer {secret}x"}
        problem(await door.client.get("/v1/trials", headers=wrong), 401, "token")
    finally:
        file.write_text(text)
    problem(await door.client.get("/v1/trials", headers=machine), 401, "token")


async def test_the_first_role_that_may_is_the_one_that_acts(door: Door) -> None:
    token = door.issuer.token("p-09", ["auditor", "developer"])
    who = {"Authorization": f"Bearer {token}"}
    assert (
        await door.post("identify-site", who, trial_id=door.trial, site_id=uuid4(), name="B")
    ).status_code == 201
    last = await door.run.pool.fetchval("SELECT meta::json->>'actor' FROM es.event ORDER BY pos DESC LIMIT 1")
    assert last == "developer:p-09"
    auditor = door.bearer("auditor")
    problem(await door.post("identify-site", auditor, trial_id=door.trial), 403, "role")


async def test_what_a_principal_does_not_reach_is_not_there(door: Door) -> None:
    """Own sponsor, trial or site: as ever. Else 404, whether it exists or not, and nothing is stored."""
    sponsor = await door.run.pool.fetchval("SELECT sponsor_id FROM es.trial WHERE trial_id = $1", door.trial)
    before = await events(door)
    site = {"trial_id": door.trial, "site_id": door.site}
    subject = {**site, "subject_id": uuid4(), "subject_code": "S-1", "enrolled_on": "2026-03-02"}
    nothing: dict[str, Any] = {"sponsors": [], "trials": []}
    strangers: list[dict[str, Any]] = [
        nothing,
        nothing | {"sponsors": [uuid4()]},
        nothing | {"trials": [uuid4()]},
        nothing | {"sites": {uuid4(): door.trial}},
        nothing | {"sites": {door.site: uuid4()}},
    ]
    for reached in strangers:
        stranger = door.bearer("developer", **reached)
        gate = {**site, "gate": "training", "valid_from": "2020-01-01"}
        for command, fields in (("record-gate-evidence", gate), ("enrol-subject", subject)):
            there = problem(await door.post(command, stranger, **fields), 404, "unknown-stream")
            absent = fields | {"site_id": uuid4(), "subject_id": uuid4()}
            away = await door.post(command, stranger, **{k: v for k, v in absent.items() if k in fields})
            assert problem(away, 404, "unknown-stream") == there
    assert await events(door) == before
    friends = [
        nothing | {"sponsors": [sponsor]},
        nothing | {"trials": [door.trial]},
        nothing | {"sites": {door.site: door.trial}},
    ]
    for n, reached in enumerate(friends):
        friend = door.bearer("developer", **reached)
        mine = subject | {"subject_id": uuid4(), "subject_code": f"S-{n}"}
        assert (await door.post("enrol-subject", friend, **mine)).status_code == 201, reached


async def test_a_site_does_not_reach_its_trials_other_sites_nor_the_trial_itself(door: Door) -> None:
    site = door.bearer("developer", sponsors=[], sites={door.site: door.trial})
    other = {"trial_id": door.trial, "site_id": uuid4()}
    assert (await door.post("identify-site", door.bearer("developer"), **other, name="B")).status_code == 201
    subject = {"subject_id": uuid4(), "subject_code": "S-9", "enrolled_on": "2026-03-02"}
    problem(await door.post("enrol-subject", site, **other, **subject), 404, "unknown-stream")
    status = {"trial_id": door.trial, "status": "in_review"}
    problem(await door.post("change-trial-status", site, **status), 404, "unknown-stream")


async def test_a_stream_of_ours_does_not_open_the_guards_of_anothers_trial(door: Door) -> None:
    """A command names the trial whose limits it is judged by: it must be the stream's."""
    who = door.bearer("developer")
    foreign, mine = uuid4(), uuid4()
    for trial, sponsor in ((foreign, "Another sponsor"), (mine, "A third")):
        fields = {"trial_id": trial, "title": "T", "sponsor": sponsor}
        assert (await door.post("register-trial", who, **fields)).status_code == 201
    limited = door.bearer("developer", sponsors=[], trials=[mine])
    site = uuid4()
    assert (
        await door.post("identify-site", limited, trial_id=mine, site_id=site, name="Mine")
    ).status_code == 201
    chosen = {"trial_id": foreign, "site_id": site, "zone": "America/New_York", "country": "US"}
    problem(await door.post("select-site", limited, **chosen), 404, "unknown-stream")


async def test_a_name_that_one_sponsor_gives_takes_none_from_another(door: Door) -> None:
    """Who registers a trial under another's number first neither gets that trial nor keeps the other out."""
    nct = {"identifiers": [{"system": "nct", "value": "NCT00000042"}], "route": "other", "title": "T"}
    sponsors = "SELECT id FROM es.external_id WHERE system = 'sponsor' AND value = $1"
    who, streams = door.bearer("developer"), {}
    for name in ("First", "Second"):
        made = await door.post("register-trial", who, sponsor=name, route="other", title="T")
        assert made.status_code == 201
        id_ = await door.run.pool.fetchval(sponsors, name.casefold())
        mine = door.bearer("developer", sponsors=[id_])
        answer = await door.post("register-trial", mine, sponsor=name, **nct)
        assert answer.status_code == 201, answer.text
        streams[name] = answer.json()["stream_id"]
        again = await door.post("register-trial", mine, sponsor=name, **nct)
        assert (again.status_code, again.json()["stream_id"]) == (200, streams[name])
    assert len(set(streams.values())) == 2
    # The registry's record says whose the number is: it finds that sponsor's trial.
    facts = {"status": "RECRUITING", "title": "T", "sponsor_name": " SECOND ", "study_type": "INTERVENTIONAL"}
    entry = await door.post("record-registry-entry", who, nct="NCT00000042", facts=facts)
    assert entry.status_code == 201, entry.text
    assert entry.json()["stream_id"] == streams["Second"]
    await door.post("register-trial", who, sponsor="Third", route="other", title="T")
    third = door.bearer("developer", sponsors=[await door.run.pool.fetchval(sponsors, "third")])
    problem(await door.post("register-trial", third, sponsor="Third", **nct), 404, "unknown-stream")


async def test_no_denial_repeats_what_it_was_given(door: Door) -> None:
    canary = "CanaryOfASecret"
    for headers in ({"Authorization": f"Bearer {canary}.{canary}.{canary}"}, {"Authorization": canary}):
        answer = await door.activate(headers)
        assert canary not in answer.text


async def test_an_act_on_several_trials_needs_the_reach_of_each(servers: Servers) -> None:
    async with answering(servers, "regulatory") as (run, client):
        mine, foreign, sponsors = uuid4(), uuid4(), [uuid4(), uuid4()]
        for trial, sponsor in zip((mine, foreign), sponsors, strict=True):
            await run.pool.execute("INSERT INTO es.trial VALUES ($1, $2)", trial, sponsor)
        door = Door(run, client, mine, uuid4())
        client.auth = httpx.Auth()  # nobody
        limited = door.bearer("developer", sponsors=sponsors[:1])
        hold = {"kind": "full", "received_on": "2026-03-02", "authority": "FDA"}
        for trials, status in (([mine, foreign], 404), ([foreign], 404), ([mine], 201)):
            fields = {**hold, "trial_ids": [str(trial) for trial in trials]}
            proof = door.proof(of=body(**fields))
            answer = await door.post("impose-clinical-hold", limited | proof, **fields)
            assert answer.status_code == status, answer.text


async def test_nobody_is_let_in_with_roles_that_exclude_each_other(door: Door) -> None:
    token = door.issuer.token("p-01", ["safety_physician", "regulatory_affairs"])
    problem(await door.client.get("/v1/trials", headers={"Authorization": f"Bearer {token}"}), 401, "roles")
