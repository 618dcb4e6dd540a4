"""The imports of SDTM tables and of a USDM study over HTTP on a real Postgres."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.runtime.execute import Executor
from tests.integration.test_money_and_data import done
from tests.support.answering import answering
from tests.support.stack import Servers
from tests.unit.trials.test_trials_sdtm import DATA as SDTM
from tests.unit.trials.test_trials_sdtm import needs_data as needs_sdtm
from tests.unit.trials.test_trials_sdtm import stream, table

Api = tuple[Executor, httpx.AsyncClient]


@pytest.fixture
async def trials(servers: Servers) -> AsyncIterator[Api]:
    async with answering(servers, "trials") as found:
        yield found


async def trial(client: httpx.AsyncClient) -> UUID:
    id_ = uuid4()
    await done(client, "register-trial", trial_id=id_, title="A", sponsor="A sponsor")
    return id_


async def told(client: httpx.AsyncClient, trial_id: UUID, content: bytes) -> dict[str, Any]:
    """The summary of an import of tables."""
    answer = await client.post(
        "/v1/imports/sdtm",
        params={"trial_id": str(trial_id), "zone": "America/New_York"},
        content=content,
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 200, answer.text[:500]
    summary: dict[str, Any] = answer.json()
    return summary


async def events(run: Executor) -> int:
    count: int = await run.pool.fetchval("SELECT count(*) FROM es.event")
    return count


async def test_a_subject_is_imported_once_and_grows_with_its_tables(trials: Api) -> None:
    run, client = trials
    id_ = await trial(client)
    first = await told(client, id_, stream(table()))
    assert (first["read"], first["sites"], first["imported"], first["unchanged"]) == (5, 1, 1, 0)
    assert first["rejected"] == []
    before = await events(run)
    again = await told(client, id_, stream(table()))
    assert (again["sites"], again["imported"], again["unchanged"], await events(run)) == (0, 0, 1, before)
    more = table(SV=[*table()["SV"], {"USUBJID": "S-1", "VISIT": "WEEK 4", "SVSTDTC": "2014-02-05"}])
    assert (await told(client, id_, stream(more)))["imported"] == 1
    (row,) = (await client.get(f"/v1/trials/{id_}/subjects")).json()["items"]
    assert (row["subject_code"], row["source"], row["last_visit"]) == ("1", "sdtm", "WEEK 4")
    assert row["identifiers"] == [{"system": "sdtm_usubjid", "value": "S-1"}]


async def test_of_a_trial_that_nobody_knows_nothing_is_imported(trials: Api) -> None:
    run, client = trials
    summary = await told(client, uuid4(), stream(table()))
    assert (summary["sites"], summary["imported"]) == (0, 0)
    assert [one["rule"] for one in summary["rejected"]] == ["trial.unknown"]
    assert await events(run) == 0


@needs_sdtm
async def test_the_real_trial_is_as_its_tables_say_and_again_changes_nothing(trials: Api) -> None:
    run, client = trials
    id_ = await trial(client)
    content = b"".join((SDTM / f"{name}.csv").read_bytes() for name in ("dm", "ds", "ex", "sv"))
    summary = await told(client, id_, content)
    assert (summary["read"], summary["sites"], summary["imported"]) == (3562, 17, 200)
    assert summary["rejected"] == []
    types = Counter(
        {
            row["type"]: row["n"]
            for row in await run.pool.fetch("SELECT type, count(*) n FROM es.event GROUP BY 1")
        }
    )
    assert types["trials.subject.enrolled.v1"] == types["trials.subject.randomised.v1"] == 170
    assert types["trials.subject.visit_done.v1"] == 2401
    assert types["trials.subject.dosed.v1"] == 400
    assert types["trials.subject.died.v1"] == 2
    assert types["trials.subject.eligibility_decided.v1"] == 200
    sql = "SELECT status, status_reason, count(*) n FROM subject GROUP BY 1, 2"
    ended = {(row["status"], row["status_reason"]): row["n"] for row in await run.pool.fetch(sql)}
    assert ended["ineligible", "screen_failure"] == 30
    assert (ended["off-study", "completed"], ended["off-study", "death"]) == (78, 2)
    assert (ended["off-study", "adverse_event"], ended["off-study", "withdrawal_by_subject"]) == (53, 20)
    assert sum(ended.values()) == 200
    # One visit stands a day after the death of its subject: what the tables themselves show is told.
    found = await run.pool.fetch("SELECT category, rules FROM deviation")
    assert [(row["category"], row["rules"]) for row in found] == [("visit", '["subject.died"]')]
    before = await events(run)
    assert (await told(client, id_, content))["unchanged"] == 200
    assert await events(run) == before
