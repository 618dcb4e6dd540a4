"""How many events a second come through the relay when 50,000 are committed at once."""

import asyncio
import time
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer

from bench import raw, sample
from bench.benchmark import Benchmark, Figures, Goal
from bench.peers import Peers, chosen
from bench.reading import reader
from bench.serving import serving
from bench.stack import Stack

EVENTS = 50_000


async def burst(
    events: sample.Burst, connection: "asyncpg.Connection[asyncpg.Record]", consumer: AIOKafkaConsumer
) -> float:
    """Events a second from the first insert until the last has been read; a burst out of order fails."""
    started, seen, batches = time.perf_counter(), 0, []
    inserting = asyncio.create_task(events.insert(connection, EVENTS))
    while seen < EVENTS:
        batch = await consumer.getmany(timeout_ms=500, max_records=5_000)
        seen += sum(map(len, batch.values()))
        batches.append(batch)
        if time.perf_counter() - started > 120:
            raise SystemExit(f"only {seen} of {EVENTS} events came through")
    await inserting
    rate = EVENTS / (time.perf_counter() - started)
    _in_order(record for batch in batches for records in batch.values() for record in records)
    return rate


def _in_order(records: Any) -> None:
    last: dict[bytes, int] = {}
    for record in records:
        version = int(dict(record.headers)["ce_sequence"])
        if record.key in last and version > last[record.key] + 1:
            raise SystemExit("events of one key came out of order")
        last[record.key] = max(version, last.get(record.key, 0))


async def bursts(stack: Stack, count: int = 3) -> tuple[list[float], float, float]:
    """The rates of `count` bursts after a warm one, and the service process's memory and CPU an event."""
    service = sample.service()
    dsn = await stack.database(service)
    for kind in ("events", "commands"):
        stack.topic(f"{service.name}.{kind}")
    connection = await asyncpg.connect(dsn)
    try:
        with serving(stack, dsn) as process:
            async with reader(stack, service.topic) as consumer:
                events = sample.Burst(service.topic)
                await events.prepare(connection)
                await burst(events, connection, consumer)
                cpu = process.cpu_seconds()
                rates = sorted([await burst(events, connection, consumer) for _ in range(count)])
                cpu = process.cpu_seconds() - cpu
                return rates, process.resident_mb(), cpu * 1e6 / (count * EVENTS)
    finally:
        await connection.close()
        await stack.drop(dsn)


async def ours(stack: Stack) -> Figures:
    rates, memory, cpu = await bursts(stack)
    return {"events_per_s": rates[len(rates) // 2], "resident_mb": memory, "cpu_us_per_event": cpu}


async def peer(peers: Peers) -> Figures | None:
    answer = await peers.measure("debezium_outbox.py", connect=True)
    return chosen(answer, "events_per_s", "cpu_us_per_event", "p50_ms", "p99_ms", "resident_mb")


async def limit(stack: Stack) -> Figures:
    return await raw.kafka(stack)


BENCHMARK = Benchmark("relay_rate", "events/s", ours, (Goal("ratio", ">=", 0.6),), peer, limit)

if __name__ == "__main__":
    from bench.run import main

    main(["relay_rate"])
