"""The resident memory of one service, at rest and after 100,000 events, beside its bare imports."""

import asyncio
import subprocess
import sys

import asyncpg

from bench.benchmark import Benchmark, Figures, Goal
from bench.consume_rate import fill, reached, watch
from bench.serving import serving
from bench.stack import Stack
from services.safety.handlers import SERVICE

EVENTS = 100_000
_BARE = """
import aiokafka, asyncpg, fastapi, faststream.kafka, opentelemetry.sdk.trace, psutil, uvicorn
print(psutil.Process().memory_info().rss / 2**20)
"""


async def ours(stack: Stack) -> Figures:
    dsn = await stack.database(SERVICE)
    await stack.begin_here(SERVICE, dsn)
    database = await asyncpg.connect(dsn)
    try:
        with serving(stack, dsn, "services.safety.app") as process:
            await asyncio.sleep(5)
            idle, before = process.resident_mb(), await reached(database)
            filling = asyncio.create_task(fill(stack, EVENTS))
            await watch(database, process, EVENTS, before)
            await filling
            return {"idle_mb": idle, "loaded_mb": process.resident_mb()}
    finally:
        await database.close()
        await stack.drop(dsn)


async def limit(stack: Stack) -> Figures:
    said = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", _BARE],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return {"bare_imports_mb": float(said.stdout)}


BENCHMARK = Benchmark(
    "service_memory",
    "MB idle",
    ours,
    (Goal("idle_mb", "<=", 140), Goal("loaded_mb", "<=", 220)),
    limit=limit,
    rounds=1,
)

if __name__ == "__main__":
    from bench.run import main

    main(["service_memory"])
