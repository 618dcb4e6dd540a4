"""The queries of every service over HTTP on a real Postgres: pages, wrong questions, who may ask."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.contracts.message import Actor
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from shared.runtime.store import HOUSE
from tests.support.answering import answering
from tests.support.stack import Servers
from tests.unit.safety import given_case as g

NAMES = ("trials", "regulatory", "safety", "retrieval")
TRIAL = UUID(int=7)
ROWS = 7
DAYS = "CASE WHEN n > 5 THEN NULL ELSE date '2026-03-01' + (n / 2) END"  # pairs on one day, some without
DUE = "date '2026-03-01' + (n / 2)"
OF_TRIAL = "jsonb_build_array($1::uuid::text)"
# Each list: service, path, table, its key, and further columns of its rows ($1 is the trial, n the row).
LISTS: tuple[tuple[str, str, str, str, dict[str, str]], ...] = (
    ("trials", "/v1/trials", "trial", "trial_id", {"status": "'draft'"}),
    (
        "trials",
        "/v1/trials?identifier=X-1",
        "trial",
        "trial_id",
        {"identifiers": """'[{"value": "X-1"}]'::jsonb"""},
    ),
    ("trials", f"/v1/trials/{TRIAL}/sites", "site", "site_id", {"trial_id": "$1"}),
    (
        "trials",
        f"/v1/trials/{TRIAL}/matchings",
        "matching",
        "run_id",
        {"trial_id": "$1", "run_at": DUE},
    ),
    ("trials", f"/v1/campaigns?trial={TRIAL}", "campaign", "campaign_id", {"trial_id": "$1"}),
    (
        "trials",
        f"/v1/trials/{TRIAL}/support-requests",
        "support_request",
        "request_id",
        {"trial_id": "$1"},
    ),
    (
        "trials",
        f"/v1/trials/{TRIAL}/retention-risks",
        "retention_risk",
        "subject_id",
        {"trial_id": "$1", "site_id": "$1", "score": "n / 2"},
    ),
    ("trials", f"/v1/trials/{TRIAL}/feeds", "feed", "feed_id", {"trial_id": "$1"}),
    ("trials", f"/v1/trials/{TRIAL}/subjects", "subject", "subject_id", {"trial_id": "$1"}),
    (
        "trials",
        f"/v1/feasibility?trial_id={TRIAL}&status=sent",
        "feasibility",
        "site_id",
        {"trial_id": "$1", "status": "'sent'"},
    ),
    (
        "trials",
        f"/v1/contracts?trial_id={TRIAL}&status=comments&to_act=cro",
        "site_contract",
        "contract_id",
        {"trial_id": "$1", "status": "'comments'", "to_act": "'cro'"},
    ),
    ("trials", f"/v1/investigators?trial_id={TRIAL}", "investigator", "investigator_id", {"trial_id": "$1"}),
    (
        "trials",
        f"/v1/trials/{TRIAL}/deviations",
        "deviation",
        "deviation_id",
        {"trial_id": "$1", "occurred_on": DAYS},
    ),
    ("trials", "/v1/programmes", "programme", "programme_id", {"phase": "'I'"}),
    ("trials", f"/v1/trials/{TRIAL}/countries", "country", "country_id", {"trial_id": "$1"}),
    (
        "regulatory",
        f"/v1/registry-records?trial={TRIAL}",
        "registry_record",
        "record_id",
        {"trial_id": "$1", "next_due": DAYS},
    ),
    (
        "regulatory",
        f"/v1/reviews?trial={TRIAL}",
        "review",
        "review_id",
        {"trial_id": "$1", "changed_at": DUE},
    ),
    (
        "regulatory",
        f"/v1/approvals?trial={TRIAL}",
        "approval",
        "approval_id",
        {"trial_id": "$1", "expires_on": DAYS},
    ),
    (
        "regulatory",
        f"/v1/reports?trial={TRIAL}",
        "report",
        "report_id",
        {"trial_id": "$1", "operational_due": DAYS},
    ),
    (
        "regulatory",
        f"/v1/holds?trial={TRIAL}&open=true",
        "clinical_hold",
        "hold_id",
        {"trial_ids": OF_TRIAL, "received_on": DAYS},
    ),
    (
        "regulatory",
        f"/v1/trial-holds?trial={TRIAL}",
        "trial_hold",
        "hold_id",
        {"trial_id": "$1", "since": DAYS},
    ),
    ("regulatory", f"/v1/inds?trial={TRIAL}", "ind", "ind_id", {"trial_ids": OF_TRIAL, "receipt_on": DAYS}),
    (
        "safety",
        f"/v1/cases?trial={TRIAL}&waiting=false",
        "safety_case",
        "case_id",
        {"trial_id": "$1", "received_on": DAYS},
    ),
    (
        "retrieval",
        f"/v1/requests?trial={TRIAL}",
        "request",
        "request_id",
        {"trial_id": "$1", "needed_by": DAYS},
    ),
    *(
        (
            name,
            f"/v1/deadlines?trial={TRIAL}&status=armed&status=missed&due_by=2026-12-31",
            "deadline",
            "deadline_id",
            {"trial_id": "$1", "due_on": DUE, "status": "'armed'"},
        )
        for name in NAMES
    ),
)
WRONG = {
    "trials": (
        ("/v1/trials?limit=0", 422),
        ("/v1/trials?limit=1001", 422),
        ("/v1/trials?status=asleep", 422),
        ("/v1/trials?text=%00", 422),
        (f"/v1/trials?text={'x' * 201}", 422),
        ("/v1/trials?after=none", 400),
        ("/v1/trials/none", 422),
        ("/v1/trials/nct/NCT1", 422),
        ("/v1/trials/nct/NCT99999999", 404),
        (f"/v1/trials/{TRIAL}", 404),
        (f"/v1/trials/{TRIAL}/permissions", 404),
        (f"/v1/trials/{TRIAL}/permissions?arm=%00", 404),
        (f"/v1/trials/{TRIAL}/history", 404),
        (f"/v1/trials/{TRIAL}/sites?status=%00", 422),
        (f"/v1/trials/{TRIAL}/sites/{TRIAL}", 404),
        (f"/v1/feasibility/{TRIAL}", 404),
        ("/v1/feasibility?status=%00", 422),
        ("/v1/contracts?status=lost", 422),
        ("/v1/contracts?to_act=nobody", 422),
        ("/v1/investigators?ending_by=soon", 422),
        ("/v1/programmes?phase=V", 422),
        (f"/v1/programmes/{TRIAL}", 404),
        (f"/v1/trials/{TRIAL}/countries?status=lost", 422),
    ),
    "regulatory": (
        ("/v1/reviews?status=%00", 422),
        ("/v1/reviews?site=7", 422),
        (f"/v1/reviews/{TRIAL}", 404),
        (f"/v1/reports/{TRIAL}", 404),
        ("/v1/reports?due_by=tomorrow", 422),
        ("/v1/holds?open=perhaps", 422),
    ),
    "safety": (
        (f"/v1/cases/{TRIAL}", 404),
        ("/v1/cases?received_from=2026-02-30", 422),
        ("/v1/cases?waiting=2", 422),
    ),
    "retrieval": (
        (f"/v1/requests/{TRIAL}", 404),
        ("/v1/requests?needed_by=soon", 422),
        ("/v1/funnel?trial=x", 422),
    ),
}
EVERYWHERE = (
    ("/v1/deadlines?status=late", 422),
    ("/v1/deadlines?due_by=20260301000", 422),
    ("/v1/deadlines?subject=7", 422),
    ("/v1/deadlines?after=%ff", 400),
    ("/v1/events?after=x", 422),
    ("/v1/events?stream_id=x", 422),
    ("/v1/nothing", 404),
)


@pytest.fixture
async def apis(servers: Servers, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Executor, Any]]:
    """The service that the test names."""
    async with answering(servers, request.param) as found:
        yield found


def cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def assert_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, (str(answer.url), answer.text[:300])
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["type"].startswith("urn:trialwire:problem:")


async def fill(run: Executor, table: str, key: str, columns: dict[str, str]) -> None:
    """Rows of a table, as a fold might have left them."""
    names, values = ", ".join((key, *columns)), ", ".join(("gen_random_uuid()", *columns.values()))
    given = (TRIAL,) if "$1" in values else ()
    await run.pool.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM generate_series(1, {ROWS}) n",  # noqa: S608
        *given,
    )


async def walk(client: httpx.AsyncClient, path: str, limit: int) -> list[dict[str, Any]]:
    """All rows of a list, page after page."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    for _ in range(ROWS + 1):
        asked = {"limit": limit} | ({"after": after} if after else {})
        answer = await client.get(httpx.URL(path).copy_merge_params(asked))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert set(page) == {"items", "next"}
        assert len(page["items"]) <= limit
        found += page["items"]
        after = page["next"]
        if after is None:
            return found
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("apis", NAMES, indirect=True)
async def test_a_list_comes_whole_and_in_one_order_whatever_the_size_of_a_page(
    apis: tuple[Executor, httpx.AsyncClient],
) -> None:
    run, client = apis
    for _, path, table, key, columns in (of for of in LISTS if of[0] == client.base_url.host):
        await fill(run, table, key, columns)
        whole = await walk(client, path, 1_000)
        assert len({row[key] for row in whole}) == ROWS, path
        for limit in (1, 2, ROWS - 1, ROWS, ROWS + 1):
            assert await walk(client, path, limit) == whole, (path, limit)


