"""A baseline over the services' HTTP on a real Postgres, and its approval's evidence through the broker."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.trials.commands.adoption import AdoptSite, AdoptTrial
from services.trials.handlers import SERVICE
from services.trials.imports.baseline.counts import counts
from services.trials.imports.baseline.load import Tally, load
from services.trials.imports.baseline.rows import Known
from shared.contracts.message import Actor
from shared.runtime.cause import Cause
from shared.stack.client import Attempt
from tests.support.answering import answering
from tests.support.stack import Servers, process, until
from tests.unit.trials.test_trials_adoption import proof
from tests.unit.trials.test_trials_adoption import site as a_site
from tests.unit.trials.test_trials_adoption import trial as a_trial
from tests.unit.trials.trials_world import SITE

FILES = {
    "trials": (
        "trial,sponsor,title,phases,identifiers,status,status_since,authorised\n"
        "T1,A sponsor,A trial,PHASE2,nct:NCT09999001,active,2025-02-01,US:2024-12-15\n"
        "T2,A sponsor,A stopped trial,PHASE3,,withdrawn,2025-02-01,\n"
    ),
    "sites": (
        "site,trial,name,country,zone,status,selected_on,activated_on,gates\n"
        "01,T1,A place,US,America/New_York,enrolling,2025-01-10,2025-03-01,*:2025-02-20\n"
        "02,T1,A place,US,America/Chicago,startup,2025-01-10,,\n"
        "03,T1,A third place,US,America/Chicago,selected,2025-01-10,,contract:2025-01-20\n"
    ),
    "subjects": (
        "subject,trial,site,status,status_since,reason,enrolled_on,randomised_on\n"
        "S-1,T1,01,on-study-intervention,2025-04-02,,2025-04-01,2025-04-02\n"
        "S-2,T1,01,off-study,2025-06-02,completed,2025-04-03,2025-04-03\n"
        "S-3,T1,01,ineligible,2025-05-01,criterion_3,,\n"
    ),
}


class Api:
    """The services' APIs for the loader, which works in a thread of its own."""

    def __init__(self, clients: Mapping[str, httpx.AsyncClient]) -> None:
        self.clients, self.loop = clients, asyncio.get_running_loop()

    def give(self, service: str, command: str, body: Mapping[str, Any], key: str) -> Attempt:
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        content = json.dumps(body).encode()
        asked = self.clients[service].post(f"/v1/commands/{command}", content=content, headers=headers)
        answer = asyncio.run_coroutine_threadsafe(asked, self.loop).result()
        return Attempt(answer.status_code, answer.json())

    def listed(self, service: str, path: str, **asked: Any) -> Iterable[dict[str, Any]]:
        if service not in self.clients:
            return []
        found = self.clients[service].get(path, params=asked)
        rows: list[dict[str, Any]] = (
            asyncio.run_coroutine_threadsafe(found, self.loop).result().json()["items"]
        )
        return rows


@pytest.fixture
async def api(servers: Servers) -> AsyncIterator[Api]:
    async with AsyncExitStack() as stack:
        _, client = await stack.enter_async_context(answering(servers, "trials"))
        yield Api({"trials": client})


async def loaded(api: Api, folder: Path) -> tuple[Known, dict[str, Tally], dict[str, tuple[int | None, int]]]:
    for name, text in FILES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    known, tallies = await asyncio.to_thread(load, folder, "cut-over/7", api.give)
    found = await asyncio.to_thread(counts, tallies, known, api.listed, datetime(2026, 3, 10, tzinfo=UTC))
    return (
        known,
        {one.sheet.name: one for one in tallies},
        {one.what: (one.files, one.services) for one in found},
    )


async def test_files_are_loaded_with_their_dates_and_again_change_nothing(api: Api, tmp_path: Path) -> None:
    known, by, found = await loaded(api, tmp_path)
    assert [(one.line, one.column, one.rule) for one in by["trials"].rejected] == [(3, "reason", "invalid")]
    assert [(one.line, one.column) for one in by["sites"].rejected] == [(3, "status")]
    assert {name: (one.read, one.loaded) for name, one in by.items() if one.read} == {
        "trials": (2, 1),
        "sites": (3, 2),
        "subjects": (3, 3),
    }
    assert found["trials"] == (2, 1)
    assert found["active sites"] == found["subjects on-study-intervention"] == (1, 1)
    assert found["subjects ineligible"] == found["subjects off-study"] == (1, 1)
    trial_id = str(known.trials["T1"])
    trial = await page(api, f"/v1/trials/{trial_id}")
    assert (trial["status"], trial["nct"], trial["authorised"]) == (
        "active",
        "NCT09999001",
        {"US": "2024-12-15"},
    )
    times = await page(api, f"/v1/trials/{trial_id}/cycle-times")
    first = next(row for row in times["items"] if row["activated_on"])
    assert (first["selected_on"], first["activated_on"], first["first_subject_on"]) == (
        "2025-01-10",
        "2025-03-01",
        "2025-04-01",
    )
    deviations = await page(api, f"/v1/trials/{trial_id}/deviations")
    assert deviations["items"] == []
    _, again, _ = await loaded(api, tmp_path)
    assert [(one.loaded, one.unchanged) for one in again.values() if one.read] == [(0, 1), (0, 2), (0, 3)]


async def page(api: Api, path: str) -> Any:
    answer = await api.clients["trials"].get(path)
    assert answer.status_code == 200, answer.text[:500]
    return answer.json()


async def test_a_site_taken_over_reacts_through_the_broker_as_any_other(servers: Servers) -> None:
    """The authority's consent that came with the trial opens the gate of a site that names none."""
    gates = tuple(one for one in proof() if one["gate"] != "ha_ok")
    async with process(servers, SERVICE) as running:
        cause = Cause(Actor("tester", "developer"))
        commands: tuple[AdoptTrial | AdoptSite, ...] = (a_trial(), a_site("selected", evidence=gates))
        for command in commands:
            await running.executor.execute(command, cause)

        async def ready() -> bool:
            return bool(
                await running.pool.fetchval("SELECT status = 'ready' FROM site WHERE site_id = $1", SITE)
            )

        await until(ready)
