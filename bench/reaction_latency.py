"""Milliseconds from a signed determination to the report open in regulatory, and from an event to clocks."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from bench.benchmark import Benchmark, Figures, Goal, percentile
from bench.client import Client
from bench.serving import Serving, serving
from bench.stack import Stack

RATE, CASES, CLIENTS = 100, 600, 16
_LOOK = 0.01  # seconds between two looks: each costs Postgres a part of what is measured
_SERIOUS = ["hospitalisation"]
_REPORTS = "SELECT DISTINCT case_id FROM report WHERE case_id = ANY($1)"
_CLOCKS = "SELECT DISTINCT subject_id FROM deadline WHERE subject_id = ANY($1) AND provisional"


class Visible:
    """Watches a table of regulatory's for cases as they come, and notes when."""

    def __init__(self, database: Any, sql: str) -> None:
        self._database = database
        self._sql = sql
        self.posted: dict[UUID, float] = {}
        self.waits: list[float] = []

    async def watch(self, count: int) -> None:
        end = time.monotonic() + 60 + count / RATE
        while len(self.waits) < count:
            if time.monotonic() > end:
                raise SystemExit(f"{len(self.waits)} of {count} cases were seen")
            if self.posted:
                for row in await self._database.fetch(self._sql, list(self.posted)):
                    self.waits.append((time.perf_counter() - self.posted.pop(row[0])) * 1000)
            await asyncio.sleep(_LOOK)


async def at_rate(
    send: Callable[[Client, UUID], Awaitable[Any]], clients: list[Client], cases: list[UUID], seen: Visible
) -> list[float]:
    """Post one command for each case, 100 a second, and answer with the waits until each was visible."""
    watching = asyncio.create_task(seen.watch(len(cases)))
    sending, started = [], time.perf_counter()
    for n, case in enumerate(cases):
        await asyncio.sleep(max(0.0, started + n / RATE - time.perf_counter()))
        seen.posted[case] = time.perf_counter()
        sending.append(asyncio.create_task(_sent(send, clients[n % len(clients)], case)))
    await asyncio.gather(*sending)
    await watching
    return seen.waits


async def _sent(send: Callable[[Client, UUID], Awaitable[Any]], client: Client, case: UUID) -> None:
    await send(client, case)


async def _adverse_event(client: Client, trial: UUID, case: UUID) -> None:
    await client.post(
        "report-adverse-event",
        "site_coordinator:c-01",
        case_id=case,
        trial_id=trial,
        site_id=trial,
        subject_id=case,
        received_on=date.today() - timedelta(days=1),  # noqa: DTZ011  any date will do
        zone="America/New_York",
        seriousness=_SERIOUS,
    )


async def _determination(client: Client, case: UUID) -> None:
    await client.post(
        "assess-case",
        "safety_physician:m-01",
        signed=True,
        case_id=case,
        meaning="medical determination",
        seriousness=_SERIOUS,
        causality_investigator="related",
        causality_sponsor="related",
        expected=False,
        rsi_version="IB-3",
        evidence_category="A",
        determination="reportable",
    )


async def _trial(processes: dict[str, Serving], database: Any) -> UUID:
    client = await Client.to(processes["trials"].url)
    told = await client.post("register-trial", "project_manager:p-01", title="A trial", sponsor="A sponsor")
    client.close()
    trial = UUID(told["stream_id"])
    known = "SELECT count(*) FROM es.trial WHERE trial_id = $1"
    while not await database.fetchval(known, trial):  # noqa: ASYNC110  another process's progress
        await asyncio.sleep(0.05)
    await asyncio.sleep(2)  # regulatory hears of it too
    return trial


async def ours(stack: Stack) -> Figures:
    async with contextlib.AsyncExitStack() as running:
        dsns: dict[str, str] = {}
        processes: dict[str, Serving] = {}
        for name in ("trials", "regulatory", "safety"):
            service = import_module(f"services.{name}.handlers").SERVICE
            dsns[name] = await stack.database(service)
            running.push_async_callback(stack.drop, dsns[name])
            await stack.begin_here(service, dsns[name])
        for name, dsn in dsns.items():
            processes[name] = running.enter_context(serving(stack, dsn, f"services.{name}.app"))
        safety, regulatory = [await asyncpg.connect(dsns[name]) for name in ("safety", "regulatory")]
        running.push_async_callback(safety.close)
        running.push_async_callback(regulatory.close)
        trial = await _trial(processes, safety)
        clients = [await Client.to(processes["safety"].url) for _ in range(CLIENTS)]
        await at_rate(  # warm
            lambda client, case: _adverse_event(client, trial, case),
            clients,
            [uuid7() for _ in range(RATE)],
            Visible(regulatory, _CLOCKS),
        )
        cases = [uuid7() for _ in range(CASES)]
        events = await at_rate(
            lambda client, case: _adverse_event(client, trial, case),
            clients,
            cases,
            Visible(regulatory, _CLOCKS),
        )
        reports = await at_rate(_determination, clients, cases, Visible(regulatory, _REPORTS))
        for client in clients:
            client.close()
    return {
        "report_p50_ms": percentile(reports, 0.5),
        "report_p99_ms": percentile(reports, 0.99),
        "clocks_p50_ms": percentile(events, 0.5),
        "clocks_p99_ms": percentile(events, 0.99),
    }


BENCHMARK = Benchmark(
    "reaction_latency",
    "ms p50",
    ours,
    (Goal("report_p50_ms", "<=", 120), Goal("report_p99_ms", "<=", 400)),
    rounds=3,
)

if __name__ == "__main__":
    from bench.run import main

    main(["reaction_latency"])