@pytest.mark.parametrize("apis", ["regulatory"], indirect=True)
async def test_what_is_added_between_two_pages_repeats_and_hides_nothing(
    apis: tuple[Executor, httpx.AsyncClient],
) -> None:
    run, client = apis
    columns = {"due_on": DUE, "status": "'armed'"}
    await fill(run, "deadline", "deadline_id", columns)
    first = (await client.get("/v1/deadlines?limit=3")).json()
    await fill(run, "deadline", "deadline_id", columns | {"due_on": "date '2026-01-01'"})
    rest = (await client.get("/v1/deadlines", params={"after": first["next"]})).json()
    assert rest["next"] is None
    assert len({row["deadline_id"] for row in first["items"] + rest["items"]}) == ROWS


@pytest.mark.parametrize("apis", NAMES, indirect=True)
async def test_a_cursor_that_no_page_gave_is_a_problem(apis: tuple[Executor, httpx.AsyncClient]) -> None:
    _, client = apis
    wrong = ("", "x", "===", "é", cursor(), cursor(1, 2), cursor("2026-03-01"), cursor("x", str(TRIAL)))
    further = (cursor("2026-03-01", "7"), cursor(["2026-03-01"], str(TRIAL)), base64.b64encode(b"\xff" * 16))
    for after in (*wrong, *further, base64.b64encode(b'{"due_on": 1}')):
        assert_problem(await client.get("/v1/deadlines", params={"after": after}), 400)
    for day in ("0001-01-01", "9999-12-31"):
        found = await client.get("/v1/deadlines", params={"after": cursor(day, str(TRIAL))})
        assert found.json() == {"items": [], "next": None}


