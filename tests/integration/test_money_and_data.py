"""Budgets and data over HTTP on a real Postgres, and through the broker: an enrolment makes money due."""

import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.trials.commands.budget import AgreeBudget
from services.trials.commands.site import IdentifySite
from services.trials.commands.subject import EnrolSubject
from services.trials.commands.trial import RegisterTrial
from services.trials.handlers import SERVICE
from shared.contracts.message import Actor
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from tests.support import identity
from tests.support.answering import answering
from tests.support.stack import Servers, process, until
from tests.unit.trials.money import ENROLMENT, SCREEN_FAILURE, START_UP, VISIT_2, lines

Api = tuple[Executor, httpx.AsyncClient]
Place = dict[str, Any]
DAY = "2026-03-10"
HEADER = (
    "site_id,trial_id,as_of,source,forms_expected,forms_entered,forms_verified,"
    "queries_opened,queries_answered,queries_closed,oldest_open_days"
)


@pytest.fixture
async def trials(servers: Servers) -> AsyncIterator[Api]:
    async with answering(servers, "trials") as found:
        yield found


async def post(client: httpx.AsyncClient, command: str, **fields: Any) -> httpx.Response:
    body = json.dumps(fields, default=str).encode()
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
    return await client.post(f"/v1/commands/{command}", content=body, headers=headers)


async def done(client: httpx.AsyncClient, command: str, **fields: Any) -> None:
    answer = await post(client, command, **fields)
    assert answer.status_code in (200, 201), (command, answer.text[:500])


async def page(client: httpx.AsyncClient, path: str, **asked: Any) -> Any:
    answer = await client.get(path, params={name: str(value) for name, value in asked.items()})
    assert answer.status_code == 200, answer.text[:500]
    return answer.json()


async def trial_with_site(client: httpx.AsyncClient, country: str = "US") -> Place:
    site = {"trial_id": uuid4(), "site_id": uuid4()}
    await done(client, "register-trial", trial_id=site["trial_id"], title="A", sponsor="A sponsor")
    await done(client, "identify-site", **site, name="A site", country=country)
    return site


def agreed(*given: dict[str, Any]) -> dict[str, Any]:
    return {"effective_from": "2026-01-01", "lines": [line.model_dump() for line in lines(*given)]}


def row(site: Place, *figures: Any, on: str = DAY) -> str:
    return ",".join(map(str, (site["site_id"], site["trial_id"], on, "EDC", *figures)))


