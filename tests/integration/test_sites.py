"""Sites on a real Postgres over HTTP: the score from records, pages, who sees them; a chain over Kafka."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest

from services.trials.commands.site import IdentifySite, RecordRegistrySite
from services.trials.commands.trial import RegisterTrial
from services.trials.handlers import SERVICE
from services.trials.projections.facilities import RegistryRecord
from services.trials.rules.qualifications import REQUIRED
from shared.contracts.message import Actor, Command, Need
from shared.contracts.trials.registry import RegistrySitesRecorded
from shared.runtime import rows
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from tests.integration.test_hold_race import done, post
from tests.support.answering import answering
from tests.support.stack import Servers, process, until
from tests.unit.trials.test_contract_states import BEGUN, WAY, step
from tests.unit.trials.test_investigators import add, delegate, show
from tests.unit.trials.test_site_states import SELECT
from tests.unit.trials.trials_world import SITE, TRIAL

TODAY = datetime.now(UTC).date()
DAY = timedelta(days=1)
CAUSE = Cause(Actor("tester", "developer"))
PLACE = {"facility": "A Hospital", "city": "Boston", "country": "United States"}
ELSEWHERE = {"facility": "Another Hospital", "city": "Boston", "country": "United States"}


def study(
    number: int, *places: dict[str, str], condition: str = "Asthma", phase: str = "PHASE2", **status: Any
) -> dict[str, Any]:
    enrolled = status.pop("enrolled", None)
    counted = {"enrollmentInfo": {"count": enrolled, "type": "ACTUAL"}} if enrolled else {}
    return {
        "protocolSection": {
            "identificationModule": {"nctId": f"NCT{number:08}", "briefTitle": "A title"},
            "statusModule": {"overallStatus": "RECRUITING", "lastUpdateSubmitDate": "2026-01-05", **status},
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": f"Sponsor {number}"}},
            "conditionsModule": {"conditions": [condition]},
            "designModule": {"studyType": "INTERVENTIONAL", "phases": [phase], **counted},
            "contactsLocationsModule": {"locations": list(places)},
        }
    }


def year(begin: str, end: str) -> dict[str, Any]:
    return {"startDateStruct": {"date": begin}, "primaryCompletionDateStruct": {"date": end}}


RECORDS = [
    study(91, PLACE, ELSEWHERE, enrolled=24, overallStatus="COMPLETED", **year("2020-01", "2021-01")),
    study(92, {**PLACE, "facility": "The A  HOSPITAL (Site 12)"}, phase="PHASE3"),
    study(93, PLACE, condition="Diabetes"),
    study(94, ELSEWHERE, {**ELSEWHERE, "facility": "A Clinic"}, condition="ASTHMA"),
    study(95, {**PLACE, "country": "United Kingdom"}),
    study(96, {**ELSEWHERE, "status": "WITHDRAWN"}),
    study(97, {**PLACE, "facility": "Research Site"}, overallStatus="COMPLETED"),
]
QUESTIONS = [
    {"code": "nurse", "kind": "yes_no", "weight": 40},
    {"code": "patients", "kind": "number", "weight": 20, "target": 20},
]


async def imported(run: Executor, client: httpx.AsyncClient) -> None:
    """The records, and what the reaction to them makes of their locations."""
    lines = "\n".join(json.dumps(record) for record in RECORDS)
    answer = await client.post(
        "/v1/imports/ctgov", content=lines, headers={"Content-Type": "application/x-ndjson"}
    )
    assert answer.json()["imported"] == len(RECORDS), answer.text
    told = "SELECT data FROM es.event WHERE type = 'trials.trial.registry_sites_recorded.v1' ORDER BY pos"
    for row in await run.pool.fetch(told):
        event = RegistrySitesRecorded.model_validate_json(row["data"])
        for location in event.sites:
            known = {"trial_id": event.trial_id, "site_id": location.site_id}
            await run.execute(RecordRegistrySite(**known, site=location), CAUSE)


async def identified(client: httpx.AsyncClient, **more: Any) -> dict[str, UUID]:
    site = {"trial_id": uuid4(), "site_id": uuid4()}
    trial = {"title": "A", "sponsor": "A sponsor", "route": "other", "phases": ["PHASE2"]}
    await done(client, "register-trial", trial_id=site["trial_id"], **trial)
    place = {"name": "A hospital, Inc.", "city": "boston", "country": "US", "zone": "America/New_York"}
    await done(client, "identify-site", **site, **{**place, **more})
    return site


async def got(client: httpx.AsyncClient, path: str, **asked: Any) -> Any:
    answer = await client.get(path, params={name: str(value) for name, value in asked.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()


def by_name(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {factor["name"]: factor for factor in found["factors"]}


async def test_a_site_goes_from_its_questionnaire_to_its_close(servers: Servers) -> None:
    async with answering(servers, "trials") as (run, client):
        await imported(run, client)
        site = await identified(client)
        form = {"questionnaire_id": uuid4(), "questions": QUESTIONS, "conditions": ["asthma"]}
        await done(client, "send-feasibility", **site, **form, due_on=TODAY + DAY)
        of_form = {"questionnaire_id": form["questionnaire_id"]}
        said = [{"code": "nurse", "value": True}, {"code": "patients", "value": 10}]
        await done(client, "answer-feasibility", **site, **of_form, answers=said)
        before = await got(client, f"/v1/feasibility/{site['site_id']}")
        inputs = {name: factor["inputs"] for name, factor in by_name(before).items()}
        assert inputs["registry.similar_trials"]["similar"] == 1
        assert inputs["registry.similar_trials"]["trials"] == 3
        assert inputs["registry.similar_trials"]["as_of"] == "2026-01-05"
        assert inputs["registry.enrolment_speed"]["speed_trials"] == 1
        assert inputs["registry.enrolment_speed"]["speed"] == pytest.approx(24 / 2 / (366 / 30.44))
        assert inputs["registry.competing_trials"]["at_facility"] == 1
        assert inputs["registry.competing_trials"]["in_city"] == 1
        await done(client, "complete-feasibility", **site, outcome="suitable")
        after = await got(client, f"/v1/feasibility/{site['site_id']}")
        assert (after["score"], after["factors"]) == (before["score"], before["factors"])
        assert (after["fixed"]["score"], after["fixed"]["factors"]) == (before["score"], before["factors"])
        await done(client, "schedule-qualification", **site, visit_on=TODAY)
        refused = await post(client, "select-site", **site, zone="America/New_York", country="US")
        assert (refused.status_code, refused.json()["type"]) == (
            409,
            "urn:trialwire:problem:site.not_qualified",
        )
        await done(client, "qualify-site", **site, visited_on=TODAY - DAY, report_ref="etmf/pssv")
        await done(client, "select-site", **site, zone="America/New_York", country="US")
        shown = await got(client, f"/v1/trials/{site['trial_id']}/sites/{site['site_id']}")
        assert (shown["status"], shown["qualified_on"]) == ("selected", str(TODAY - DAY))
        for gate in shown["required_gates"]:
            await done(client, "record-gate-evidence", **site, gate=gate, valid_from=date(2020, 1, 1))
        for status in ("in_review", "approved"):
            await done(client, "change-trial-status", trial_id=site["trial_id"], status=status)
        await done(client, "activate-site", **site, meaning="approval")
        await done(client, "begin-site-closing", **site)
        last = {"visited_on": TODAY, "report_ref": "etmf/cov", "ip_reconciled_on": TODAY}
        refused = await post(client, "close-site", **site, **last)
        assert refused.json()["type"] == "urn:trialwire:problem:site.documents_not_filed"
        closed = await got(client, f"/v1/trials/{site['trial_id']}/sites")
        assert [row["status"] for row in closed["items"]] == ["closing"]
        guard = "SELECT status FROM site_guard WHERE site_id = $1"
        assert await run.pool.fetchval(guard, site["site_id"]) == "closing"


async def test_the_registry_s_figures_are_the_same_rebuilt_and_unknown_for_a_place_holder(
    servers: Servers,
) -> None:
    async with answering(servers, "trials") as (run, client):
        await imported(run, client)
        site = await identified(client, name="GSK Investigational Site")
        found = await got(client, f"/v1/feasibility/{site['site_id']}")
        assert (found["score"], found["covered"], found["fixed"]["status"]) == (None, 0.0, None)
        known = await identified(client)

        async def record() -> RegistryRecord | None:
            async with run.pool.acquire() as tx, tx.transaction():
                key = (known["site_id"],)
                facts = await rows.facts(tx, [Need(RegistryRecord, key)])
                return facts.get(RegistryRecord, *key)

        before = await record()
        assert before is not None
        assert (before.facility, before.trials) == ("a hospital|boston|US", 3)
        # A rebuilt table takes the place of the former one: the view may not hold on to that.
        await run.pool.execute(
            "CREATE SCHEMA other; CREATE TABLE other.site (LIKE site INCLUDING ALL);"
            " INSERT INTO other.site SELECT * FROM site; DROP TABLE site;"
            " ALTER TABLE other.site SET SCHEMA public; SELECT es.protect('site')"
        )
        assert await record() == before
        missing = await client.get(f"/v1/feasibility/{uuid4()}")
        assert missing.status_code == 404


async def test_pages_show_ages_and_ends_to_those_whose_they_are(servers: Servers) -> None:
    async with answering(servers, "trials") as (_, client):
        site = await identified(client)
        contract = {"contract_id": uuid4()}
        days = {"draft_sent": 9, "comments": 7, "draft_sent_again": 4, "budget_agreed": 1}
        for name, ago in days.items():
            taken = {"step": name.removesuffix("_again"), "on": TODAY - ago * DAY}
            await done(client, "take-contract-step", **site, **contract, **taken)
        (row,) = (await got(client, "/v1/contracts", trial_id=site["trial_id"], to_act="cro"))["items"]
        assert [one["days"] for one in row["steps"]] == [2, 3, 3, 1]
        assert (row["status"], row["days"], row["days_in_step"]) == ("budget_agreed", 9, 1)
        assert (await got(client, "/v1/contracts", to_act="site"))["items"] == []
        person = {"investigator_id": uuid4(), "role": "principal", "from_on": TODAY - 9 * DAY}
        orcid = [{"system": "orcid", "value": "0000-0002-1825-0097"}]
        await done(client, "add-investigator", **site, **person, identifiers=orcid)
        ends = {"valid_from": TODAY - 9 * DAY, "valid_to": TODAY + 20 * DAY, "kind": "licence"}
        about = {**site, "investigator_id": person["investigator_id"]}
        await done(client, "record-qualification", **about, **ends)
        (found,) = (await got(client, "/v1/investigators", identifier=orcid[0]["value"]))["items"]
        assert (found["role"], found["first_end"]) == ("principal", str(ends["valid_to"]))
        soon = await got(client, "/v1/investigators", ending_by=TODAY + 19 * DAY)
        assert soon["items"] == []
        form = {"questions": QUESTIONS, "due_on": TODAY + DAY}
        await done(client, "send-feasibility", **site, **form)
        (sent,) = (await got(client, "/v1/feasibility", status="sent"))["items"]
        assert sent["due_on"] == str(TODAY + DAY)
        for role, path, status in (
            ("site_coordinator", "contracts", 403),
            ("site_coordinator", "feasibility", 403),
            ("site_coordinator", "investigators", 200),
            ("finance", "contracts", 200),
            ("finance", "investigators", 403),
        ):
            answer = await client.get(f"/v1/{path}", headers={"Trialwire-Actor": f"{role}:x"})
            assert answer.status_code == status, (role, path)


async def test_another_sponsor_s_people_and_contracts_are_not_there(servers: Servers) -> None:
    async with answering(servers, "trials", sponsors=[], trials=[str(uuid4())]) as (run, client):
        site = await _recorded(run, add(), step("draft_sent", BEGUN))
        for path in ("contracts", "investigators", "feasibility"):
            assert (await got(client, f"/v1/{path}"))["items"] == []
        assert (await client.get(f"/v1/feasibility/{site}")).status_code == 404


def _anew(commands: Sequence[Command]) -> list[Command]:
    """The same commands about streams that nobody knows."""
    run = uuid4()
    names = ("trial_id", "site_id", "contract_id", "investigator_id")
    return [
        command.model_copy(
            update={name: uuid5(run, str(known)) for name in names if (known := getattr(command, name, None))}
        )
        for command in commands
    ]


async def _recorded(run: Executor, *commands: Command) -> UUID:
    """Give the commands, after those that make their trial and its site; the site's id."""
    trial = RegisterTrial(trial_id=TRIAL, title="A", sponsor="A sponsor", route="other")
    site = IdentifySite(trial_id=TRIAL, site_id=SITE, name="A site", zone="UTC")
    made = _anew((trial, site, *commands))
    for command in made:
        await run.execute(command, CAUSE)
    return made[1].stream_id


async def test_an_executed_contract_and_trained_people_open_gates_over_the_broker(servers: Servers) -> None:
    async with process(servers, SERVICE) as running:
        # Other ids in each run: the topic of a stack that is kept holds the streams of former ones.
        waived = SELECT.model_copy(update={"qualification_waived": "known"})
        signed = [step(one, BEGUN + n * DAY) for n, one in enumerate(WAY["executed"])]
        people = [
            add(),
            *(show(kind) for kind in REQUIRED["principal"]),
            delegate(add().investigator_id, "consent"),
        ]
        site = await _recorded(running.executor, waived, *signed, *people)

        async def opened() -> bool:
            gates = await running.pool.fetchval("SELECT gates FROM site WHERE site_id = $1", site)
            return {"contract", "training"} <= set(json.loads(gates or "{}"))

        await until(opened, 30)
