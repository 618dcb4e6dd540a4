"""The portfolio, a trial as it was, cycle times and sheets, over HTTP on a real Postgres."""

import asyncio
import csv
import io
import json
import statistics
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from services.trials.api import past, router
from services.trials.handlers import SERVICE
from services.trials.rules.gates import GATES
from shared.contracts.deadline import DeadlineArmed, DeadlineMissed
from shared.contracts.message import Actor, Event, Recorded, wire_type
from shared.contracts.trials.trial import TrialStatus
from shared.http.app import create_app
from shared.rules.packs import pack
from shared.runtime.execute import Executor
from shared.runtime.record import bucket_of, headers_of, meta_of
from shared.runtime.store import HOUSE
from tests.support import identity
from tests.support.answering import answering
from tests.support.stack import Servers, process, until

Api = tuple[Executor, httpx.AsyncClient]
DAY = date(2026, 3, 2)
TRIAL = UUID(int=70)
PAUSE = {"trial_id": TRIAL, "source": "sponsor_pause", "scope_kind": "trial", "scope_id": TRIAL}
DEVIATION = {"trial_id": TRIAL, "category": "visit", "rules": ["visit.late"], "occurred_on": DAY}
WAIVED = {"qualification_waived": "known_site"}
LISTS = ("sites", "subjects", "deviations", "holds", "cycle-times")


@pytest.fixture
async def api(servers: Servers) -> AsyncIterator[Api]:
    async with answering(servers, "trials") as found:
        yield found


async def do(client: httpx.AsyncClient, command: str, /, **body: Any) -> None:
    told = json.loads(json.dumps(body, default=str))
    headers = {"Idempotency-Key": str(uuid4())}
    answer = await client.post(f"/v1/commands/{command}", json=told, headers=headers)
    assert answer.status_code in (200, 201), answer.text


async def begin(client: httpx.AsyncClient, *sites: UUID, country: str = "US") -> None:
    """A trial whose sites are selected and whose gates are open; the commands that a start-up takes."""
    await do(client, "register-trial", trial_id=TRIAL, title="A trial", sponsor="A sponsor", target=10)
    for status in ("in_review", "approved"):
        await do(client, "change-trial-status", trial_id=TRIAL, status=status)
    for n, site in enumerate(sites):
        at = {"trial_id": TRIAL, "site_id": site}
        await do(client, "identify-site", **at, name=f"Site {n}", country=country)
        await do(client, "select-site", **at, zone="America/New_York", country=country, target=5, **WAIVED)
        for gate in GATES:
            valid = DAY + timedelta(days=n)
            await do(client, "record-gate-evidence", **at, gate=gate, evidence_id=uuid4(), valid_from=valid)


async def enrol(client: httpx.AsyncClient, site: UUID, code: str, day: date = DAY) -> UUID:
    subject = uuid4()
    ids = {"trial_id": TRIAL, "site_id": site, "subject_id": subject}
    await do(client, "enrol-subject", **ids, subject_code=code, enrolled_on=day)
    return subject


async def rows(client: httpx.AsyncClient, path: str, **asked: Any) -> list[dict[str, Any]]:
    answer = await client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


# ---- the portfolio

