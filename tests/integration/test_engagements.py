"""Engagements and obligations over HTTP: a sponsor sees its own trials' figures, a CRO what it owes."""

import contextlib
import importlib
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.regulatory import commands as reg
from services.regulatory import deadlines, obligations
from services.trials.commands.engagement import ConsiderOrganisation, EngageOrganisation
from services.trials.commands.obligations import ReturnObligations, TransferObligations
from services.trials.commands.scorecard import EnterScore
from services.trials.commands.trial import RegisterTrial
from shared.contracts.deadline import DeadlineArmed, DeadlineMet, DeadlineMetLate
from shared.contracts.message import Actor, Command, Event, Recorded
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.monitoring import (
    Finding,
    VisitConducted,
    VisitReportApproved,
    VisitReportSubmitted,
)
from shared.contracts.trials.registry import RegistryEntryRecorded, RegistryFacts
from shared.contracts.trials.site import GateEvidenceRecorded, SiteActivated, SiteIdentified, SiteSelected
from shared.contracts.trials.site_steps import SiteClosed, SiteDeclined, SiteTerminated
from shared.http.app import create_app
from shared.rules.deadlines import Owner
from shared.runtime import clock, rows
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from shared.runtime.settings import Settings
from tests.support import identity
from tests.support.answering import answering
from tests.support.stack import Servers, process, until
from tests.unit.regulatory.test_reactions import CASE, TRIAL, reportable
from tests.unit.regulatory.test_reactions import obligations as owed
from tests.unit.rules.test_deadline_decider import ARM
from tests.unit.trials.engagement_steps import WAYS, step

SPONSOR, OTHER_SPONSOR, CRO = (UUID(int=n) for n in (7, 8, 71))
DAY = timedelta(days=1)
SHA = "c" * 64


def today() -> date:
    return clock.now().date()


async def get(client: httpx.AsyncClient, path: str, role: str = "sponsor", **reach: Any) -> httpx.Response:
    """What somebody of this role is answered, who reaches these sponsors or organisations."""
    who = identity.issuer().headers(f"{role}:x-01", **{"sponsors": [], "organisations": []} | reach)
    return await client.get(path, headers=who)


async def give(
    client: httpx.AsyncClient, command: Command, role: str = "sponsor", **reach: Any
) -> httpx.Response:
    body = command.model_dump_json(exclude_none=True).encode()
    who = identity.issuer().headers(f"{role}:x-01", body, **{"sponsors": [], "organisations": []} | reach)
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json", **who}
    name = command.type.split(".")[1].replace("_", "-")
    return await client.post(f"/v1/commands/{name}", content=body, headers=headers)


async def tell(run: Executor, source: str, trial: UUID, sponsor: UUID, *events: tuple[UUID, Event]) -> None:
    """Events as the projections of this service read them."""
    messages = [
        Recorded(
            id=uuid4(),
            type=type(event).type,
            source=source,
            stream_id=stream,
            version=n,
            sponsor_id=sponsor,
            trial_id=trial,
            time=clock.now(),
            data=event,
            actor=Actor("t", "tester"),
            correlation_id=uuid4(),
        )
        for n, (stream, event) in enumerate(events, 1)
    ]
    async with run.pool.acquire() as connection, connection.transaction():
        await rows.project(connection, run.service.projections_of(source), messages)


