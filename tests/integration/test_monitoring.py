"""Monitoring over the real database: its pages, and a breach whose data another service tells."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from uuid_utils.compat import uuid7

from services.safety.commands import ReportAdverseEvent
from services.safety.handlers import SERVICE as SAFETY
from services.trials.commands.kri import PlanMonitoring, RunIndicators
from services.trials.commands.monitoring import ReportVisit
from services.trials.commands.site import ActivateSite, IdentifySite, RecordGateEvidence, SelectSite
from services.trials.commands.subject import EnrolSubject
from services.trials.commands.trial import ChangeTrialStatus, RegisterTrial
from services.trials.handlers import SERVICE as TRIALS
from services.trials.rules.gates import required_gates
from shared.contracts.message import Actor, Command
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from shared.runtime.process import Process
from shared.runtime.rebuild import Rebuild
from shared.runtime.store import HOUSE
from tests.integration.test_hold_race import done, post
from tests.support.answering import answering
from tests.support.stack import Servers, process, until

TODAY, DAY = datetime.now(UTC).date(), timedelta(days=1)
LEAD, MONITOR = "project_manager:p-1", "monitor:m-1"
ZONE = "Etc/UTC"


async def told(client: httpx.AsyncClient, who: str, command: str, **fields: Any) -> httpx.Response:
    headers = {"Idempotency-Key": str(uuid7()), "Trialwire-Actor": who}
    return await client.post(f"/v1/commands/{command}", json=fields, headers=headers)


async def page(client: httpx.AsyncClient, trial: UUID, name: str, **asked: Any) -> list[Any]:
    answer = await client.get(f"/v1/trials/{trial}/{name}", params=asked)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


async def active_site(client: httpx.AsyncClient, trial: UUID) -> dict[str, UUID]:
    site = {"trial_id": trial, "site_id": uuid4()}
    await done(client, "identify-site", **site, name="A site")
    await done(client, "select-site", **site, zone=ZONE, country="DE", qualification_waived="known_site")
    shown = next(s for s in await page(client, trial, "sites") if s["site_id"] == str(site["site_id"]))
    for gate in shown["required_gates"]:
        await done(client, "record-gate-evidence", **site, gate=gate, valid_from=date(2020, 1, 1))
    await done(client, "activate-site", **site, meaning="approval")
    return site


async def trial_with_site(client: httpx.AsyncClient) -> dict[str, UUID]:
    trial = uuid4()
    await done(client, "register-trial", trial_id=trial, title="A", sponsor="A sponsor", route="other")
    for status in ("in_review", "approved"):
        await done(client, "change-trial-status", trial_id=trial, status=status)
    return await active_site(client, trial)


async def test_a_visit_goes_through_its_pages_from_plan_to_done(servers: Servers) -> None:
    async with answering(servers, "trials") as (_, client):
        site = {name: str(value) for name, value in (await trial_with_site(client)).items()}
        trial, visit = UUID(site["trial_id"]), {**site, "visit_id": str(uuid4())}
        planned = {"kind": "interim", "planned_on": str(TODAY)}
        assert (await told(client, LEAD, "schedule-visit", **visit, **planned)).status_code == 201
        (row,) = await page(client, trial, "monitoring-visits", status="scheduled")
        assert (row["visit_id"], row["planned_on"]) == (visit["visit_id"], str(TODAY))
        await told(client, MONITOR, "report-visit", **visit, kind="interim", conducted_on=str(TODAY))
        item = {"item_id": str(uuid4()), "code": "retrain", "owner": "s-1", "due_on": str(TODAY + DAY)}
        report = {"document_ref": "etmf:1", "action_items": [item], "sdv": {"forms_verified": 7}}
        answer = await told(client, MONITOR, "submit-visit-report", **visit, **report)
        assert answer.status_code == 201, answer.text
        signed = {"meaning": "report approved"}
        answer = await told(client, MONITOR, "approve-visit-report", **visit, **signed)
        assert answer.status_code == 403
        answer = await told(client, LEAD, "approve-visit-report", **visit, **signed)
        assert answer.status_code == 201, answer.text
        (row,) = await page(client, trial, "action-items", due_before=str(TODAY + 2 * DAY))
        assert (row["status"], row["owner"]) == ("open", "s-1")
        assert await page(client, trial, "action-items", due_before=str(TODAY)) == []
        completed = {"item_id": item["item_id"], "completed_on": str(TODAY)}
        await told(client, LEAD, "complete-action-item", **visit, **completed)
        (row,) = await page(client, trial, "monitoring-visits", site=site["site_id"])
        assert (row["status"], row["open_items"], row["sdv"]["forms_verified"]) == ("complete", 0, 7)
        (row,) = await page(client, trial, "source-data-verification")
        assert (row["forms_verified"], row["backlog"]) == (7, None)


async def test_lists_of_monitoring_go_on_where_the_page_before_ended(servers: Servers) -> None:
    async with answering(servers, "trials") as (_, client):
        site = await trial_with_site(client)
        trial, lists = site["trial_id"], ("monitoring-visits", "capas", "remote-reviews", "indicator-runs")
        plan = {"trial_id": str(trial), "visit_interval_days": 60, "zone": ZONE}
        assert (await told(client, LEAD, "plan-monitoring", **plan)).status_code == 201
        for n in range(5):
            await done(client, "schedule-visit", **site, kind="remote", planned_on=TODAY + n // 2 * DAY)
            access = {"reader": "m-1", "valid_from": str(TODAY), "valid_to": str(TODAY)}
            await done(client, "grant-remote-access", **site, **access)
            why: dict[str, Any] = {"kind": "both", "category": "consent", "source_kind": "finding"}
            answer = await post(client, "open-capa", **site, **why, sources=[str(uuid4())])
            assert answer.status_code == 201, answer.text
            await told(client, LEAD, "run-indicators", trial_id=str(trial))
        for name in lists:
            whole = await page(client, trial, name)
            assert len(whole) == 5
            found, after = [], None
            while True:
                answer = await client.get(
                    f"/v1/trials/{trial}/{name}", params={"limit": 2} | ({"after": after} if after else {})
                )
                found += answer.json()["items"]
                after = answer.json()["next"]
                if after is None:
                    break
            assert found == whole
        shown = (await client.get(f"/v1/trials/{trial}/monitoring-plan")).json()
        assert (shown["visit_interval_days"], shown["planned_on"]) == (60, str(TODAY))
        defined = (await client.get(f"/v1/trials/{trial}/indicators/definitions")).json()
        assert defined["indicators"]["sdv_backlog"]["method"] == "binomial"


async def run(executor: Executor, *commands: Command) -> None:
    for command in commands:
        await executor.execute(command, Cause(Actor("r-1", "regulatory_affairs"), sponsor_id=HOUSE))


async def shown(trials: Process, sql: str, *values: Any) -> list[Any]:
    return [dict(row) for row in await trials.pool.fetch(sql, *values)]


async def test_a_site_that_tells_of_no_events_breaches_and_gets_one_visit(servers: Servers) -> None:
    """Adverse events come from safety by the broker; the run, the breach and the visit by our own topic."""
    trial = uuid4()
    sites = [uuid4() for _ in range(3)]
    async with process(servers, TRIALS) as trials, process(servers, SAFETY) as safety:
        await run(
            trials.executor,
            RegisterTrial(trial_id=trial, title="A trial", sponsor="A sponsor"),
            *(ChangeTrialStatus(trial_id=trial, status=status) for status in ("in_review", "approved")),
            *_activated(trial, sites),
            *_observed(trial, sites),
            PlanMonitoring(trial_id=trial, visit_interval_days=60, zone=ZONE, kris=("adverse_event_rate",)),
        )
        for n, site in enumerate(40 * sites[1:]):
            event = ReportAdverseEvent(
                trial_id=trial, site_id=site, subject_id=_subject(site), received_on=TODAY, zone=ZONE
            )
            await run(safety.executor, event.model_copy(update={"case_id": UUID(int=n + 1)}))

        counted = "SELECT coalesce(sum(adverse_events), 0) AS n FROM site_counters WHERE trial_id = $1"

        async def heard() -> bool:
            return bool((await shown(trials, counted, trial))[0]["n"] == 80)

        await until(heard, 30)
        active = "SELECT jsonb_array_length(activated) AS n FROM trial_sites WHERE trial_id = $1"
        assert await shown(trials, active, trial) == [{"n": 3}]
        for _ in range(2):
            before = len(await shown(trials, "SELECT FROM indicator_run WHERE status = 'completed'"))
            await run(trials.executor, RunIndicators(trial_id=trial))

            async def computed(before: int = before) -> bool:
                done_now = await shown(trials, "SELECT FROM indicator_run WHERE status = 'completed'")
                return len(done_now) > before

            await until(computed, 30)

        async def visited() -> bool:
            return bool(await shown(trials, "SELECT FROM monitoring_visit WHERE kind = 'targeted'"))

        await until(visited, 30)
        (one,) = await shown(trials, "SELECT * FROM monitoring_visit WHERE kind = 'targeted'")
        assert (one["site_id"], one["kri"], one["planned_on"]) == (
            sites[0],
            "adverse_event_rate",
            TODAY + 14 * DAY,
        )
        row = (await shown(trials, "SELECT * FROM indicator WHERE site_id = $1", sites[0]))[0]
        assert (row["verdict"], row["numerator"], row["breach_level"]) == ("action", 0, "action")
        breaches = "SELECT type FROM es.event WHERE type = 'trials.kri.breached.v1'"
        assert len(await shown(trials, breaches)) == 1
        for table in ("site_counters", "indicator", "monitoring_visit"):
            before_it = await shown(trials, f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608
            await Rebuild(trials.executor, servers.cluster, table).run()
            assert await shown(trials, f"SELECT * FROM {table} ORDER BY 1, 2") == before_it  # noqa: S608


def _subject(site: UUID) -> UUID:
    return UUID(int=site.int ^ 1)


def _activated(trial: UUID, sites: list[UUID]) -> list[Command]:
    commands: list[Command] = []
    for site in sites:
        of: dict[str, Any] = {"trial_id": trial, "site_id": site}
        commands += [
            IdentifySite(**of, name="A site"),
            SelectSite(**of, zone=ZONE, country="DE", qualification_waived="known_site"),
            *(
                RecordGateEvidence(**of, gate=gate, valid_from=date(2020, 1, 1))
                for gate in required_gates("other", "DE")
            ),
            ActivateSite(**of, meaning="approval"),
        ]
    return commands


def _observed(trial: UUID, sites: list[UUID]) -> list[Command]:
    """A subject at each site for a hundred days, and an interim visit made today."""
    return [
        command
        for site in sites
        for command in (
            EnrolSubject(
                trial_id=trial,
                site_id=site,
                subject_id=_subject(site),
                subject_code="S-1",
                enrolled_on=TODAY - 100 * DAY,
            ),
            ReportVisit(trial_id=trial, site_id=site, kind="interim", conducted_on=TODAY),
        )
    ]