_SOME = """
INSERT INTO trial (trial_id, title, nct, sponsor_name, phases, status, conditions, target, start_on,
                   primary_completion_on, changed_at, identifiers) VALUES
(int_id(1), 'beta', 'NCT00000001', 'One', '["PHASE1"]', 'active', '["Asthma"]', 100, $1::date - 50,
 $1::date + 50, '2026-01-03', '[{"system": "x", "value": "X-1"}]'),
(int_id(2), 'Alpha', 'NCT00000002', 'Two', '["PHASE2"]', 'active', '["COPD"]', 100, $1::date - 50,
 $1::date + 50, '2026-01-02', '[]'),
(int_id(3), NULL, NULL, 'Two', '[]', 'completed', '[]', 10, NULL, NULL, NULL, '[]'),
(int_id(4), 'gamma', NULL, NULL, '[]', 'draft', '[]', NULL, NULL, NULL, '2026-01-01', '[]');
"""
_AROUND = """
INSERT INTO trial_count VALUES (int_id(1), 49), (int_id(2), 51), (int_id(3), 9);
INSERT INTO site (site_id, trial_id, country, status) VALUES
    (int_id(11), int_id(1), 'US', 'enrolling'), (int_id(12), int_id(2), 'ES', 'suspended'),
    (int_id(13), int_id(2), 'US', 'activated');
INSERT INTO hold (hold_id, trial_id, status) VALUES
    (int_id(21), int_id(2), 'open'), (int_id(22), int_id(1), 'lifted');
INSERT INTO deadline (deadline_id, trial_id, status) VALUES
    (int_id(31), int_id(1), 'missed'), (int_id(32), int_id(2), 'at_risk'), (int_id(33), int_id(3), 'met');
"""


async def portfolio(run: Executor) -> None:
    """Four trials that differ in whatever is asked for."""
    function = "CREATE FUNCTION int_id(n int) RETURNS uuid LANGUAGE sql AS"
    await run.pool.execute(f"{function} $$ SELECT lpad(n::text, 32, '0')::uuid $$")
    await run.pool.execute(_SOME, datetime.now(UTC).date())
    await run.pool.execute(_AROUND)


_PLANNED = """
INSERT INTO enrolment_targets (trial_id, stated) SELECT int_id($1), jsonb_build_array(
    jsonb_build_object('level', 'country', 'scope', 'US', 'target', 900, 'first_on', '2020-01-01',
        'last_on', '2020-01-02'),
    jsonb_build_object('level', 'trial', 'scope', '', 'target', $2::int, 'first_on', $3::date,
        'last_on', $4::date))
"""


@pytest.mark.parametrize(
    ("trial", "target", "begins", "ends", "behind"),
    [
        (1, 90, None, None, [3]),  # 45 are planned by today, 49 have enrolled
        (1, 100, -40, None, [3]),  # 44 of 100
        (2, 100, None, 40, [1, 2, 3]),  # 55 of 100, and 51 have enrolled
        (4, 10, -10, 10, [1, 3, 4]),  # nobody but the plan says anything of it
        (4, 10, 10, 30, [1, 3]),
        (4, 10, None, 30, [1, 3]),  # no first day: nobody can tell
        (4, 10, None, -1, [1, 3, 4]),
        (4, 10, None, None, [1, 3]),
        (3, 9, None, None, [1]),
    ],
)
async def test_days_that_are_set_for_a_trial_come_before_those_of_the_registry(
    api: Api, trial: int, target: int, begins: int | None, ends: int | None, behind: list[int]
) -> None:
    run, client = api
    await portfolio(run)
    await run.pool.execute("UPDATE trial SET status = 'approved' WHERE status = 'draft'")
    today = datetime.now(UTC).date()
    days = [None if n is None else today + timedelta(days=n) for n in (begins, ends)]
    await run.pool.execute(_PLANNED, trial, target, *days)
    for asked, found in ((True, behind), (False, [n for n in range(1, 5) if n not in behind])):
        listed = await rows(client, "/v1/trials", behind=asked)
        assert [int(row["trial_id"].replace("-", "")) for row in listed] == found