async def running_trial(run: Executor, sponsor: UUID, days_to_activate: int, met: int, late: int) -> UUID:
    """A trial that the CRO runs: a site active for two months, deviations, deadlines that it owned."""
    trial, site = uuid4(), uuid4()
    await run.pool.execute("INSERT INTO es.trial VALUES ($1, $2)", trial, sponsor)
    facts = RegistryFacts(
        status="RECRUITING", title="T", sponsor_name="S", study_type="X", conditions=("Asthma",)
    )
    active = today() - 60 * DAY
    about: dict[str, Any] = {"trial_id": trial, "site_id": site, "country": "ES", "zone": "Europe/Madrid"}
    evidence: dict[str, Any] = {"gate": "irb_current", "evidence_id": uuid4(), "recorded_on": active}
    approved = active - days_to_activate * DAY
    events: list[tuple[UUID, Event]] = [
        (trial, RegistryEntryRecorded(trial_id=trial, registry="ctgov", facts=facts)),
        (site, SiteIdentified(**about, name="Site", basis="sponsor")),
        (site, SiteSelected(**about, route="other", required_gates=())),
        (site, GateEvidenceRecorded(trial_id=trial, site_id=site, valid_from=approved, **evidence)),
        (
            site,
            SiteActivated(**about, activated_on=active, gates=()),
        ),
    ]
    for approved_by in ("l-1", None):
        visit: dict[str, Any] = {"visit_id": uuid4(), "trial_id": trial, "site_id": site}
        found = Finding(finding_id=uuid4(), category="consent", severity="major")
        report: dict[str, Any] = {"document_ref": "etmf:1", "findings": (found,), "submitted_by": "m-1"}
        made: dict[str, Any] = {"kind": "interim", "conducted_on": active + DAY}
        events.append((visit["visit_id"], VisitConducted(**visit, **made, zone="UTC")))
        events.append((visit["visit_id"], VisitReportSubmitted(**visit, **report)))
        if approved_by:
            signed = VisitReportApproved(**visit, **made, **report, approved_by=approved_by)
            events.append((visit["visit_id"], signed))
    for n in range(2):
        deviation = uuid4()
        broken: dict[str, Any] = {"category": "consent", "rules": ("x",), "occurred_on": active + n * DAY}
        events.append(
            (deviation, DeviationReported(deviation_id=deviation, trial_id=trial, site_id=site, **broken))
        )
    await tell(run, "trials", trial, sponsor, *events)
    for n in range(met + late):
        one = uuid4()
        armed = ARM.model_dump() | {"deadline_id": one, "trial_id": trial, "organisation_id": CRO}
        ends: dict[str, Any] = {"deadline_id": one, "code": "x", "due_on": active, "met_on": active}
        end = DeadlineMet(**ends) if n < met else DeadlineMetLate(**ends, days_late=1)
        await tell(run, "regulatory", trial, sponsor, (one, DeadlineArmed.model_validate(armed)), (one, end))
    return trial


async def engaged(
    run: Executor, trial: UUID, sponsor: UUID, since: int = 300, until: int | None = None, **other: Any
) -> UUID:
    """The CRO works for the trial since so many days ago, by itself before its site was activated."""
    id_ = uuid4()
    about: dict[str, Any] = {"organisation_id": CRO, "name": "A CRO", "model": "full_service"} | other
    commands: list[Command] = [ConsiderOrganisation(engagement_id=id_, trial_id=trial, **about)]
    for to in WAYS["engaged"]:
        commands.append(step(to, today() - since * DAY).model_copy(update={"engagement_id": id_}))
    assert isinstance(commands[-1], EngageOrganisation)
    if until is not None:
        commands.append(step("ended", today() - until * DAY).model_copy(update={"engagement_id": id_}))
    for command in commands:
        await run.execute(command, Cause(Actor("s-01", "sponsor"), sponsor_id=sponsor))
    return id_


_BY_PROGRAMME = """
WITH t AS (UPDATE trial SET programme_id = $3 WHERE trial_id = $1)
UPDATE engagement SET of_trial = NULL, of_programme = $3 WHERE engagement_id = $2
"""