async def imported(client: httpx.AsyncClient, *rows: str) -> dict[str, Any]:
    content = "\n".join((HEADER, *rows)).encode()
    answer = await client.post(
        "/v1/imports/data-counts", content=content, headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 200, answer.text[:500]
    summary: dict[str, Any] = answer.json()
    return summary


async def test_plan_and_actual_are_shown_by_site_country_and_trial_never_across_currencies(
    trials: Api,
) -> None:
    _, client = trials
    site = await trial_with_site(client)
    spain = {"trial_id": site["trial_id"], "site_id": uuid4()}
    await done(client, "identify-site", **spain, name="A site in Spain", country="ES")
    for place in (site, spain):
        await done(client, "agree-budget", **place, **agreed(START_UP, VISIT_2, SCREEN_FAILURE))
    visit = {"milestone": "visit_done", "item": "VISIT 2", "reached_on": DAY}
    for place, subjects in ((site, 2), (spain, 1)):
        for _ in range(subjects):
            await done(client, "report-payable", **place, **visit, subject_id=uuid4(), cause=uuid4())
    invoice = {**site, "invoice_id": uuid4(), "currency": "USD", "amount_minor": 180_000}
    await done(client, "report-invoice", **invoice, number="7", invoiced_on=DAY)
    await done(client, "report-invoice-approval", **invoice, approved_on=DAY)
    await done(client, "report-payment", **invoice | {"amount_minor": 100_000}, paid_on=DAY)
    sponsors = {"trial_id": site["trial_id"], "effective_from": "2026-01-01"}
    planned = [
        {"category": "site_payments", "amount_minor": 9_000_000, "currency": "USD"},
        {"category": "monitoring", "amount_minor": 500_000, "currency": "USD"},
    ]
    await done(client, "agree-trial-budget", **sponsors, lines=planned)
    cost = {"category": "monitoring", "amount_minor": 120_000, "currency": "EUR", "incurred_on": DAY}
    await done(client, "report-cost", trial_id=site["trial_id"], **cost)

    found = await page(client, "/v1/budgets", trial_id=site["trial_id"])
    figures = {(one["site_id"], one["currency"]): one for one in found["items"]}
    assert len(figures) == 4
    here = figures[str(site["site_id"]), "USD"]
    assert [here[name] for name in ("planned", "reached", "invoiced", "approved", "paid")] == [
        250_000 + 20 * 90_000,
        180_000,
        180_000,
        180_000,
        100_000,
    ]
    assert figures[str(spain["site_id"]), "EUR"]["planned"] == 20 * 40_000
    assert figures[str(spain["site_id"]), "USD"]["country"] == "ES"

    whole = await page(client, f"/v1/budgets/trials/{site['trial_id']}")
    by_country = {(one["country"], one["currency"]): one["reached"] for one in whole["countries"]}
    assert by_country == {("US", "USD"): 180_000, ("US", "EUR"): 0, ("ES", "USD"): 90_000, ("ES", "EUR"): 0}
    assert {one["currency"]: one["reached"] for one in whole["sites"]} == {"USD": 270_000, "EUR": 0}
    by_category = {(one["category"], one["currency"]): one for one in whole["categories"]}
    assert by_category["site_payments", "USD"]["actual"] == 270_000
    assert (
        by_category["monitoring", "USD"] | {"planned": 500_000, "actual": 0}
        == by_category["monitoring", "USD"]
    )
    assert by_category["monitoring", "EUR"]["actual"] == 120_000

    one = await page(client, f"/v1/budgets/sites/{site['site_id']}")
    assert {line["code"]: line["reached"] for line in one["lines"]} == {"START": 0, "V2": 2, "SF": 0}


async def test_lists_of_money_come_in_pages(trials: Api) -> None:
    _, client = trials
    site = await trial_with_site(client)
    await done(client, "agree-budget", **site, **agreed(VISIT_2))
    visit = {"milestone": "visit_done", "item": "VISIT 2", "subject_id": uuid4()}
    for day in (1, 2, 3, 3, 4):
        await done(client, "report-payable", **site, **visit, reached_on=f"2026-03-0{day}", cause=uuid4())
        await done(
            client,
            "report-invoice",
            **site,
            number=f"{day}",
            amount_minor=1,
            currency="USD",
            invoiced_on=f"2026-03-0{day}",
        )
    await done(client, "report-payable", **site, **visit, reached_on="2025-12-31", cause=uuid4())
    for path, key, asked, expected in (
        ("/v1/budgets/payables", "cause", {"unpriced": "false"}, 5),
        ("/v1/budgets/payables", "cause", {}, 6),
        ("/v1/budgets/payables", "cause", {"unpriced": "true"}, 1),
        ("/v1/budgets/invoices", "invoice_id", {"status": "invoiced"}, 5),
        ("/v1/budgets/invoices", "invoice_id", {"status": "paid"}, 0),
    ):
        seen: list[str] = []
        after: dict[str, str] = {}
        while True:
            found = await page(client, path, trial_id=site["trial_id"], limit=2, **asked, **after)
            seen += [one[key] for one in found["items"]]
            if found["next"] is None:
                break
            after = {"after": found["next"]}
        assert (len(seen), len(set(seen))) == (expected, expected), (path, asked)


@pytest.mark.parametrize("role", ["site_coordinator", "monitor", "data_manager", "start_up_specialist"])
async def test_money_is_not_for_whoever_reads_the_trial(trials: Api, role: str) -> None:
    _, client = trials
    for path in ("/v1/budgets", "/v1/budgets/payables", f"/v1/budgets/trials/{uuid4()}"):
        assert (await client.get(path, headers={"Trialwire-Actor": f"{role}:x"})).status_code == 403


async def test_a_site_sees_no_other_sites_money_whatever_its_role(trials: Api) -> None:
    _, client = trials
    site = await trial_with_site(client)
    other = {"trial_id": site["trial_id"], "site_id": uuid4()}
    await done(client, "identify-site", **other, name="Another site")
    for place in (site, other):
        await done(client, "agree-budget", **place, **agreed(VISIT_2))
    access: dict[str, Any] = {"sponsors": [], "trials": [], "sites": {site["site_id"]: site["trial_id"]}}
    who = identity.issuer().headers("finance:f-1", **access)
    found = (await client.get("/v1/budgets", headers=who)).json()["items"]
    assert {one["site_id"] for one in found} == {str(site["site_id"])}


async def test_counts_are_imported_once_and_each_bad_row_says_line_field_and_rule(trials: Api) -> None:
    run, client = trials
    site = await trial_with_site(client)
    stranger = {"trial_id": uuid4(), "site_id": uuid4()}
    good = [row(site, 30, 20, 10, 8, 6, 5, 12), row(site, 30, 21, 11, 8, 6, 6, "", on="2026-03-11")]
    bad = [
        row(site, 30, -1, 10, 8, 6, 5, ""),
        row(site, 30, 20, 10, 8, 6, 5, ""),  # as the first one
        row(site, 30, 20),
        row(site, 30, 20, 10, 8, 6, 5, "", on="11 March"),
        row(stranger, 30, 20, 10, 8, 6, 5, ""),
    ]
    summary = await imported(client, *good, *bad)
    told = {one["line"]: (one["field"], one["rule"]) for one in summary["rejected"]}
    assert told == {
        4: ("forms_entered", "greater_than_equal"),
        5: ("as_of", "data_counts.twice"),
        6: (None, "csv.row"),
        7: ("as_of", "date"),
        8: ("trial_id", "trial.unknown"),
    }
    assert (summary["read"], summary["imported"], summary["unchanged"]) == (7, 2, 0)
    events = await run.pool.fetchval("SELECT count(*) FROM es.event")
    again = await imported(client, *good)
    assert (again["imported"], again["unchanged"], again["rejected"]) == (0, 2, [])
    assert await run.pool.fetchval("SELECT count(*) FROM es.event") == events
    (shown,) = (await page(client, f"/v1/trials/{site['trial_id']}/data/sites"))["items"]
    assert (shown["as_of"], shown["queries_open"], shown["forms_missing"], shown["sdv_backlog"]) == (
        "2026-03-11",
        2,
        9,
        10,
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"site_id\nx\n",
        b"x" * 3_000_000,
        b"\x00\n" * 1_000,
        b"garbage\n" * 100_000,
        HEADER.encode() + b'\n"' + b"x" * 200_000,
        HEADER.encode() + b",odd\n",
        bytes(range(256)) * 1_000,
    ],
    ids=["nothing", "one column", "no line", "NUL", "garbage", "an open quote", "an odd column", "bytes"],
)
async def test_what_is_no_table_is_told_and_nothing_is_recorded(trials: Api, content: bytes) -> None:
    run, client = trials
    answer = await client.post("/v1/imports/data-counts", content=content)
    assert answer.status_code == 200, answer.text[:300]
    summary = answer.json()
    assert summary["imported"] == 0
    assert bool(summary["rejected"]) == bool(content)
    assert await run.pool.fetchval("SELECT count(*) FROM es.event") == 0