async def test_a_trial_that_was_never_to_enrol_is_not_behind(api: Api) -> None:
    run, client = api
    await portfolio(run)
    behind = set()
    for status in get_args(TrialStatus):
        await run.pool.execute("UPDATE trial SET status = $1 WHERE trial_id = int_id(1)", status)
        listed = await rows(client, "/v1/trials", behind=True, identifier="X-1")
        behind |= {status} if listed else set()
        assert len(await rows(client, "/v1/trials", behind=False, identifier="X-1")) == 1 - len(listed)
    never = {"draft", "in_review", "disapproved", "withdrawn", "registry_only"}
    assert behind == set(get_args(TrialStatus)) - never


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"status": "active"}, [1, 2]),
        ({"phase": "PHASE2"}, [2]),
        ({"text": "ALPHA"}, [2]),
        ({"text": "nct0000000"}, [1, 2]),
        ({"identifier": "X-1"}, [1]),
        ({"identifier": "X-"}, []),
        ({"sponsor": "tw"}, [2, 3]),
        ({"country": "US"}, [1, 2]),
        ({"country": "ES"}, [2]),
        ({"condition": "asth"}, [1]),
        ({"site_status": "suspended"}, [2]),
        ({"holds": True}, [2]),
        ({"holds": False}, [1, 3, 4]),
        ({"deadlines": "missed"}, [1]),
        ({"deadlines": "at_risk"}, [2]),
        ({"behind": True}, [1, 3]),
        ({"behind": False}, [2, 4]),
        ({"country": "US", "holds": True, "status": "active"}, [2]),
        ({"sort": "name"}, [3, 2, 1, 4]),
        ({"sort": "changed"}, [1, 2, 4, 3]),
        ({"sort": "enrolled"}, [2, 1, 3, 4]),
    ],
)
async def test_the_portfolio_has_what_is_asked_for_in_the_order_asked_for(
    api: Api, asked: dict[str, Any], found: list[int]
) -> None:
    run, client = api
    await portfolio(run)
    listed = await rows(client, "/v1/trials", **asked)
    assert [int(row["trial_id"].replace("-", "")) for row in listed] == found
    walked: list[dict[str, Any]] = []
    after: dict[str, Any] = {}
    for _ in range(5):
        answer = (await client.get("/v1/trials", params={**asked, **after, "limit": 1})).json()
        walked += answer["items"]
        after = {"after": answer["next"]}
        if answer["next"] is None:
            break
    assert walked == listed


async def test_a_long_title_of_any_letters_makes_no_cursor_that_is_refused(api: Api) -> None:
    run, client = api
    for letter in ("\U0001f9ea", '"', "\x01", "é"):
        await run.pool.execute(
            "INSERT INTO trial (trial_id, title) SELECT gen_random_uuid(), $1 FROM generate_series(1, 2)",
            letter * 400,
        )
    after: dict[str, Any] = {}
    for _ in range(7):
        answer = await client.get("/v1/trials", params={"sort": "name", "limit": 1, **after})
        assert answer.status_code == 200, answer.text
        after = {"after": answer.json()["next"]}


async def test_a_wrong_question_about_the_portfolio_says_where(api: Api) -> None:
    _, client = api
    for asked in ({"sort": "size"}, {"holds": "perhaps"}, {"deadlines": "late"}, {"behind": "2"}):
        answer = await client.get("/v1/trials", params=asked)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == f"/query/{next(iter(asked))}"


async def test_a_sponsor_s_portfolio_is_its_own_whatever_is_asked(api: Api) -> None:
    run, client = api
    await portfolio(run)
    sponsor = uuid4()
    await run.pool.execute("INSERT INTO es.trial VALUES (int_id(2), $1), (int_id(1), $2)", sponsor, uuid4())
    who = identity.issuer().headers("sponsor:s-01", sponsors=[sponsor])
    for asked in ({}, {"country": "US"}, {"sort": "enrolled"}, {"format": "csv"}):
        answer = await client.get("/v1/trials", params=asked, headers=who)
        assert "00000000-0000-0000-0000-000000000002" in answer.text
        assert "00000000-0000-0000-0000-000000000001" not in answer.text


# ---- one trial

_DUE = """
INSERT INTO deadline (deadline_id, trial_id, status, due_on)
SELECT gen_random_uuid(), $1, $2, $3::date + n FROM generate_series(1, $4::int) n
"""


