"""The ceilings: aiokafka and asyncpg alone, on the same servers, in the same minutes."""

import asyncio
import json
import time
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaProducer, TopicPartition

from bench.benchmark import Figures
from bench.reading import reader
from bench.stack import Stack

_VALUE = json.dumps({"id": "x" * 36, "data": {"text": "b" * 340}})


async def kafka(stack: Stack, events: int = 50_000) -> Figures:
    """Idempotent producing and plain consuming, events a second."""
    topic = f"raw-{uuid4().hex[:8]}"
    stack.topic(topic)
    producer = AIOKafkaProducer(
        bootstrap_servers=stack.kafka, enable_idempotence=True, linger_ms=5, max_batch_size=2**18
    )
    await producer.start()
    headers = [("ce_id", b"x" * 36), ("traceparent", b"y" * 55)]
    value, started = _VALUE.encode(), time.perf_counter()
    sends = [
        await producer.send(topic, value, key=b"%d" % (n % 1000), headers=headers) for n in range(events)
    ]
    await asyncio.gather(*sends)
    produced = events / (time.perf_counter() - started)
    await producer.stop()
    async with reader(stack, topic) as consumer:
        await consumer.seek_to_beginning(*[TopicPartition(topic, n) for n in range(12)])
        started, seen = time.perf_counter(), 0
        while seen < events:
            seen += sum(map(len, (await consumer.getmany(timeout_ms=500, max_records=5_000)).values()))
        consumed = events / (time.perf_counter() - started)
    return {"produce_per_s": produced, "consume_per_s": consumed}


async def transactions(stack: Stack, connections: int = 8, each: int = 500) -> Figures:
    """Transactions of one row each, a second: what a commit costs here."""
    pool = await asyncpg.create_pool(stack.postgres, min_size=connections, max_size=connections)
    await pool.execute(
        "CREATE TABLE IF NOT EXISTS raw_row (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " stream uuid NOT NULL, version int NOT NULL, type text NOT NULL, data jsonb NOT NULL,"
        " UNIQUE (stream, version))"
    )

    async def write() -> None:
        for _ in range(each):
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(
                    "INSERT INTO raw_row (stream, version, type, data) VALUES ($1, 1, 'x', $2)",
                    uuid4(),
                    _VALUE,
                )

    started = time.perf_counter()
    await asyncio.gather(*[write() for _ in range(connections)])
    rate = connections * each / (time.perf_counter() - started)
    await pool.execute("DROP TABLE raw_row")
    await pool.close()
    return {"transactions_per_s": rate}
