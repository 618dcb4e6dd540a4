"""Who read what: a row for each answered query, kept by the database, and shown to who answers for it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from typer.testing import CliRunner

from shared.http.seen import seen_by
from shared.rules.grants import EVERYTHING
from shared.runtime.execute import Executor
from shared.stack.cli import app
from tests.integration.test_access_matrix import BY_COMMAND, NAMES, _asked, _filled
from tests.integration.test_row_security import SOMEBODY, Tenant, fill
from tests.support import identity, probe
from tests.support.answering import answering
from tests.support.served import served
from tests.support.stack import Servers

COUNT = "SELECT count(*) FROM es.reading"
LAST = "SELECT * FROM es.reading ORDER BY at DESC LIMIT 1"


def bearer(*roles: str, subject: str = "x-01", **access: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {identity.issuer().token(subject, roles, **access)}"}


@pytest.fixture
async def trials(servers: Servers) -> AsyncIterator[tuple[Executor, httpx.AsyncClient, Tenant, Tenant]]:
    """A service that knows two sponsors' trials."""
    async with answering(servers, "trials") as (run, client):
        mine, theirs = Tenant.new(), Tenant.new()
        for tenant in (mine, theirs):
            await fill(run.pool, tenant)
        yield run, client, mine, theirs


Trials = tuple[Executor, httpx.AsyncClient, Tenant, Tenant]


@pytest.mark.parametrize("name", NAMES)
async def test_every_page_that_is_answered_leaves_one_row(servers: Servers, name: str) -> None:
    async with answering(servers, name) as (run, client):
        here = Tenant.new()
        await fill(run.pool, here)
        paths = (await client.get("/openapi.json")).json()["paths"]
        asked = [path for path, item in paths.items() if "get" in item and path not in BY_COMMAND]
        assert {"/v1/events", "/v1/deadlines", "/v1/readings", "/v1/parked", "/v1/bad-commands"} < set(asked)
        for path in asked:
            before = await run.pool.fetchval(COUNT)
            place = _filled(path, here.id, here.trial)
            answer = await client.get(place, params=_asked(paths[path]), headers=bearer("auditor"))
            assert answer.status_code in (200, 404), (path, answer.text)
            assert await run.pool.fetchval(COUNT) == before + 1, path
            row = await run.pool.fetchrow(LAST)
            assert row is not None
            assert (row["path"], row["page"]) == (path, f"{name}.{path.split('/')[2]}")
            assert (row["actor"], row["roles"], row["everything"]) == ("x-01", ["auditor"], True)
            assert row["request_id"] == answer.headers["x-request-id"]


async def test_a_row_says_who_asked_for_what_and_what_they_reach(trials: Trials) -> None:
    run, client, mine, theirs = trials
    organisation = uuid4()
    who = bearer(
        "data_manager",
        "monitor",
        subject="d-01",
        sponsors=[mine.sponsor],
        trials=[theirs.trial],
        sites={theirs.site: theirs.trial},
        organisations=[organisation],
    )
    query = f"trial={mine.trial}&subject={mine.id}&status=armed&status=missed&due_by=2026-03-02&limit=7"
    before = datetime.now(UTC)
    assert (await client.get(f"/v1/deadlines?{query}&unknown=x", headers=who)).status_code == 200
    row = await run.pool.fetchrow(LAST)
    assert row is not None
    assert before - timedelta(seconds=5) < row["at"] < datetime.now(UTC) + timedelta(seconds=5)
    assert (row["actor"], row["roles"]) == ("d-01", ["data_manager", "monitor"])
    assert row["ids"] == [mine.trial, mine.id]
    assert json.loads(row["parameters"]) == {
        "trial": str(mine.trial),
        "subject": str(mine.id),
        "status": ["armed", "missed"],
        "due_by": "2026-03-02",
        "limit": 7,
    }
    reached = ("everything", "restricted", "sponsors", "trials", "sites", "organisations")
    assert [row[name] for name in reached] == [
        False,
        False,
        [mine.sponsor],
        [theirs.trial],
        [theirs.site],
        [organisation],
    ]