async def test_a_sponsor_sees_the_scorecard_of_a_cro_from_its_own_trials_alone(servers: Servers) -> None:
    async with answering(servers, "trials") as (run, client):
        first = await running_trial(run, SPONSOR, 30, met=3, late=1)
        alike = await running_trial(run, SPONSOR, 60, met=0, late=0)
        foreign = await running_trial(run, OTHER_SPONSOR, 170, met=0, late=5)
        mine = await engaged(run, first, SPONSOR)
        await run.pool.execute(_BY_PROGRAMME, alike, await engaged(run, alike, SPONSOR), uuid4())
        theirs = await engaged(run, foreign, OTHER_SPONSOR)
        path = f"/v1/organisations/{CRO}/scorecard"

        found = (await get(client, f"{path}?engagement={mine}", sponsors=[SPONSOR])).json()
        shown = {one["criterion"]: one for one in found["scores"]}
        figures = {name: (one["value"], one["n"]) for name, one in shown.items() if one["basis"]}
        months = round(6 / (2 * 61 / 30.4375), 3)
        assert figures == {
            "therapeutic_expertise": (1, 1),
            "on_time_delivery": (0.75, 4),
            "cycle_time": (45, 2),
            "quality": (months, 6),
            "coverage": (1.0, 2),
        }
        assert (found["total"], found["countries"], found["name"]) == (None, ["ES"], "A CRO")
        assert "technology" in found["missing"]

        other = (await get(client, path, sponsors=[OTHER_SPONSOR])).json()
        told = {one["criterion"]: (one["value"], one["n"]) for one in other["scores"] if one["basis"]}
        assert (told["on_time_delivery"], told["cycle_time"]) == ((0.0, 5), (170, 1))
        assert (await get(client, path, sponsors=[UUID(int=99)])).status_code == 404
        foreign_one = await get(client, f"{path}?engagement={theirs}", sponsors=[SPONSOR])
        assert foreign_one.status_code == 404
        # The organisation itself sees neither that it is considered nor how it is judged.
        for page in ("/v1/engagements", path):
            answer = await get(client, page, organisations=[CRO])
            assert answer.status_code == 404 or answer.json()["items"] == []
        assert (await get(client, path, "monitor", sponsors=[SPONSOR])).status_code == 403

        entered = EnterScore(
            engagement_id=mine, criterion="technology", points=70, source="rfp", as_of=today()
        )
        assert (await give(client, entered, sponsors=[SPONSOR])).status_code == 201
        assert (await give(client, entered, sponsors=[OTHER_SPONSOR])).status_code == 404
        assert (await give(client, entered, "project_manager", sponsors=[SPONSOR])).status_code == 403
        again = (await get(client, path, sponsors=[SPONSOR])).json()
        (score,) = [one for one in again["scores"] if one["criterion"] == "technology"]
        assert (score["points"], score["source"], score["entered_by"]) == (70, "rfp", "x-01")
        unseen = (await get(client, path, sponsors=[OTHER_SPONSOR])).json()
        assert "technology" in unseen["missing"]


def way(trial: UUID, n: int, **days: int) -> list[tuple[UUID, Event]]:
    """The way of a site, each step so many days ago; a deviation there is one step of it."""
    site = UUID(int=trial.int + n)
    ids: dict[str, Any] = {"trial_id": trial, "site_id": site}
    about: dict[str, Any] = ids | {"country": "ES", "zone": "UTC"}
    told: list[Event] = [SiteIdentified(**about, name="Site", basis="sponsor")]
    for name, ago in days.items():
        day = today() - ago * DAY
        match name:
            case "declined":
                told.append(SiteDeclined(**ids, reason="capacity"))
            case "selected":
                told.append(SiteSelected(**about, route="other", required_gates=(), selected_on=day))
            case "approved":
                evidence: dict[str, Any] = {"evidence_id": uuid4(), "valid_from": day, "recorded_on": day}
                told.append(GateEvidenceRecorded(**ids, gate="irb_current", **evidence))
            case "activated":
                told.append(SiteActivated(**about, activated_on=day, gates=()))
            case "terminated":
                told.append(SiteTerminated(**ids, reason="misconduct", terminated_on=day))
            case "closed":
                papers: dict[str, Any] = {
                    "visited_on": day,
                    "ip_reconciled_on": day,
                    "documents_filed_on": day,
                }
                told.append(SiteClosed(**ids, **papers, closed_on=day, report_ref="etmf:9"))
            case _:
                broken: dict[str, Any] = {"category": "consent", "rules": ("x",), "occurred_on": day}
                told.append(DeviationReported(**ids, deviation_id=uuid4(), **broken))
    return [(site, event) for event in told]


