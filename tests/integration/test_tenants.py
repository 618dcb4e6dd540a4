"""Two sponsors at one service: who reaches the trial of one stops, moves and counts nothing of another."""

import json
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.trials.commands.protocol import DraftProtocolVersion
from services.trials.commands.site import IdentifySite, SelectSite
from services.trials.commands.subject import EnrolSubject
from services.trials.commands.trial import RegisterTrial
from shared.contracts.message import Actor
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from tests.support import identity
from tests.support.answering import answering
from tests.support.stack import Servers

HOUSE = Cause(Actor("x-01", "developer"))
DAY = "2026-03-10"


async def two_trials(run: Executor) -> tuple[UUID, UUID, UUID, UUID]:
    """A trial, and another sponsor's with a site and a subject."""
    ours, theirs, site, subject = (uuid4() for _ in range(4))
    for trial, sponsor in ((ours, "Sponsor A"), (theirs, "Sponsor B")):
        await run.execute(RegisterTrial(trial_id=trial, title="A trial", sponsor=sponsor), HOUSE)
        draft: dict[str, Any] = {"trial_id": trial, "version": "1.0", "dated_on": DAY}
        await run.execute(DraftProtocolVersion(**draft), HOUSE)
    at: dict[str, Any] = {"trial_id": theirs, "site_id": site}
    chosen: dict[str, Any] = {"zone": "UTC", "country": "US", "qualification_waived": "known_site"}
    enrolled: dict[str, Any] = {"subject_id": subject, "subject_code": "B-001", "enrolled_on": DAY}
    for command in (
        IdentifySite(**at, name="Their hospital"),
        SelectSite(**at, **chosen),
        EnrolSubject(**at, **enrolled),
    ):
        await run.execute(command, HOUSE)
    return ours, theirs, site, subject


async def give(client: httpx.AsyncClient, name: str, role: str, trial: UUID, **fields: Any) -> httpx.Response:
    """A command of somebody who reaches this trial alone."""
    body = json.dumps(fields | {"trial_id": trial}, default=str).encode()
    who = identity.issuer().headers(f"{role}:x-02", body, sponsors=[], trials=[trial])
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json", **who}
    return await client.post(f"/v1/commands/{name}", content=body, headers=headers)


async def test_who_reaches_one_trial_touches_no_site_and_no_subject_of_another(servers: Servers) -> None:
    async with answering(servers, "trials") as (run, client):
        ours, theirs, site, subject = await two_trials(run)
        before = await run.pool.fetchval("SELECT count(*) FROM es.event")
        pause = {"source": "sponsor_pause"}
        change = {"version": "1.0", "country": "US", "zone": "UTC", "implemented_on": DAY, "reason": "hazard"}
        enrolment = {"site_id": site, "subject_code": "A-001", "enrolled_on": DAY}
        action = {"kind": "corrective", "category": "consent", "source_kind": "finding", "sources": [subject]}
        for name, role, fields in (
            ("apply-hold", "sponsor", pause | {"scope_kind": "site", "scope_id": site}),
            ("apply-hold", "sponsor", pause | {"scope_kind": "subject", "scope_id": subject}),
            ("report-urgent-change", "project_manager", change | {"site_ids": [site]}),
            ("enrol-subject", "site_coordinator", enrolment),
            ("open-capa", "project_manager", action),
        ):
            answer = await give(client, name, role, ours, **fields)
            assert answer.status_code == 404, (name, answer.text)
        assert await run.pool.fetchval("SELECT count(*) FROM es.event") == before
        own = await give(client, "apply-hold", "sponsor", ours, **pause, scope_kind="trial", scope_id=ours)
        assert own.status_code == 201, own.text
        asked = (await client.get(f"/v1/trials/{theirs}/permissions?site={site}")).json()
        assert not any(asked["permissions"].values())


async def test_a_site_names_no_other_site_of_its_trial(servers: Servers) -> None:
    async with answering(servers, "trials") as (run, client):
        _, trial, site, subject = await two_trials(run)
        second: dict[str, Any] = {"trial_id": trial, "site_id": uuid4()}
        await run.execute(IdentifySite(**second, name="Another hospital"), HOUSE)
        body = json.dumps(
            {
                "trial_id": trial,
                "site_id": second["site_id"],
                "subject_id": subject,
                "category": "consent",
                "rules": ["consent.missing"],
                "occurred_on": DAY,
            },
            default=str,
        ).encode()
        for sites, status in (
            ({second["site_id"]: trial}, 404),
            ({second["site_id"]: trial, site: trial}, 201),
        ):
            who = identity.issuer().headers(
                "site_coordinator:x-03", body, sponsors=[], trials=[], sites=sites
            )
            headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json", **who}
            answer = await client.post("/v1/commands/report-deviation", content=body, headers=headers)
            assert answer.status_code == status, answer.text