async def test_of_a_text_only_its_parameter_s_name_is_kept(trials: Trials) -> None:
    run, client, mine, _ = trials
    path = f"/v1/trials/{mine.trial}/permissions?arm=Jane"
    for asked in ("/v1/trials?text=Jane&phase=Jane&status=active", path, "/v1/trials/nct/NCT00000042"):
        assert (await client.get(asked)).status_code in (200, 404), asked
    rows = await run.pool.fetch("SELECT * FROM es.reading ORDER BY at")
    told = [json.loads(row["parameters"]) for row in rows]
    assert told == [
        {"text": None, "phase": None, "status": "active"},
        {"trial_id": str(mine.trial), "arm": None},
        {"nct": None},
    ]
    assert not [row for row in rows if "Jane" in str(dict(row)) or "NCT00000042" in str(dict(row))]


async def test_what_is_denied_or_asked_wrongly_leaves_no_row(trials: Trials) -> None:
    run, client, mine, _ = trials
    for path, who, status in (
        ("/v1/trials", {"Authorization": "Bearer none"}, 401),
        ("/v1/readings", bearer("project_manager"), 403),
        ("/v1/trials?status=none", bearer("auditor"), 422),
        ("/v1/trials?after=none", bearer("auditor"), 400),
        (f"/v1/trials/{mine.trial}x", bearer("auditor"), 422),
    ):
        assert (await client.get(path, headers=who)).status_code == status, path
    assert await run.pool.fetchval(COUNT) == 0


async def test_a_query_that_fails_leaves_no_row(trials: Trials) -> None:
    run = trials[0]
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with seen_by(run.pool, EVERYTHING, SOMEBODY) as tx:
            await tx.execute("SELECT 1 / 0")
    assert await run.pool.fetchval(COUNT) == 0


@pytest.mark.parametrize(
    "sql", ["UPDATE es.reading SET actor = 'y'", "DELETE FROM es.reading", "TRUNCATE es.reading"]
)
async def test_nobody_changes_or_removes_a_row_not_even_its_owner(trials: Trials, sql: str) -> None:
    run, client, *_ = trials
    assert (await client.get("/v1/trials")).status_code == 200
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await run.pool.execute(sql)
    assert await run.pool.fetchval(COUNT) == 1


async def test_another_page_s_transaction_reads_no_rows_and_writes_none(trials: Trials) -> None:
    run, client, *_ = trials
    assert (await client.get("/v1/trials")).status_code == 200
    async with seen_by(run.pool, EVERYTHING, SOMEBODY) as tx:
        assert await tx.fetchval("SELECT count(*) FROM es.readings") == 0, "not even its own"
    for by_row in (True, False):
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            async with seen_by(run.pool, EVERYTHING, SOMEBODY, by_row=by_row) as tx:
                await tx.execute("INSERT INTO es.reading DEFAULT VALUES")


async def test_who_read_one_thing_is_found_by_an_index_among_all_that_was_read(trials: Trials) -> None:
    run, _, mine, _ = trials
    await run.pool.execute(
        "INSERT INTO es.reading SELECT now() - n * interval '1 s', gen_random_uuid(), 'a', '{}', 'p', '/p',"
        " ARRAY[gen_random_uuid()], '{}', true, false, '{}', '{}', '{}', '{}', 'r'"
        " FROM generate_series(1, 2000) n"
    )
    asking = replace(SOMEBODY, page="trials.readings")
    sql = "EXPLAIN SELECT * FROM (SELECT * FROM es.readings WHERE named @> ARRAY[$1::uuid] OFFSET 0) q"
    async with seen_by(run.pool, EVERYTHING, asking) as tx:
        plan = await tx.fetch(f"{sql} ORDER BY at DESC, reading_id DESC LIMIT 100", mine.trial)
    assert "reading_of" in str(plan), plan