async def test_a_trial_shows_what_its_lock_waits_for_and_is_locked_by_signature(trials: Api) -> None:
    _, client = trials
    site = await trial_with_site(client)
    trial = {"trial_id": site["trial_id"]}
    path = f"/v1/trials/{site['trial_id']}/data"
    fresh = await page(client, path)
    assert (fresh["status"], fresh["sites_counted"], fresh["latest_lock"]) == ("open", 0, [])
    crf = {"form": "DM", "version": "1.0", "protocol_version": "1.0", "effective_from": "2026-01-01"}
    await done(client, "release-crf", **trial, **crf)
    assert (await page(client, f"/v1/trials/{site['trial_id']}/crf"))["forms"][0]["form"] == "DM"
    await imported(client, row(site, 30, 30, 25, 8, 8, 6, 12))
    await done(client, "start-cleaning", **trial)
    await done(client, "soft-lock-data", **trial)
    attested = [
        {"precondition": name, "document_ref": f"doc-{name}"}
        for name in ("coding_done", "sae_reconciled", "sap_approved", "sdv_done")
    ]
    early = await post(client, "lock-database", **trial, attested=attested)
    assert early.status_code == 409
    assert "last visit" in early.json()["detail"]
    await done(client, "record-last-visit", **trial, visited_on="2026-03-10")
    refused = await post(client, "lock-database", **trial, attested=attested)
    assert refused.status_code == 409, refused.text
    assert "queries_closed (2 missing)" in refused.json()["detail"]
    missing = {one["name"]: one["missing"] for one in (await page(client, path))["preconditions"]}
    assert (missing["queries_closed"], missing["sdv_done"], missing["coding_done"]) == (2, 5, None)
    await imported(client, row(site, 30, 30, 25, 8, 8, 8, "", on="2026-03-11"))
    await done(client, "lock-database", **trial, attested=attested)
    locked = await page(client, path)
    assert (locked["status"], locked["locks"]) == ("locked", 1)
    assert all(one["met"] for one in locked["latest_lock"])
    await done(client, "unlock-database", **trial, reason="data_error")
    assert (await page(client, path))["unlock_reason"] == "data_error"
    assert (await client.get(f"/v1/trials/{uuid4()}/data")).status_code == 404


async def test_an_enrolment_makes_its_line_due_through_the_broker(servers: Servers) -> None:
    trial, site, subject = uuid4(), uuid4(), uuid4()
    cause = Cause(Actor("tester", "developer"))
    async with process(servers, SERVICE) as running:

        async def rows() -> list[tuple[str, Any]]:
            found = await running.pool.fetch(
                "SELECT line, amount_minor FROM payable WHERE site_id = $1", site
            )
            return [tuple(one) for one in found]

        async def give(*commands: Any) -> None:
            for command in commands:
                await running.executor.execute(command, Cause(cause.actor))

        await give(
            RegisterTrial(trial_id=trial, title="A trial", sponsor="A sponsor"),
            IdentifySite(trial_id=trial, site_id=site, name="A site"),
            enrolled(trial, site, subject),
        )
        await until(lambda: _is(rows, [("", None)]))
        budget = AgreeBudget(
            trial_id=trial, site_id=site, effective_from=date(2026, 1, 1), lines=lines(ENROLMENT)
        )
        await give(budget)
        assert await rows() == [("V1", 90_000)]
        await give(enrolled(trial, site, uuid4()))
        await until(lambda: _is(rows, [("V1", 90_000), ("V1", 90_000)]))


def enrolled(trial: UUID, site: UUID, subject: UUID) -> EnrolSubject:
    return EnrolSubject(
        trial_id=trial, site_id=site, subject_id=subject, subject_code="S-1", enrolled_on=date(2026, 3, 10)
    )


async def _is(rows: Any, expected: list[tuple[str, Any]]) -> bool:
    return bool(await rows() == expected)
