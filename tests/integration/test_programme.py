"""Programmes, countries, what registries and FDA are owed, over HTTP and the broker: pages and chains."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.regulatory.commands import RecordInvestigatorNotice, RecordRegistryUpdate
from services.regulatory.handlers import SERVICE as REGULATORY
from services.trials.commands import country as c
from services.trials.commands.investigator import AddInvestigator
from services.trials.commands.obligations import TransferObligations
from services.trials.commands.programme import BeginProgramme, RecordProgrammeAuthorisation
from services.trials.commands.site import IdentifySite, SelectSite
from services.trials.commands.trial import ChangeTrialStatus, RegisterTrial
from services.trials.handlers import SERVICE as TRIALS
from shared.contracts.message import Actor, Identifier
from shared.runtime import clock
from shared.runtime.cause import Cause
from tests.support import identity
from tests.support.answering import answering
from tests.support.stack import Servers, process, until

WHO = {"Trialwire-Actor": "project_manager:p-01"}
ACTOR = Actor("tester", "developer")
SIGNED = {"meaning": "filed as the authority decided"}


@pytest.fixture
async def api(servers: Servers) -> AsyncIterator[httpx.AsyncClient]:
    """The API of trials over a database of its own."""
    async with answering(servers, "trials") as (_, client):
        yield client


async def give(client: httpx.AsyncClient, command: str, **fields: Any) -> httpx.Response:
    body = {name: str(value) if isinstance(value, UUID | date) else value for name, value in fields.items()}
    headers = WHO | {"Idempotency-Key": str(uuid4())}
    return await client.post(f"/v1/commands/{command}", json=body, headers=headers)


async def done(client: httpx.AsyncClient, command: str, **fields: Any) -> None:
    answer = await give(client, command, **fields)
    assert answer.is_success, answer.text


async def begun(client: httpx.AsyncClient) -> UUID:
    programme = uuid4()
    plan = {"product": "P-1", "comparators": ["placebo"], "indication": "asthma", "sponsor": "Sponsor P"}
    await done(client, "begin-programme", programme_id=programme, **plan)
    for kind in ("toxicology", "laboratory"):
        study = {"kind": kind, "completed_on": date(2026, 1, 5), "document_ref": f"etmf/{kind}"}
        await done(client, "record-preclinical-milestone", programme_id=programme, **study)
    return programme


async def decide(client: httpx.AsyncClient, programme: UUID, phase: str) -> httpx.Response:
    evidence = [{"document_ref": "etmf/minutes", "sha256": "a" * 64}]
    about = {"programme_id": programme, "phase": phase, "evidence": evidence}
    return await give(
        client, "decide-programme-phase", **about, decided_on=date(2026, 2, 1), meaning="approval"
    )


async def test_a_programme_shows_its_decisions_authorisations_and_trials(api: httpx.AsyncClient) -> None:
    programme = await begun(api)
    trial = uuid4()
    about = {"title": "A trial", "sponsor": "sponsor p", "phases": ["PHASE1"]}
    await done(api, "register-trial", trial_id=trial, **about, programme_id=programme)
    assert (await decide(api, programme, "I")).is_success
    ind = {"kind": "ind", "number": "IND 1", "country": "US", "in_effect_on": date(2026, 2, 1)}
    await done(
        api, "record-programme-authorisation", programme_id=programme, **ind, **SIGNED, covers=[str(trial)]
    )
    found = (await api.get(f"/v1/programmes/{programme}", headers=WHO)).json()
    assert (found["product"], found["phase"], found["phase_since"]) == ("P-1", "I", "2026-02-01")
    assert [one["evidence"][0]["document_ref"] for one in found["decisions"]] == ["etmf/minutes"]
    assert [one["covers"] for one in found["authorisations"]] == [[str(trial)]]
    assert [one["trial_id"] for one in found["trials"]] == [str(trial)]
    listed = (await api.get("/v1/programmes?phase=I&text=asth", headers=WHO)).json()["items"]
    assert [(one["programme_id"], one["trials"]) for one in listed] == [
        (str(programme), 0)
    ]  # the reaction has no broker here
    assert (await api.get("/v1/programmes?phase=IV", headers=WHO)).json()["items"] == []


@pytest.mark.parametrize(("phase", "rule"), [("II", "programme.transition"), ("III", "programme.transition")])
async def test_a_phase_is_not_skipped(api: httpx.AsyncClient, phase: str, rule: str) -> None:
    answer = await decide(api, await begun(api), phase)
    assert (answer.status_code, answer.json()["type"]) == (409, f"urn:trialwire:problem:{rule}")
    assert answer.json()["state"] == "preclinical"


async def test_a_programme_is_there_for_who_reaches_its_sponsor_and_for_nobody_else(servers: Servers) -> None:
    async with answering(servers, "trials") as (run, client):
        programme = await begun(client)
        sponsor = await run.pool.fetchval("SELECT sponsor_id FROM es.stream WHERE stream_id = $1", programme)
        for reached, seen, status in ((str(uuid4()), 0, 404), (str(sponsor), 1, 201)):
            client.auth = identity.Asking(sponsors=[reached])
            found = (await client.get("/v1/programmes", headers=WHO)).json()["items"]
            assert len(found) == seen
            answer = await decide(client, programme, "I")
            assert answer.status_code == status, answer.text


async def test_a_country_code_that_there_is_not_is_refused_with_its_field(api: httpx.AsyncClient) -> None:
    trial = uuid4()
    await done(api, "register-trial", trial_id=trial, title="A trial", sponsor="Sponsor")
    answer = await give(api, "plan-country", trial_id=trial, country="XX", zone="UTC")
    assert answer.status_code == 422
    assert "country" in answer.text
    assert "ISO 3166" in answer.text


async def test_a_country_goes_from_plan_to_open_and_its_halt_reaches_its_site(servers: Servers) -> None:
    async with process(servers, TRIALS) as running:
        trial, site = uuid4(), uuid4()

        async def act(command: Any) -> None:
            await running.executor.execute(command, Cause(ACTOR))

        today = clock.now().date() - timedelta(days=1)
        of: dict[str, Any] = {"trial_id": trial, "country": "NL"}
        await act(RegisterTrial(trial_id=trial, title="A trial", sponsor="Sponsor"))
        await act(IdentifySite(trial_id=trial, site_id=site, name="A site"))
        await act(
            SelectSite(
                trial_id=trial,
                site_id=site,
                zone="Europe/Amsterdam",
                country="NL",
                qualification_waived="known_site",
            )
        )
        await act(c.PlanCountry(**of, zone="Europe/Amsterdam", open_on=today))
        await act(c.SubmitCountry(**of, submitted_on=today))
        await act(c.RecordCountryDecision(**of, decision="authorised", decided_on=today))
        gate = "SELECT count(*) FROM es.event WHERE type = 'trials.site.gate_satisfied.v1' AND stream_id = $1"
        await until(lambda: running.pool.fetchval(gate, site))
        await act(c.OpenCountry(**of, opened_on=today))
        await act(c.RecordCountryDecision(**of, decision="halted", decided_on=today))
        standing = (
            "SELECT count(*) FROM hold WHERE scope_id = $1 AND status = $2 AND source = 'ha_suspension'"
        )
        await until(lambda: running.pool.fetchval(standing, site, "open"))
        await act(c.RecordCountryDecision(**of, decision="reopened", decided_on=today))
        await until(lambda: running.pool.fetchval(standing, site, "lifted"))
        row = await running.pool.fetchrow(
            "SELECT status, breaks FROM country WHERE country_id = $1", c.country_id(trial, "NL")
        )
        assert row is not None
        assert (row["status"], row["breaks"]) == ("open", "[]")


async def test_a_change_of_status_arms_a_deadline_in_regulatory_and_its_report_meets_it(
    servers: Servers,
) -> None:
    async with process(servers, TRIALS) as trials, process(servers, REGULATORY) as regulatory:
        trial = uuid4()
        for command in (
            RegisterTrial(trial_id=trial, title="A trial", sponsor="Sponsor"),
            ChangeTrialStatus(trial_id=trial, status="in_review"),
        ):
            await trials.executor.execute(command, Cause(ACTOR))
        due = "SELECT status FROM deadline WHERE trial_id = $1 AND code = 'registry_status_30_day'"
        await until(lambda: regulatory.pool.fetchval(f"SELECT EXISTS ({due})", trial))
        told = RecordRegistryUpdate(trial_id=trial, updated_on=clock.now().date())
        await regulatory.executor.execute(told, Cause(ACTOR))

        async def met() -> bool:
            return bool(await regulatory.pool.fetchval(due, trial) == "met")

        await until(met)
        next_due = "SELECT next_due FROM registry_record WHERE trial_id = $1"
        verified = clock.now().date() + timedelta(days=365)
        assert await regulatory.pool.fetchval(next_due, trial) == verified


async def test_an_ind_that_is_told_after_its_investigator_arms_the_notice_and_fda_s_receipt_meets_it(
    servers: Servers,
) -> None:
    async with process(servers, TRIALS) as trials, process(servers, REGULATORY) as regulatory:
        programme, trial, site, person, cro = (uuid4() for _ in range(5))
        today = clock.now().date()
        added_on = today - timedelta(days=9)
        begun = BeginProgramme(programme_id=programme, product="P-1", indication="asthma", sponsor="Sponsor")
        written: dict[str, Any] = {"document_ref": "toro:1", "sha256": "a" * 64}
        for command in (
            begun,
            RegisterTrial(
                trial_id=trial, title="A trial", sponsor="Sponsor", programme_id=programme, phases=("PHASE1",)
            ),
            TransferObligations(
                trial_id=trial, obligations=("ind_amendments",), organisation_id=cro, since=today, **written
            ),
            IdentifySite(trial_id=trial, site_id=site, name="A site"),
            AddInvestigator(
                trial_id=trial,
                site_id=site,
                investigator_id=person,
                role="principal",
                identifiers=(Identifier(system="npi", value="1234567893"),),
                from_on=added_on,
            ),
        ):
            await trials.executor.execute(command, Cause(ACTOR))
        waived = (
            "SELECT data::jsonb ->> 'reason' FROM es.event WHERE type LIKE '%investigator_notice.waived.v1'"
        )

        async def no_ind() -> bool:
            return bool(await regulatory.pool.fetchval(waived) == "no_ind")

        await until(no_ind)
        ind = RecordProgrammeAuthorisation(
            programme_id=programme,
            kind="ind",
            number="IND 1",
            country="US",
            in_effect_on=today - timedelta(days=90),
            covers=(trial,),
        )
        await trials.executor.execute(ind, Cause(ACTOR))
        row = "SELECT status, due_on, organisation_id FROM deadline WHERE subject_id = $1 AND trial_id = $2"

        def shown(status: str) -> Any:
            async def found() -> bool:
                seen = [await run.pool.fetchrow(row, person, trial) for run in (trials, regulatory)]
                wanted = (status, added_on + timedelta(days=30), cro)
                return all(one is not None and tuple(one) == wanted for one in seen)

            return found

        await until(shown("armed"))
        told = RecordInvestigatorNotice(
            trial_id=trial, investigators=(person,), submission_ref="0007", receipt_on=today
        )
        await regulatory.executor.execute(told, Cause(ACTOR))
        await until(shown("met"))