async def test_the_page_of_a_trial_has_its_countries_enrolment_and_deadlines_with_their_numbers(
    api: Api,
) -> None:
    run, client = api
    sites = [uuid4() for _ in range(3)]
    await begin(client, *sites)
    for site, count in zip(sites, (0, 1, 2), strict=True):
        for n in range(count):
            await enrol(client, site, f"S-{site}-{n}"[:20])
    for status, count in (("missed", 3), ("armed", 12), ("met", 200)):
        await run.pool.execute(_DUE, TRIAL, status, DAY, count)
    page = (await client.get(f"/v1/trials/{TRIAL}")).json()
    assert [(c["country"], c["sites"], c["enrolled"], c["target"]) for c in page["countries"]] == [
        ("US", 3, 3, 15)
    ]
    top = page["enrolment"]
    assert [row["site_id"] for row in top["sites"]] == [str(sites[2]), str(sites[1])]
    assert (top["count"], page["enrolled"]) == (2, 3)
    assert (page["overdue"]["count"], len(page["overdue"]["items"])) == (3, 3)
    coming = page["next_deadlines"]
    assert (coming["count"], len(coming["items"])) == (12, 10)
    assert len(page["deadlines"]) == 200
    for part in ("overdue", "next_deadlines", "enrolment", "holds"):
        assert (await client.get(page[part]["all"])).status_code == 200
    assert len((await client.get(coming["all"])).json()["items"]) == 12


# ---- as it was


async def told(client: httpx.AsyncClient, **asked: Any) -> dict[str, Any]:
    """Every page of the trial that may be asked for as it was; deadlines are others' facts."""
    paths = ("", *(f"/{name}" for name in LISTS))
    answers = {path: await client.get(f"/v1/trials/{TRIAL}{path}", params=asked) for path in paths}
    assert {answer.status_code for answer in answers.values()} == {200}, answers[""].text
    return {path: answer.json() for path, answer in answers.items()}


async def test_every_page_is_as_it_was_at_each_instant(api: Api) -> None:
    run, client = api
    sites = [uuid4(), uuid4()]
    await begin(client, *sites)
    instants: list[tuple[datetime, dict[str, Any]]] = []

    async def look() -> None:
        instants.append(
            (await run.pool.fetchval("SELECT max(recorded_at) FROM es.event"), await told(client))
        )

    await look()
    hold, deviation = uuid4(), uuid4()
    first = await enrol(client, sites[0], "S-001")
    await look()
    await do(client, "apply-hold", hold_id=hold, **PAUSE)
    await look()
    ids = {"trial_id": TRIAL, "site_id": sites[0], "subject_id": first}
    await do(client, "withdraw-subject", **ids, withdrawn_on=DAY, scopes=["intervention"])
    await do(client, "report-deviation", deviation_id=deviation, **DEVIATION)
    await look()
    await enrol(client, sites[1], "S-002", DAY + timedelta(days=1))
    await look()
    for at, was in instants:
        assert await told(client, as_of=at.isoformat()) == was, at
    paged: dict[str, Any] = {"as_of": instants[-1][0].isoformat(), "limit": 1}
    one = (await client.get(f"/v1/trials/{TRIAL}/subjects", params=paged)).json()
    two = await client.get(f"/v1/trials/{TRIAL}/subjects", params={**paged, "after": one["next"]})
    both = [*one["items"], *two.json()["items"]]
    assert both == instants[-1][1]["/subjects"]["items"]


async def test_deadlines_of_others_are_not_in_a_page_of_the_past(api: Api) -> None:
    run, client = api
    await begin(client)
    await run.pool.execute("INSERT INTO deadline (deadline_id, trial_id) VALUES ($1, $2)", uuid4(), TRIAL)
    was = await client.get(f"/v1/trials/{TRIAL}", params={"as_of": datetime.now(UTC).isoformat()})
    assert (was.json()["deadlines"], was.json()["title"]) == ([], "A trial")