async def told_of(client: httpx.AsyncClient, organisation: UUID, sponsor: UUID) -> tuple[Any, dict[str, Any]]:
    answer = await get(client, f"/v1/organisations/{organisation}/scorecard", sponsors=[sponsor])
    found = answer.json()
    return found, {one["criterion"]: (one["value"], one["n"]) for one in found["scores"] if one["basis"]}


async def test_a_scorecard_counts_sites_that_were_chosen_and_the_days_on_which_it_worked_there(
    servers: Servers,
) -> None:
    async with answering(servers, "trials") as (run, client):
        trial, regional, other = uuid4(), UUID(int=72), uuid4()
        await run.pool.execute("INSERT INTO es.trial VALUES ($1, $2)", trial, SPONSOR)
        sites = [
            # Worked at from day 250 to 200 and from 100 on, 51 and 101 days; a deviation of another's day.
            way(trial, 1, selected=310, approved=270, activated=250, found=240, missed=150),
            way(trial, 2, selected=310, approved=300, activated=290, deviated=285, closed=280),  # 11 days
            way(trial, 3, selected=160, approved=155, activated=150),  # 101 days; another started it
            way(trial, 4, selected=90, approved=85, activated=80, terminated=71),  # 10 days
            way(trial, 5, selected=50),
            way(trial, 6, declined=50),
            way(trial, 7, selected=400, approved=390, activated=380, closed=320),
            way(trial, 8, selected=190, activated=180, closed=120),
        ]
        await tell(run, "trials", trial, SPONSOR, *(event for site in sites for event in site))
        for since, until in ((300, 200), (100, None), (90, 30)):
            await engaged(run, trial, SPONSOR, since, until)
        await engaged(run, trial, SPONSOR, 60, organisation_id=other, model="functional", functions=("data",))
        found, figures = await told_of(client, CRO, SPONSOR)
        assert figures["coverage"] == (0.8, 5)
        assert figures["cycle_time"] == (10, 3)
        assert figures["quality"] == (round(2 / ((152 + 11 + 101 + 10) / 30.4375), 3), 2)
        assert (found["sites"], found["shared_sites"]) == (5, 0)
        # What two organisations did at one place no event tells apart: it is both's, and says so.
        about: dict[str, Any] = {"organisation_id": regional, "model": "regional", "countries": ("ES",)}
        await engaged(run, trial, SPONSOR, 40, **about)
        assert [(await told_of(client, one, SPONSOR))[0]["shared_sites"] for one in (CRO, regional)] == [3, 3]


async def test_which_of_a_programme_s_trials_are_of_an_area_no_event_tells(servers: Servers) -> None:
    async with answering(servers, "trials") as (run, client):
        trial = await running_trial(run, SPONSOR, 30, met=0, late=0)
        about: dict[str, Any] = {"model": "therapeutic_area", "therapeutic_areas": ("respiratory",)}
        engagement = await engaged(run, trial, SPONSOR, **about)
        assert (await told_of(client, CRO, SPONSOR))[0]["sites"] == 1
        await run.pool.execute(_BY_PROGRAMME, trial, engagement, uuid4())
        found, figures = await told_of(client, CRO, SPONSOR)
        assert (found["sites"], figures) == (0, {})


async def test_engagements_are_listed_by_trial_organisation_and_status_a_page_at_a_time(
    servers: Servers,
) -> None:
    async with answering(servers, "trials") as (run, client):
        trials = [uuid4() for _ in range(3)]
        for trial in trials:
            await run.pool.execute("INSERT INTO es.trial VALUES ($1, $2)", trial, SPONSOR)
            await engaged(run, trial, SPONSOR)
        asked = f"/v1/engagements?organisation_id={CRO}&limit=2"
        first = (await get(client, asked, sponsors=[SPONSOR])).json()
        rest = (await get(client, f"{asked}&after={first['next']}", sponsors=[SPONSOR])).json()
        assert {one["trial_id"] for one in (*first["items"], *rest["items"])} == {str(t) for t in trials}
        assert rest["next"] is None
        asked = f"/v1/engagements?trial_id={trials[0]}&status=engaged"
        (one,) = (await get(client, asked, sponsors=[SPONSOR])).json()["items"]
        assert (one["organisation_id"], one["status"], one["contract_ref"]) == (
            str(CRO),
            "engaged",
            "contract:1",
        )
        assert (await get(client, "/v1/engagements?status=ended", sponsors=[SPONSOR])).json()["items"] == []


