"""A projection folded anew from a million events, swap included, beside a plain read of them."""

import os
import time

import asyncpg

from bench import sample
from bench.benchmark import Benchmark, Figures, Goal
from bench.stack import Stack
from shared.runtime.database import open_pool
from shared.runtime.execute import Executor
from shared.runtime.rebuild import Rebuild

EVENTS = int(os.environ.get("TRIALWIRE_BENCH_REBUILD", "1_000_000"))
_CHUNK = 5_000


async def ours(stack: Stack) -> Figures:
    service = sample.service()
    dsn = await stack.database(service)
    connection = await asyncpg.connect(dsn)
    try:
        events = sample.Burst(service.topic, readable=True)
        await events.prepare(connection)
        await events.insert(connection, EVENTS)
        await connection.execute("TRUNCATE es.outbox")
        await connection.execute("VACUUM ANALYZE es.event")
        read = await _read(connection)
        pool = await open_pool(dsn, "bench", 2)
        started = time.perf_counter()
        folded = await Rebuild(Executor(service, pool), stack.cluster, "trial_total").run()
        seconds = time.perf_counter() - started
        total = await pool.fetchval("SELECT sum(total) FROM trial_total")
        await pool.close()
        if (folded, total) != (EVENTS, EVENTS):
            raise SystemExit(f"{folded} events folded, a total of {total}")
        return {"events_per_s": EVENTS / seconds, "raw_read_per_s": read}
    finally:
        await connection.close()
        await stack.drop(dsn)


async def _read(connection: "asyncpg.Connection[asyncpg.Record]") -> float:
    started, line = time.perf_counter(), 0
    while rows := await connection.fetch(
        "SELECT * FROM es.event WHERE pos > $1 ORDER BY pos LIMIT $2", line, _CHUNK
    ):
        line = rows[-1]["pos"]
    return EVENTS / (time.perf_counter() - started)


BENCHMARK = Benchmark(
    "rebuild_rate",
    "events/s",
    ours,
    (Goal("events_per_s", ">=", 10_000),),
    beside="raw_read_per_s",
    rounds=1,
)

if __name__ == "__main__":
    from bench.run import main

    main(["rebuild_rate"])