@pytest.mark.parametrize("apis", NAMES, indirect=True)
async def test_a_wrong_question_is_a_problem_and_says_where(
    apis: tuple[Executor, httpx.AsyncClient],
) -> None:
    _, client = apis
    for path, status in (*WRONG[client.base_url.host], *EVERYWHERE):
        answer = await client.get(path)
        assert_problem(answer, status)
        if status == 422:
            assert answer.json()["errors"][0]["pointer"].startswith(("/query/", "/path/")), path


@pytest.mark.parametrize("name", NAMES)
async def test_without_an_identity_nobody_is_answered(servers: Servers, name: str) -> None:
    async with answering(servers, name, believed=False) as (run, client):
        document = (await client.get("/openapi.json")).json()
        routes = [(method, path) for path, item in document["paths"].items() for method in item]
        assert len(routes) > 8
        for method, path in routes:
            filled = path.replace("{nct}", "NCT00000001").replace("{group}", "g").replace("{table}", "t")
            for part in ("trial_id", "review_id", "report_id", "case_id", "request_id", "stream_id"):
                filled = filled.replace(f"{{{part}}}", str(TRIAL))
            headers = {"Trialwire-Actor": "developer:local", "Idempotency-Key": "k"}
            assert_problem(await client.request(method, filled, headers=headers, content=b"{}"), 401)
        assert await run.pool.fetchval("SELECT count(*) FROM es.event") == 0


@pytest.mark.parametrize("apis", NAMES, indirect=True)
async def test_the_document_names_what_a_query_answers_and_its_problems(
    apis: tuple[Executor, httpx.AsyncClient],
) -> None:
    _, client = apis
    deadlines = (await client.get("/openapi.json")).json()["paths"]["/v1/deadlines"]["get"]
    assert set(deadlines["responses"]) == {"200", "400", "401", "403", "404", "422", "429", "503"}
    assert "application/problem+json" in deadlines["responses"]["400"]["content"]
    assert "Page" in json.dumps(deadlines["responses"]["200"])
    assert (await client.get("/docs")).status_code == 200