def transfer(trial: UUID, since: date, *names: Any) -> TransferObligations:
    return TransferObligations(
        trial_id=trial,
        obligations=names,
        organisation_id=CRO,
        since=since,
        document_ref="toro:1",
        sha256=SHA,
    )


async def test_the_ledger_names_the_owner_of_every_obligation_now_and_on_a_day(servers: Servers) -> None:
    async with answering(servers, "trials") as (run, client):
        register = RegisterTrial(title="T", sponsor="Sponsor", owner="cro", owner_id=UUID(int=72))
        registered = await run.execute(register, Cause(Actor("s-01", "sponsor")))
        trial = registered.stream_id
        sponsor = await run.pool.fetchval("SELECT sponsor_id FROM es.trial WHERE trial_id = $1", trial)
        since = today() - 10 * DAY
        given = transfer(trial, since, "monitoring", "safety_reporting")
        assert (await give(client, given, sponsors=[sponsor])).status_code == 201
        assert (await give(client, given, "project_manager", sponsors=[sponsor])).status_code == 403
        overlap = given.model_copy(update={"organisation_id": UUID(int=73)})
        refused = await give(client, overlap, sponsors=[sponsor])
        assert (refused.status_code, refused.json()["title"]) == (409, "obligation.overlap")
        back = ReturnObligations(
            trial_id=trial, obligations=("monitoring",), since=today(), document_ref="toro:2", sha256=SHA
        )
        assert (await give(client, back, sponsors=[sponsor])).status_code == 201

        path = f"/v1/trials/{trial}/obligations"
        now = await owners(client, path, sponsor)
        assert now["monitoring"] == (None, "ledger")
        assert now["safety_reporting"] == (str(CRO), "ledger")
        assert now["investigator_letters"] == (str(UUID(int=72)), "plan")
        assert now["registry"] == (None, "not transferred")
        then = await owners(client, f"{path}?on={today() - DAY}", sponsor)
        assert then["monitoring"] == (str(CRO), "ledger")
        # Before the ledger spoke it was the plan's, and what follows no plan the sponsor's.
        before = await owners(client, f"{path}?on={since - DAY}", sponsor)
        assert before["monitoring"] == before["registry"] == (None, "not transferred")
        assert before["safety_reporting"] == (str(UUID(int=72)), "plan")
        assert (await owners(client, f"{path}?on={today()}", sponsor)) == now
        by_plan = back.model_copy(update={"obligations": ("investigator_letters",)})
        assert (await give(client, by_plan, sponsors=[sponsor])).status_code == 201
        assert (await give(client, by_plan, sponsors=[sponsor])).status_code == 200
        asked = [path, f"{path}?on={today()}", f"{path}?on={today() - DAY}"]
        told = [(await owners(client, one, sponsor))["investigator_letters"] for one in asked]
        assert told == [(None, "ledger"), (None, "ledger"), (str(UUID(int=72)), "plan")]
        # What was transferred to it an organisation sees, and nothing of the rest of the trial.
        handed = (await get(client, path, organisations=[CRO])).json()["items"]
        assert [one["obligation"] for one in handed] == ["safety_reporting"]
        assert (await get(client, path, sponsors=[UUID(int=99)])).json()["items"] == []


async def owners(client: httpx.AsyncClient, path: str, sponsor: UUID) -> dict[str, tuple[str | None, str]]:
    answer = await get(client, path, sponsors=[sponsor])
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    return {one["obligation"]: (one["organisation_id"], one["by"]) for one in items}