async def test_readings_are_listed_the_latest_first_by_what_was_read_who_read_and_when(
    trials: Trials,
) -> None:
    _, client, mine, theirs = trials
    start = datetime.now(UTC)
    for subject, trial in (("a-01", mine), ("b-01", mine), ("a-01", theirs)):
        path = f"/v1/trials/{trial.trial}/sites"
        assert (await client.get(path, headers=bearer("auditor", subject=subject))).status_code == 200

    async def read(**asked: Any) -> list[dict[str, Any]]:
        answer = await client.get("/v1/readings", params=asked, headers=bearer("privacy_officer"))
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return [row for row in found if row["actor"] != "x-01"]

    listed = [(row["actor"], row["ids"]) for row in await read()]
    wanted = [("a-01", theirs), ("b-01", mine), ("a-01", mine)]
    assert listed == [(actor, [str(tenant.trial)]) for actor, tenant in wanted]
    assert [row["actor"] for row in await read(id=mine.trial)] == ["b-01", "a-01"]
    assert [row["ids"] for row in await read(actor="a-01")] == [[str(theirs.trial)], [str(mine.trial)]]
    assert len(await read(since=start.isoformat())) == 3
    assert await read(until=start.isoformat()) == []
    assert (await read(id=mine.trial))[0]["reached"]["everything"] is True
    # To ask is to read: the questions stand there too, and of a text no more than its name.
    asked = (await client.get("/v1/readings", headers=bearer("auditor"))).json()["items"]
    assert asked[0]["path"] == "/v1/readings"
    assert {"actor": None} in [row["parameters"] for row in asked]


async def test_a_list_of_readings_goes_on_where_its_page_ended(trials: Trials) -> None:
    _, client, mine, _ = trials
    for n in range(5):
        path = f"/v1/trials/{mine.trial}/sites"
        assert (await client.get(path, headers=bearer("auditor", subject=f"a-{n}"))).status_code == 200
    found, after = list[str](), None
    while True:
        params = {"id": str(mine.trial), "limit": "2"} | ({"after": after} if after else {})
        answer = (await client.get("/v1/readings", params=params, headers=bearer("auditor"))).json()
        found += [row["actor"] for row in answer["items"] if row["path"] != "/v1/readings"]
        if (after := answer["next"]) is None:
            break
    assert found == [f"a-{n}" for n in reversed(range(5))]


async def test_who_does_not_reach_everything_sees_who_read_of_their_own(trials: Trials) -> None:
    _, client, mine, theirs = trials
    for trial in (mine.trial, theirs.trial):
        assert (await client.get(f"/v1/trials/{trial}/sites", headers=bearer("auditor"))).status_code == 200
    assert (await client.get("/v1/trials", headers=bearer("auditor"))).status_code == 200
    reaching: tuple[dict[str, Any], ...] = (
        {"sponsors": [mine.sponsor]},
        {"sponsors": [], "trials": [mine.trial]},
    )
    for limited in reaching:
        answer = await client.get("/v1/readings", headers=bearer("auditor", **limited))
        (row,) = answer.json()["items"]
        assert (row["ids"], row["reached"]) == ([str(mine.trial)], None)
    stranger = await client.get("/v1/readings", headers=bearer("auditor", sponsors=[uuid4()]))
    assert stranger.json()["items"] == []


