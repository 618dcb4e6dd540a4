"""Records of ClinicalTrials.gov that one upload commits a second, while all four services run.

The registry's real records where they lie beside this folder, under new numbers; else generated ones.
"""

import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from bench.benchmark import Benchmark, Figures, Goal
from bench.serving import Serving, serving
from bench.stack import ROOT, Stack
from tests.support import identity

RECORDS = 1_500
_SERVICES = ("trials", "regulatory", "safety", "retrieval")
_REAL = ROOT.parent / "shared" / "data" / "ctgov" / "v2" / "studies.ndjson"


def records(count: int, real: Path = _REAL) -> Iterator[bytes]:
    """Lines of API v2, each with a number of its own."""
    known = [json.loads(line) for line in real.read_bytes().splitlines()] if real.exists() else []
    for n in range(count):
        record = known[n % len(known)] if known else _made(n)
        named = record["protocolSection"]["identificationModule"]
        named["nctId"] = f"NCT{50_000_000 + n}"
        # Names of other registries would make two records of one trial.
        named.pop("secondaryIdInfos", None)
        named.pop("orgStudyIdInfo", None)
        yield json.dumps(record).encode() + b"\n"


def _made(n: int) -> dict[str, Any]:
    places = [
        {"facility": f"Hospital {n + k}", "city": "A city", "country": "France", "status": "RECRUITING"}
        for k in range(n % 12)
    ]
    return {
        "protocolSection": {
            "identificationModule": {"briefTitle": f"A study of treatment {n}"},
            "statusModule": {"overallStatus": "RECRUITING", "lastUpdateSubmitDate": "2026-01-01"},
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": f"Sponsor {n % 100}"}},
            "designModule": {"studyType": "INTERVENTIONAL", "phases": ["PHASE2"]},
            "conditionsModule": {"conditions": ["Asthma"]},
            "contactsLocationsModule": {"locations": places},
        }
    }


async def ours(stack: Stack) -> Figures:
    of = {name: import_module(f"services.{name}.handlers").SERVICE for name in _SERVICES}
    dsns = {name: await stack.database(service) for name, service in of.items()}
    try:
        for name, service in of.items():
            for kind in ("events", "commands"):
                stack.topic(f"{name}.{kind}")
            await stack.begin_here(service, dsns[name])
        with contextlib.ExitStack() as running:
            processes = {
                name: running.enter_context(serving(stack, dsns[name], f"services.{name}.app"))
                for name in _SERVICES
            }
            return await _import(processes["trials"], dsns["trials"])
    finally:
        for dsn in dsns.values():
            await stack.drop(dsn)


async def _import(service: Serving, dsn: str) -> Figures:
    """One upload, timed to its answer, when all is committed; sites follow by reaction meanwhile.

    `cpu_ms_per_record` is the processor time of the trials service, reactions and relay in it.
    """

    async def upload() -> AsyncIterator[bytes]:
        for line in records(RECORDS):
            yield line

    who = identity.issuer().headers("data_manager:bench") | {"Content-Type": "application/x-ndjson"}
    async with httpx.AsyncClient(base_url=service.url, timeout=httpx.Timeout(240)) as client:
        started, cpu = time.perf_counter(), service.cpu_seconds()
        answer = await client.post("/v1/imports/ctgov", content=upload(), headers=who)
        seconds, cpu = time.perf_counter() - started, service.cpu_seconds() - cpu
    told = answer.json()
    database = await asyncpg.connect(dsn)
    trials = await database.fetchval("SELECT count(*) FROM trial")
    sites = await database.fetchval("SELECT count(*) FROM site")
    await database.close()
    if (told.get("imported"), trials) != (RECORDS, RECORDS):
        raise SystemExit(f"{told}, {trials} trials")
    return {
        "records_per_s": RECORDS / seconds,
        "cpu_ms_per_record": cpu * 1_000 / RECORDS,
        "sites_by_then": float(sites),
    }


BENCHMARK = Benchmark("import_rate", "records/s", ours, (Goal("records_per_s", ">=", 150),), rounds=1)

if __name__ == "__main__":
    from bench.run import main

    main(["import_rate"])
