"""A hold against many randomisations at once: none is recorded after it, and each caller is told so."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from uuid_utils.compat import uuid7

from shared.runtime.execute import Executor
from tests.support.answering import answering
from tests.support.stack import Servers

SUBJECTS = 32
TODAY = date(2026, 3, 10)


async def post(client: httpx.AsyncClient, command: str, **fields: Any) -> httpx.Response:
    body = {name: str(value) if isinstance(value, UUID | date) else value for name, value in fields.items()}
    headers = {"Idempotency-Key": str(uuid7()), "Trialwire-Actor": "developer:local"}
    return await client.post(f"/v1/commands/{command}", json=body, headers=headers)


async def done(client: httpx.AsyncClient, command: str, **fields: Any) -> None:
    answer = await post(client, command, **fields)
    assert answer.status_code in (200, 201), (command, answer.text[:500])


async def enrolled(client: httpx.AsyncClient) -> tuple[dict[str, UUID], list[UUID]]:
    """A trial with an activated site and its enrolled subjects."""
    site = {"trial_id": uuid4(), "site_id": uuid4()}
    await done(
        client, "register-trial", trial_id=site["trial_id"], title="A", sponsor="A sponsor", route="other"
    )
    await done(client, "identify-site", **site, name="A site")
    await done(
        client, "select-site", **site, zone="America/New_York", country="US", qualification_waived="known"
    )
    shown = (await client.get(f"/v1/trials/{site['trial_id']}/sites")).json()["items"][0]
    for gate in shown["required_gates"]:
        await done(client, "record-gate-evidence", **site, gate=gate, valid_from=date(2020, 1, 1))
    for status in ("in_review", "approved"):
        await done(client, "change-trial-status", trial_id=site["trial_id"], status=status)
    await done(client, "activate-site", **site, meaning="approval")
    subjects = [uuid4() for _ in range(SUBJECTS + 1)]
    for n, subject in enumerate(subjects):
        about = {"subject_id": subject, "subject_code": f"S-{n}", "enrolled_on": TODAY}
        await done(client, "enrol-subject", **site, **about)
    return site, subjects


async def told(run: Executor) -> list[str]:
    """The types of holds and randomisations in the order of the log."""
    rows = await run.pool.fetch(
        "SELECT split_part(type, '.', 3) AS what FROM es.event"
        " WHERE type IN ('trials.hold.applied.v1', 'trials.subject.randomised.v1') ORDER BY pos"
    )
    return [row["what"] for row in rows]


@pytest.mark.parametrize("scope", ["trial", "site"])
async def test_no_randomisation_is_recorded_after_the_hold(servers: Servers, scope: str) -> None:
    async with answering(servers, "trials") as (run, client):
        site, subjects = await enrolled(client)
        hold = {
            "trial_id": site["trial_id"],
            "source": "dsmb" if scope == "trial" else "sponsor_pause",
            "scope_kind": scope,
            "scope_id": site[f"{scope}_id"],
            "since": TODAY,
        }

        # Eight at a time without a pause: whoever waits to change a guard row must get his turn among them.
        places, tenth = asyncio.Semaphore(8), asyncio.Barrier(2)

        async def randomise(n: int) -> httpx.Response:
            async with places:
                if n == 10:
                    await tenth.wait()
                given = {"subject_id": subjects[n], "randomised_on": TODAY}
                return await post(client, "randomise-subject", **site, **given)

        async def stop() -> httpx.Response:
            await tenth.wait()
            return await post(client, "apply-hold", **hold)

        stopped, *answers = await asyncio.gather(stop(), *map(randomise, range(SUBJECTS)))
        assert stopped.status_code == 201, stopped.text
        happened = await told(run)
        assert happened.count("applied") == 1
        assert happened[-1] == "applied", "a randomisation came after the hold"
        by_status = [answer.status_code for answer in answers]
        assert by_status.count(201) == happened.count("randomised")
        assert set(by_status) <= {201, 409}
        refused = [answer.json() for answer in answers if answer.status_code == 409]
        assert len(refused) + by_status.count(201) == SUBJECTS
        assert refused, "the hold waited for all of them"
        assert {problem["type"] for problem in refused} <= {"urn:trialwire:problem:hold.randomise"}
        late = await post(
            client, "randomise-subject", **site, subject_id=subjects[SUBJECTS], randomised_on=TODAY
        )
        assert late.status_code == 409
        asked = (await client.get(f"/v1/trials/{site['trial_id']}/permissions?site={site['site_id']}")).json()
        assert asked["permissions"]["randomise"], asked