async def test_of_a_reading_that_names_others_too_a_limited_reader_sees_what_is_theirs(
    trials: Trials,
) -> None:
    run, client, mine, theirs = trials
    asked = f"trial={mine.trial}&subject={theirs.id}&limit=7"
    assert (await client.get(f"/v1/deadlines?{asked}", headers=bearer("auditor"))).status_code == 200
    both = {
        "id": [str(mine.id), str(theirs.id)],
        "trial": str(theirs.trial),
        "on": "2026-03-02",
        "none": None,
    }
    many = replace(SOMEBODY, ids=(mine.id, theirs.id, theirs.trial), parameters=json.dumps(both))
    async with seen_by(run.pool, EVERYTHING, many):
        pass

    async def read(query: str = "", **access: Any) -> list[tuple[list[str], dict[str, Any]]]:
        answer = await client.get(f"/v1/readings{query}", headers=bearer("auditor", **access))
        assert answer.status_code == 200, answer.text
        rows = [row for row in answer.json()["items"] if row["path"] != "/v1/readings"]
        return [(row["ids"], row["parameters"]) for row in rows]

    limited: dict[str, Any] = {"sponsors": [mine.sponsor]}
    shown = [
        ([str(mine.id)], {"id": [str(mine.id)], "trial": None, "on": "2026-03-02", "none": None}),
        ([str(mine.trial)], {"trial": str(mine.trial), "subject": None, "limit": 7}),
    ]
    assert await read(**limited) == shown
    assert await read(f"?id={mine.id}", **limited) == shown[:1]
    assert await read(f"?id={theirs.id}", **limited) == [], "nor is it found by what is not theirs"
    whole = [
        ([str(mine.id), str(theirs.id), str(theirs.trial)], both),
        (
            [str(mine.trial), str(theirs.id)],
            {"trial": str(mine.trial), "subject": str(theirs.id), "limit": 7},
        ),
    ]
    assert await read() == whole
    assert await read(f"?id={theirs.id}") == whole


async def test_what_an_unblinded_role_read_is_shown_to_unblinded_roles_alone(trials: Trials) -> None:
    run, client, mine, _ = trials
    path = f"/v1/trials/{mine.trial}/sites"
    assert (await client.get(path, headers=bearer("unblinded_statistician"))).status_code == 200
    for role, reach in (("auditor", ["*"]), ("privacy_officer", ["*"]), ("auditor", [mine.sponsor])):
        answer = await client.get("/v1/readings", headers=bearer(role, sponsors=reach))
        assert "unblinded_statistician" not in answer.text, role
        found = await client.get(f"/v1/readings?id={mine.trial}", headers=bearer(role, sponsors=reach))
        assert all(row["path"] == "/v1/readings" for row in found.json()["items"]), role
    reading = replace(SOMEBODY, page="trials.readings")
    async with seen_by(run.pool, replace(EVERYTHING, restricted=True), reading) as tx:
        assert await tx.fetchval("SELECT count(*) FROM es.readings WHERE path LIKE '/v1/trials/%'") == 1


async def test_the_command_line_lists_the_reads_of_every_service(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four addresses, behind which one service stands; each question is a reading too."""
    (tmp_path / "token").write_text(identity.issuer().token("p-01", ["privacy_officer"]))
    monkeypatch.setenv("TRIALWIRE_TOKEN_FILE", str(tmp_path / "token"))
    async with served(servers, probe.gamma("alpha")) as (client, _):
        stream = uuid4()
        assert (await client.get(f"/v1/events?stream_id={stream}")).status_code == 200
        for name in NAMES:
            monkeypatch.setenv(f"TRIALWIRE_{name.upper()}_URL", str(client.base_url))

        async def reads(*arguments: str) -> Any:
            answer = await asyncio.to_thread(CliRunner().invoke, app, ["audit", "reads", *arguments])
            assert answer.exit_code == 0, answer.output
            return answer.stdout

        found = json.loads(await reads("--id", str(stream), "--json"))["services"]
        assert set(found) == set(NAMES)
        assert all(UUID(row["ids"][0]) == stream for of in found.values() for row in of["items"])
        assert [len(found[name]["items"]) for name in NAMES] == [2, 3, 4, 5], "the questions are readings too"
        table = await reads("--service", "trials", "--actor", "local", "--since", "2026-01-01")
        assert str(stream) in table
        assert await reads("--service", "trials", "--until", "2026-01-01", "--limit", "5") == ""
