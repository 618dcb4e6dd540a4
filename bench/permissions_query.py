"""May I? over HTTP, as a randomisation system asks before it acts: in a portfolio of a million subjects."""

import json
import random
import time

import asyncpg
import httpx

from bench import portfolio
from bench.benchmark import Benchmark, Figures, Goal, percentile
from bench.serving import serving
from bench.stack import Stack
from services.trials.handlers import SERVICE
from tests.support import identity

_TIMES, _SEED = 1_000, 7
_SOME = "SELECT trial_id, site_id, subject_id FROM subject LIMIT $1"
_HELD = """
UPDATE trial_guard SET holds = $1::jsonb WHERE trial_id IN (SELECT trial_id FROM hold WHERE status = 'open')
"""
_HOLD = {
    "hold_id": "00000000-0000-4000-8002-000000000001",
    "source": "sponsor_pause",
    "effects": ["enrol", "randomise"],
    "since": "2026-03-02",
}


async def ours(stack: Stack) -> Figures:
    dsn = await stack.database(SERVICE)
    try:
        await portfolio.fill(dsn)
        connection = await asyncpg.connect(dsn)
        await connection.execute(_HELD, json.dumps([_HOLD]))
        found = await connection.fetch(_SOME, 50_000)
        await connection.close()
        asked = random.Random(_SEED).sample(found, _TIMES)  # noqa: S311  the same questions each time
        with serving(stack, dsn, "services.trials.app") as process:
            waits, forbidden = await _ask(process.url, asked)
    finally:
        await stack.drop(dsn)
    if not 0 < forbidden < _TIMES:
        raise SystemExit(f"{forbidden} of {_TIMES} were forbidden: the answers are not told apart")
    return {"p95_ms": percentile(waits, 0.95), "p50_ms": percentile(waits, 0.5), "forbidden": forbidden}


async def _ask(url: str, asked: list[asyncpg.Record]) -> tuple[list[float], int]:
    """Milliseconds of each answer, and how many of them forbade to randomise."""
    waits, forbidden = [], 0
    who = identity.issuer().headers("system:bench")
    async with httpx.AsyncClient(base_url=url, timeout=30, headers=who) as client:
        for row in asked:
            path = f"/v1/trials/{row['trial_id']}/permissions"
            of_it = {"site": str(row["site_id"]), "subject": str(row["subject_id"])}
            started = time.perf_counter()
            answer = await client.get(path, params=of_it)
            waits.append((time.perf_counter() - started) * 1_000)
            if answer.status_code != 200:
                raise SystemExit(f"{path}: {answer.text[:300]}")
            forbidden += bool(answer.json()["permissions"]["randomise"])
    return waits[20:], forbidden


BENCHMARK = Benchmark("permissions_query", "ms p95", ours, (Goal("p95_ms", "<=", 20),), rounds=1)

if __name__ == "__main__":
    from bench.run import main

    main(["permissions_query"])
