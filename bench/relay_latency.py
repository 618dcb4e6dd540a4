"""Milliseconds from a command's start, commit included, until a consumer has its event."""

import asyncio
import contextlib
import time
from itertools import cycle

from aiokafka import AIOKafkaConsumer
from uuid_utils.compat import uuid7

from bench import sample
from bench.benchmark import Benchmark, Figures, Goal, percentile
from bench.peers import Peers, chosen
from bench.reading import reader
from bench.stack import Stack
from shared.contracts.message import Actor
from shared.runtime.cause import Cause
from shared.runtime.process import Process
from shared.runtime.store import HOUSE
from tests.support import probe

_ACTOR = Actor("bench", "developer")


async def waits(processes: list[Process], consumer: AIOKafkaConsumer, count: int = 200) -> list[float]:
    """One command at a time, a new key each, the replicas in turn, as the peer's inserter does it."""
    found = []
    for process, _ in zip(cycle(processes), range(count), strict=False):
        started = time.perf_counter()
        command = probe.CountUp(tally_id=uuid7(), trial_id=uuid7(), n=1, note="b" * 280)
        await process.executor.execute(command, Cause(_ACTOR, sponsor_id=HOUSE))
        await consumer.getone()
        found.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(0.02)
    return found[count // 10 :]


async def _measured(stack: Stack, replicas: int) -> list[float]:
    service = sample.service()
    dsn = await stack.database(service)
    try:
        async with contextlib.AsyncExitStack() as running:
            processes = [
                await running.enter_async_context(stack.process(service, dsn)) for _ in range(replicas)
            ]
            end = time.monotonic() + 30
            while any(p.unready() for p in processes) or _held(processes) != [12 // replicas] * replicas:
                if time.monotonic() > end:
                    raise SystemExit("the replicas did not share out the buckets")
                await asyncio.sleep(0.1)
            async with reader(stack, service.topic) as consumer:
                return await waits(processes, consumer)
    finally:
        await stack.drop(dsn)


def _held(processes: list[Process]) -> list[int]:
    return [len(process.relay.held()) for process in processes]


async def ours(stack: Stack) -> Figures:
    one, three = await _measured(stack, 1), await _measured(stack, 3)
    return {
        "p50_ms": percentile(one, 0.5),
        "p99_ms": percentile(one, 0.99),
        "three_replicas_p50_ms": percentile(three, 0.5),
        "three_replicas_p99_ms": percentile(three, 0.99),
    }


async def peer(peers: Peers) -> Figures | None:
    return chosen(await peers.measure("debezium_outbox.py", connect=True), "p50_ms", "p99_ms")


BENCHMARK = Benchmark("relay_latency", "ms p50", ours, (Goal("ratio", "<=", 0.8),), peer)

if __name__ == "__main__":
    from bench.run import main

    main(["relay_latency"])
