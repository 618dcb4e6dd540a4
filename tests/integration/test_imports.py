"""The imports of SDTM tables and of a USDM study over HTTP on a real Postgres."""

import json
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
from tests.unit.trials.test_trials_usdm import DATA as USDM
from tests.unit.trials.test_trials_usdm import document
from tests.unit.trials.test_trials_usdm import needs_data as needs_usdm

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


async def study(client: httpx.AsyncClient, document: Any, **asked: str) -> dict[str, Any]:
    """The summary of an import of a study."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    kind = {"Content-Type": "application/json"}
    answer = await client.post("/v1/imports/usdm", params=asked, content=content, headers=kind)
    assert answer.status_code == 200, answer.text[:500]
    summary: dict[str, Any] = answer.json()
    return summary


async def test_a_study_becomes_a_trial_with_its_protocol_and_design_once(trials: Api) -> None:
    run, client = trials
    first = await study(client, document())
    assert (first["imported"], first["unchanged"], first["rejected"]) == (4, 0, [])
    assert first["criteria"] == {"inclusion": 1, "exclusion": 1}
    before = await events(run)
    again = await study(client, document())
    assert (again["imported"], again["unchanged"], await events(run)) == (0, 4, before)
    found = (await client.get("/v1/trials/nct/NCT00000001")).json()
    assert (found["trial_id"], found["title"], found["status"]) == (first["trial_id"], "Long", "draft")
    known = await study(client, document(), trial_id=first["trial_id"])
    assert (known["unchanged"], known["rejected"]) == (3, [])


async def test_what_is_wrong_with_a_study_is_told_by_its_part_and_rule(trials: Api) -> None:
    _, client = trials
    assert [one["rule"] for one in (await study(client, b"{"))["rejected"]] == ["json"]
    assert [one["rule"] for one in (await study(client, []))["rejected"]] == ["usdm.missing"]
    unknown = await study(client, document(), trial_id=str(uuid4()))
    assert [(one["part"], one["rule"]) for one in unknown["rejected"]] == [("version 2.0", "trial.unknown")]
    nameless, other, unsaid, bare = document(), document(), document(), document()
    nameless["study"]["versions"][0]["studyIdentifiers"] = []
    assert (await study(client, nameless))["rejected"][0]["field"] == "studyIdentifiers"
    bare["study"]["versions"][0] |= {"titles": [], "studyDesigns": []}
    assert [(one["part"], one["field"]) for one in (await study(client, bare))["rejected"]] == [
        ("trial", "title")
    ]
    unsaid["study"]["versions"][0]["studyDesigns"][0]["characteristics"] = []
    told = await study(client, unsaid)
    assert [(one["part"], one["rule"]) for one in told["rejected"]] == [("design 2.0", "usdm.unsaid")]
    assert (await study(client, unsaid, assignment="randomised"))["imported"] == 1
    other["study"]["versions"][0]["titles"] = [
        {"text": "Another", "type": {"decode": "Official Study Title"}}
    ]
    assert (await study(client, other))["rejected"][0]["rule"] == "trial.already_registered"


@needs_usdm
async def test_the_published_study_reads_true_beside_its_source(trials: Api) -> None:
    _, client = trials
    summary = await study(client, USDM.read_bytes(), assignment="randomised", route="us_ind")
    assert (summary["imported"], summary["rejected"]) == (4, [])
    assert (summary["criteria"], summary["not_taken"]["studyDesigns.activities"]) == (
        {"inclusion": 8, "exclusion": 23},
        36,
    )
    at = f"/v1/trials/{summary['trial_id']}"
    (version,) = (await client.get(f"{at}/protocol")).json()["items"]
    assert (version["version"], version["dated_on"], version["status"]) == ("2", "2006-07-01", "drafted")
    (told,) = (await client.get(f"{at}/design")).json()["items"]
    source = json.loads(USDM.read_bytes())["study"]["versions"][0]["studyDesigns"][0]
    for name in ("arms", "epochs", "encounters"):
        assert [one["title"] for one in told[name]] == [one["label"] for one in source[name]]
    assert (await study(client, USDM.read_bytes(), assignment="randomised", route="us_ind"))["unchanged"] == 4