async def test_an_instant_that_is_none_is_refused_with_field_and_rule(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, client = api
    await begin(client)
    now = datetime.now(UTC)
    monkeypatch.setattr(past, "AT_MOST", 2)
    for instant, rule in (
        ((now + timedelta(days=1)).isoformat(), "as-of.future"),
        ("2020-01-01T00:00:00Z", "as-of.before-first-event"),
        ("2020-01-01T00:00:00", "invalid"),
        ("yesterday", "invalid"),
        (now.isoformat(), "as-of.too-many-events"),
    ):
        many = rule == "as-of.too-many-events"  # only the trial's own page is made from more than two events
        for path in ("", *(f"/{name}" for name in (() if many else LISTS))):
            answer = await client.get(f"/v1/trials/{TRIAL}{path}", params={"as_of": instant})
            assert answer.status_code == 422, (instant, path)
            problem = answer.json()
            assert problem["type"] == f"urn:trialwire:problem:{rule}", instant
            assert problem["errors"][0]["pointer"] == "/query/as_of"
    assert (await client.get(f"/v1/trials/{uuid4()}/sites?as_of=2020-01-01T00:00:00Z")).status_code == 404
    assert await run.pool.fetchval("SELECT count(*) FROM es.event") > 2


async def test_events_that_no_row_of_a_page_takes_are_not_counted(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, client = api
    site = uuid4()
    await begin(client, site)
    subject = await enrol(client, site, "S-001")
    total = "SELECT count(*) FROM es.event WHERE key = $1"
    before = await run.pool.fetchval(total, str(TRIAL))
    monkeypatch.setattr(past, "AT_MOST", before)
    feed = {"trial_id": TRIAL, "site_id": site, "subject_id": subject, "source_system": "wrist-1"}
    for n in range(before):
        day = {"day": DAY + timedelta(days=n), "measure": "steps", "received": 1}
        await do(client, "record-daily-summary", **feed, **day, raw_data_ref="r", sha256="a" * 64)
    assert await run.pool.fetchval(total, str(TRIAL)) == 2 * before
    assert await told(client, as_of=datetime.now(UTC).isoformat()) == await told(client)
    monkeypatch.setattr(past, "AT_MOST", before // 2)
    answer = await client.get(f"/v1/trials/{TRIAL}", params={"as_of": datetime.now(UTC).isoformat()})
    assert answer.status_code == 422


async def test_a_site_sees_its_own_of_the_past_and_nothing_of_another(api: Api) -> None:
    run, client = api
    mine, another = uuid4(), uuid4()
    await begin(client, mine, another)
    await enrol(client, mine, "S-001")
    await enrol(client, another, "S-002")
    await do(client, "apply-hold", hold_id=uuid4(), **PAUSE)
    who = identity.issuer().headers("site_coordinator:c-01", sponsors=[], sites={str(mine): str(TRIAL)})
    at = datetime.now(UTC).isoformat()
    for path in ("", *(f"/{name}" for name in LISTS)):
        now = await client.get(f"/v1/trials/{TRIAL}{path}", headers=who)
        was = await client.get(f"/v1/trials/{TRIAL}{path}", params={"as_of": at}, headers=who)
        assert (was.status_code, was.json()) == (now.status_code, now.json()), path
        assert str(another) not in was.text, path
    assert [row["subject_code"] for row in (await _of(client, "subjects", who, at))] == ["S-001"]
    assert [row["site_id"] for row in (await _of(client, "sites", who, at))] == [str(mine)]
    for stranger in ({"sponsors": [uuid4()]}, {"sponsors": [], "sites": {str(uuid4()): str(uuid4())}}):
        headers = identity.issuer().headers("auditor:x", **stranger)
        answer = await client.get(f"/v1/trials/{TRIAL}/subjects", params={"as_of": at}, headers=headers)
        assert answer.status_code == 404
    assert await run.pool.fetchval("SELECT count(*) FROM subject") == 2


async def _of(client: httpx.AsyncClient, what: str, who: dict[str, str], at: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/trials/{TRIAL}/{what}", params={"as_of": at}, headers=who)
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


# ---- cycle times


async def test_cycle_times_are_days_between_local_dates_with_their_quartiles(api: Api) -> None:
    run, client = api
    sites = [uuid4() for _ in range(5)]
    await begin(client, *sites)
    for n, site in enumerate(sites):
        await do(client, "activate-site", trial_id=TRIAL, site_id=site, meaning="approval")
        await enrol(client, site, f"S-{n}", DAY + timedelta(days=300 + n * n))
    late = await enrol(client, sites[0], "S-late", DAY + timedelta(days=400))
    ids = {"trial_id": TRIAL, "site_id": sites[0], "subject_id": late, "subject_code": "S-late"}
    right = DAY + timedelta(days=290)
    await do(client, "correct-enrolment", **ids, enrolled_on=right, corrects=uuid4(), reason="date misread")
    found = {UUID(row["site_id"]): row for row in await rows(client, f"/v1/trials/{TRIAL}/cycle-times")}
    row = found[sites[0]]
    assert (row["approved_on"], row["contract_on"], row["first_subject_on"]) == (
        "2026-03-02",
        "2026-03-02",
        right.isoformat(),
    )
    activated = date.fromisoformat(row["activated_on"])
    assert row["approval_to_activation"] == (activated - DAY).days
    assert row["activation_to_first_subject"] == (right - activated).days
    assert row["selection_to_activation"] == 0
    quartiles = await rows(client, f"/v1/trials/{TRIAL}/cycle-times/quartiles")
    whole = [q for q in quartiles if q["whole_trial"]]
    assert [q["measure"] for q in whole] == sorted(q["measure"] for q in whole)
    assert {q["country"] for q in quartiles if not q["whole_trial"]} == {"US"}
    for told_ in quartiles:
        days = [found[site][told_["measure"]] for site in sites]
        # The standard library's inclusive quantiles are Hyndman and Fan's type 7, too.
        assert [told_[name] for name in ("first_quartile", "median", "third_quartile")] == pytest.approx(
            statistics.quantiles(days, n=4, method="inclusive")
        )
    assert run.service is SERVICE


# ---- sheets


async def sheet(client: httpx.AsyncClient, path: str, **headers: str) -> list[dict[str, str]]:
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


async def test_a_sheet_has_the_rows_of_the_pages_and_runs_nowhere(api: Api) -> None:
    run, client = api
    titles = ["=1+1", "+1", "-2", "@x", "\tx", "\rx", 'say "x", twice', "two\r\nlines", "plain", "Ünïcode"]
    add = "INSERT INTO trial (trial_id, title, target, phases) VALUES ($1, $2, -5, '[\"PHASE1\"]')"
    await run.pool.executemany(add, [(UUID(int=n), title) for n, title in enumerate(titles, 1)])
    found = await sheet(client, "/v1/trials?format=csv&limit=2")
    assert [row["title"] for row in found] == [*(f"'{title}" for title in titles[:6]), *titles[6:]]
    assert {(row["target"], row["phases"], row["nct"]) for row in found} == {("-5", '["PHASE1"]', "")}
    assert list(found[0]) == list((await rows(client, "/v1/trials"))[0])
    assert await sheet(client, "/v1/trials", accept="text/csv") == found
    both = await client.get("/v1/trials", headers={"accept": "application/json, text/csv"})
    assert both.headers["content-type"] == "application/json"
    none = await sheet(client, "/v1/trials?format=csv&status=draft")
    assert none == []


async def test_every_list_that_is_given_as_a_sheet_leaves_who_read_it(api: Api) -> None:
    run, client = api
    site = uuid4()
    await begin(client, site)
    subjects = {str(await enrol(client, site, f"S-{n}")) for n in range(3)}
    await do(client, "report-deviation", deviation_id=uuid4(), **DEVIATION)
    for name in ("sites", "subjects", "deviations", "cycle-times"):
        path = f"/v1/trials/{TRIAL}/{name}"
        found = await sheet(client, f"{path}?format=csv")
        assert len(found) == len(await rows(client, path)) > 0, name
        assert (
            await run.pool.fetchval(
                'SELECT count(*) FROM es.reading WHERE path = $1 AND parameters @> \'{"format": "csv"}\'',
                f"/v1/trials/{{trial_id}}/{name}",
            )
            == 1
        )
    listed = await sheet(client, f"/v1/trials/{TRIAL}/subjects?format=csv")
    assert {row["subject_id"] for row in listed} == subjects
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    assert await sheet(client, f"/v1/trials/{TRIAL}/subjects?format=csv&as_of={at}") == listed


async def test_many_rows_come_whole_to_many_at_once(api: Api) -> None:
    run, client = api
    await run.pool.execute(
        "INSERT INTO subject (subject_id, trial_id, subject_code)"
        " SELECT gen_random_uuid(), $1, 'S-' || n FROM generate_series(1, 30000) n",
        TRIAL,
    )
    path = f"/v1/trials/{TRIAL}/subjects?format=csv"
    for found in await asyncio.gather(*[sheet(client, path) for _ in range(3)]):
        assert len({row["subject_id"] for row in found}) == 30_000


# ---- through the broker

CLOCK = pack("us_ind").find("us_ind_15_day", "provisional").clock(DAY, "UTC")


async def send(servers: Servers, *events: Event) -> None:
    """What regulatory told of one deadline of the trial, as its relay writes it."""
    producer = AIOKafkaProducer(bootstrap_servers=servers.kafka, enable_idempotence=True)
    await producer.start()
    stream = uuid4()
    for version, event in enumerate(events, 1):
        known = event.model_copy(update={"deadline_id": stream})
        message = Recorded(
            id=uuid4(),
            type=wire_type(type(event), "regulatory"),
            source="regulatory",
            stream_id=stream,
            version=version,
            sponsor_id=HOUSE,
            trial_id=TRIAL,
            time=datetime.now(UTC),
            data=known,
            actor=Actor("regulatory", "service"),
            correlation_id=uuid4(),
        )
        row = {name: getattr(message, name) for name in ("type", "stream_id", "version", "sponsor_id")}
        meta = meta_of(message)
        await producer.send_and_wait(
            "regulatory.events",
            known.model_dump_json(exclude_none=True).encode(),
            str(TRIAL).encode(),
            partition=bucket_of(str(TRIAL)),
            headers=headers_of("regulatory", row | {"event_id": message.id}, json.loads(meta)),
        )
    await producer.stop()


async def test_a_deadline_that_regulatory_missed_is_found_in_the_portfolio(servers: Servers) -> None:
    async with process(servers, SERVICE) as running:
        app = create_app(SERVICE, router, running.settings)
        app.state.executor, app.state.pool = running.executor, running.pool
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://trials", auth=identity.Asking()
        ) as client:
            await do(client, "register-trial", trial_id=TRIAL, title="A trial", sponsor="A sponsor")
            what: dict[str, Any] = {"subject_kind": "case", "subject_id": uuid4(), "owner": "sponsor"}
            due: dict[str, Any] = {"code": CLOCK.code, "due_on": CLOCK.due_on, "citation": CLOCK.citation}
            armed = DeadlineArmed(deadline_id=uuid4(), clock=CLOCK, provisional=True, **what)
            await send(servers, armed, DeadlineMissed(deadline_id=uuid4(), **what, **due))

            async def found() -> bool:
                return bool(await rows(client, "/v1/trials", deadlines="missed"))

            await until(found, 60)
            (row,) = await rows(client, "/v1/trials", deadlines="missed")
            assert (row["trial_id"], row["missed_deadlines"]) == (str(TRIAL), 1)
            page = (await client.get(f"/v1/trials/{TRIAL}")).json()
            assert page["overdue"]["items"][0]["citation"] == CLOCK.citation
