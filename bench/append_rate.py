"""Commands a second, each decided, appended and projected in a transaction: in process and over HTTP."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from uuid_utils.compat import uuid7

from bench import raw, sample
from bench.benchmark import Benchmark, Figures, Goal, percentile
from bench.client import Client
from bench.serving import serving
from bench.stack import Stack
from shared.contracts.message import Actor
from shared.runtime import telemetry
from shared.runtime.cause import Cause
from shared.runtime.database import open_pool
from shared.runtime.execute import Executor
from shared.runtime.store import HOUSE
from tests.support import probe

CLIENTS, COMMANDS = 16, 6_000
_ACTOR = Actor("bench", "developer")
Key = tuple[UUID, UUID]


async def clients(send: Callable[[int, Key], Awaitable[None]], keys: list[Key], count: int) -> Figures:
    """16 clients, each sending its next command when the last is answered; the keys in turn."""
    waits: list[float] = []
    numbers = iter(range(count))

    async def client(name: int) -> None:
        for n in numbers:
            started = time.perf_counter()
            await send(name, keys[n % len(keys)])
            waits.append((time.perf_counter() - started) * 1000)

    started = time.perf_counter()
    await asyncio.gather(*[client(name) for name in range(CLIENTS)])
    rate = count / (time.perf_counter() - started)
    return {"rate": rate, "p50_ms": percentile(waits, 0.5), "p99_ms": percentile(waits, 0.99)}


async def in_process(stack: Stack, keys: list[Key], dsn: str) -> Figures:
    """`execute`, with a span around each command as the API has it."""
    pool = await open_pool(dsn, "bench", 16)
    executor = Executor(sample.service(), pool)

    async def send(_: int, key: Key) -> None:
        with telemetry.span("execute bench.count_up"):
            command = probe.CountUp(tally_id=key[0], trial_id=key[1], n=1, note="b" * 280)
            await executor.execute(command, Cause(_ACTOR, sponsor_id=HOUSE))

    try:
        await clients(send, keys, len(keys))  # the streams begin; connections and statements are made
        return await clients(send, keys, COMMANDS)
    finally:
        await pool.close()


async def over_http(stack: Stack, keys: list[Key], dsn: str) -> Figures:
    """The same commands by POST over kept-alive connections to a service process, relay and all."""
    with serving(stack, dsn) as process:
        connections = [await Client.to(process.url) for _ in range(CLIENTS)]

        async def send(name: int, key: Key) -> None:
            await connections[name].post("count-up", tally_id=key[0], trial_id=key[1], n=1, note="b" * 280)

        await clients(send, keys, len(keys))
        figures = await clients(send, keys, COMMANDS // 2)
        for connection in connections:
            connection.close()
        return figures


async def ours(stack: Stack) -> Figures:
    service = sample.service()
    for kind in ("events", "commands"):
        stack.topic(f"{service.name}.{kind}")
    dsn, keys = await stack.database(service), [(uuid7(), uuid7()) for _ in range(1_000)]
    try:
        inside = await in_process(stack, keys, dsn)
        http = await over_http(stack, keys, dsn)
    finally:
        await stack.drop(dsn)
    return {
        "commands_per_s": inside["rate"],
        "p50_ms": inside["p50_ms"],
        "p99_ms": inside["p99_ms"],
        "http_per_s": http["rate"],
        "http_p50_ms": http["p50_ms"],
        "http_p99_ms": http["p99_ms"],
    }


BENCHMARK = Benchmark(
    "append_rate",
    "commands/s",
    ours,
    (Goal("ratio", ">=", 0.25), Goal("http_ratio", ">=", 0.10), Goal("p99_ms", "<=", 40)),
    limit=raw.transactions,
    ratios=(("http_ratio", "http_per_s"),),
)

if __name__ == "__main__":
    from bench.run import main

    main(["append_rate"])