@contextlib.asynccontextmanager
async def asking(running: Any, name: str, servers: Servers) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API of a service whose whole process runs."""
    queries = importlib.import_module(f"services.{name}.api").router
    service = importlib.import_module(f"services.{name}.handlers").SERVICE
    settings = Settings(dsn_file=running.settings.dsn_file, kafka=servers.kafka, **identity.believed())
    app = create_app(service, queries, settings)
    app.state.executor, app.state.pool = running.executor, running.pool
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{name}", timeout=60) as client:
        yield client


@pytest.fixture
def _time_goes_back() -> Iterator[None]:
    yield
    clock._offset = timedelta()


@pytest.mark.usefixtures("_time_goes_back")
async def test_a_cro_sees_and_files_what_it_owes_from_the_transfer_until_the_return(servers: Servers) -> None:
    trials_service = importlib.import_module("services.trials.handlers").SERVICE
    regulatory_service = importlib.import_module("services.regulatory.handlers").SERVICE
    async with (
        process(servers, trials_service) as trials,
        process(servers, regulatory_service) as regulatory,
        asking(trials, "trials", servers) as client,
        asking(regulatory, "regulatory", servers) as theirs,
    ):
        register = RegisterTrial(trial_id=TRIAL, title="T", sponsor="Sponsor")
        await trials.executor.execute(register, Cause(Actor("s-01", "sponsor")))
        sponsor = await trials.pool.fetchval("SELECT sponsor_id FROM es.trial WHERE trial_id = $1", TRIAL)
        await until(lambda: regulatory.pool.fetchval("SELECT count(*) FROM known_trial"))
        case = reportable(1, *owed())
        for command in obligations.reportable(case, lambda _: Owner()):
            await regulatory.executor.execute(command, Cause(Actor("r", "service"), sponsor_id=sponsor))

        async def seen(expected: set[str]) -> bool:
            answer = await get(theirs, "/v1/deadlines", "regulatory_affairs", organisations=[CRO])
            shown = await get(client, "/v1/deadlines", "regulatory_affairs", organisations=[CRO])
            codes = [{one["code"] for one in found.json()["items"]} for found in (answer, shown)]
            return codes == [expected, expected]

        await until(lambda: seen(set()))
        given = transfer(TRIAL, today(), "safety_reporting")
        assert (await give(client, given, sponsors=[sponsor])).status_code == 201
        await until(lambda: seen({"us_ind_15_day", "us_ind_7_day"}))
        first = case.obligations[0]
        report = deadlines.report_of(CASE, 1, first.code, first.destination)
        assert first.code in {"us_ind_15_day", "us_ind_7_day"}
        (one,) = [
            row
            for row in (await get(theirs, "/v1/reports", "regulatory_affairs", organisations=[CRO])).json()[
                "items"
            ]
            if row["report_id"] == str(report)
        ]
        assert one["organisation_id"] == str(CRO)
        release = reg.FileSafetyReport(report_id=report, meaning="released for submission")
        filed = await give(theirs, release, "regulatory_affairs", organisations=[CRO])
        assert filed.status_code == 201
        letters = deadlines.report_of(CASE, 1, "us_ind_15_day_investigators", "investigators")
        foreign = release.model_copy(update={"report_id": letters})
        assert (await give(theirs, foreign, "regulatory_affairs", organisations=[CRO])).status_code == 404

        back = ReturnObligations(
            trial_id=TRIAL,
            obligations=("safety_reporting",),
            since=today() + DAY,
            document_ref="toro:2",
            sha256=SHA,
        )
        assert (await give(client, back, sponsors=[sponsor])).status_code == 201
        assert await seen({"us_ind_15_day", "us_ind_7_day"})
        clock.advance(clock.offset() + DAY)
        await until(lambda: seen(set()))
        answer = await get(theirs, "/v1/reports", "regulatory_affairs", organisations=[CRO])
        assert answer.json()["items"] == []