@pytest.mark.parametrize("apis", ["safety"], indirect=True)
async def test_a_case_shows_its_clocks_its_deadlines_and_where_its_history_is(
    apis: tuple[Executor, httpx.AsyncClient],
) -> None:
    run, client = apis
    await run.execute(g.SERIOUS, Cause(Actor("tester", "coordinator"), sponsor_id=HOUSE))
    listed = (await client.get(f"/v1/cases?subject={g.SUBJECT}&serious=true")).json()["items"]
    assert [(row["case_id"], row["received_on"]) for row in listed] == [(str(g.CASE), "2026-03-02")]
    assert listed[0]["next_due"] == "2026-03-17"
    case = (await client.get(f"/v1/cases/{g.CASE}")).json()
    assert (case["status"], case["clocks"][0]["due_on"]) == ("received", "2026-03-17")
    history = (await client.get(case["history"])).json()["events"]
    assert [event["type"] for event in history][:1] == ["safety.ae.received.v1"]
    assert {event["actor"] for event in history} == {"coordinator:tester"}
    assert (await client.get(f"/v1/cases?subject={uuid4()}")).json()["items"] == []


@pytest.mark.parametrize("apis", ["trials"], indirect=True)
async def test_the_events_of_a_trial_say_who_did_what_and_why(
    apis: tuple[Executor, httpx.AsyncClient],
) -> None:
    _, client = apis
    body = {
        "trial_id": str(TRIAL),
        "title": "A trial",
        "sponsor": "A sponsor",
        "study_type": "INTERVENTIONAL",
    }
    headers = {"Idempotency-Key": "one", "Trialwire-Actor": "project_manager:local"}
    made = await client.post("/v1/commands/register-trial", json=body, headers=headers)
    assert made.status_code == 201, made.text
    shown = (await client.get(f"/v1/trials/{TRIAL}")).json()
    assert (shown["lifecycle"], shown["sites"], shown["enrolled"], shown["deviations"]) == (
        {"status": "draft", "reason": None, "holds": []},
        {},
        0,
        0,
    )
    history = (await client.get(shown["history"])).json()
    assert (history["next"], len(history["events"])) == (None, 1)
    event = history["events"][0]
    assert (event["type"], event["actor"], event["version"]) == (
        "trials.trial.registered.v1",
        "project_manager:local",
        1,
    )
    assert {"time", "correlation", "recorded_at", "data", "stream_type"} <= set(event)


@pytest.mark.parametrize("apis", ["trials"], indirect=True)
async def test_a_correction_bears_its_reason_and_the_day_from_which_it_holds(
    apis: tuple[Executor, httpx.AsyncClient],
) -> None:
    _, client = apis
    enrolled: dict[str, Any] = {"subject_id": str(uuid4()), "site_id": str(uuid4()), "trial_id": str(TRIAL)}
    plan = {"trial_id": str(TRIAL), "title": "A trial", "sponsor": "A sponsor"}
    told = enrolled | {"subject_code": "S-001", "enrolled_on": "2026-03-02"}
    right = told | {"enrolled_on": "2026-03-01", "corrects": str(uuid4()), "reason": "date misread"}
    for name, body in (("register-trial", plan), ("enrol-subject", told), ("correct-enrolment", right)):
        answer = await client.post(f"/v1/commands/{name}", json=body, headers={"Idempotency-Key": name})
        assert answer.status_code == 201, answer.text
    history = (await client.get(f"/v1/events?stream_id={enrolled['subject_id']}")).json()["events"]
    by_type = {event["type"]: event for event in history}
    corrected = by_type["trials.subject.enrolment_corrected.v1"]
    assert (corrected["effective_on"], corrected["data"]["reason"]) == ("2026-03-01", "date misread")
    assert "effective_on" not in by_type["trials.subject.enrolled.v1"]
    shown = (await client.get(f"/v1/trials/{TRIAL}/subjects")).json()["items"]
    assert [row["enrolled_on"] for row in shown] == ["2026-03-01"]


@pytest.mark.parametrize("apis", ["trials"], indirect=True)
@pytest.mark.parametrize(
    ("field", "given", "pointer"),
    [
        ("sponsor", "S" * 501, "/sponsor"),
        ("identifiers", [{"system": "nct", "value": "N" * 100_000}], "/identifiers/0"),
        ("identifiers", [{"system": "Sponsor's number", "value": "7"}], "/identifiers/0"),
        ("identifiers", [{"system": "protocol", "value": "a\x00b"}], "/identifiers/0"),
    ],
)
async def test_a_name_that_no_index_holds_is_refused_by_its_field(
    apis: tuple[Executor, httpx.AsyncClient], field: str, given: object, pointer: str
) -> None:
    plan = {"trial_id": str(TRIAL), "title": "A trial", "sponsor": "A sponsor"} | {field: given}
    answer = await apis[1].post(
        "/v1/commands/register-trial", json=plan, headers={"Idempotency-Key": str(uuid4())}
    )
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
