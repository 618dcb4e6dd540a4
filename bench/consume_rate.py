"""Enrolments of the trials service into the rows that safety keeps of subjects, each applied once."""

import asyncio
import json
import time
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaProducer
from uuid_utils.compat import uuid7

from bench.benchmark import Benchmark, Figures, Goal
from bench.peers import Peers, chosen
from bench.serving import Serving, serving
from bench.stack import Stack
from services.safety.handlers import SERVICE
from shared.contracts.message import Actor, Recorded
from shared.contracts.trials.subject import SubjectEnrolled
from shared.runtime.record import bucket_of, headers_of, meta_of

EVENTS = 100_000
_SOURCE, _GROUP = "trials", "safety.trials"


async def fill(stack: Stack, count: int) -> None:
    """Write the records as the relay writes them."""
    topic = f"{_SOURCE}.events"
    producer = AIOKafkaProducer(
        bootstrap_servers=stack.kafka, enable_idempotence=True, max_batch_size=512 * 1024
    )
    await producer.start()
    trials, sent = [uuid7() for _ in range(200)], []
    for start in range(0, count, 20_000):
        batches: dict[int, Any] = {}
        for n in range(start, min(start + 20_000, count)):
            trial = trials[n % len(trials)]
            part = bucket_of(str(trial))
            batch = batches.get(part)
            if batch is None or batch.append(timestamp=None, **_record(n, trial)) is None:
                if batch is not None:
                    sent.append(await producer.send_batch(batch, topic, partition=part))
                batches[part] = batch = producer.create_batch()
                batch.append(timestamp=None, **_record(n, trial))
        for part, batch in batches.items():
            sent.append(await producer.send_batch(batch, topic, partition=part))
        await asyncio.gather(*sent)
    await producer.stop()


def _record(n: int, trial: UUID) -> dict[str, Any]:
    subject = uuid7()
    event = SubjectEnrolled(
        trial_id=trial,
        site_id=trial,
        subject_id=subject,
        subject_code=f"S-{n:06}",
        enrolled_on=date(2026, 3, 2),
    )
    message = Recorded(
        id=uuid7(),
        type=event.type,
        source=_SOURCE,
        stream_id=subject,
        version=1,
        sponsor_id=trial,
        trial_id=trial,
        time=datetime.now(UTC),
        data=event,
        actor=Actor("site-17", "coordinator"),
        correlation_id=uuid7(),
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    row = {
        "event_id": message.id,
        "type": message.type,
        "stream_id": subject,
        "version": 1,
        "sponsor_id": trial,
        "meta": meta_of(message),
    }
    return {
        "key": str(trial).encode(),
        "value": event.model_dump_json(exclude_none=True).encode(),
        "headers": headers_of(_SOURCE, row, json.loads(meta_of(message))),
    }


async def ours(stack: Stack) -> Figures:
    dsn = await stack.database(SERVICE)
    await stack.begin_here(SERVICE, dsn)
    database = await asyncpg.connect(dsn)
    try:
        before = await reached(database)
        await fill(stack, EVENTS)
        with serving(stack, dsn, "services.safety.app") as process:
            return await watch(database, process, EVENTS, before)
    finally:
        await database.close()
        await stack.drop(dsn)


async def reached(database: Any) -> int:
    """The sum of the group's offsets."""
    sum_ = "SELECT coalesce(sum(next_offset), 0)::bigint FROM es.kafka_offset WHERE grp = $1"
    return int(await database.fetchval(sum_, _GROUP))


async def watch(database: Any, process: Serving, count: int, before: int) -> Figures:
    """Events a second from the first batch that is seen applied until the last of `count`."""

    async def done() -> int:
        return await reached(database) - before

    while not (first := await done()):  # noqa: ASYNC110  another process's progress
        await asyncio.sleep(0.05)
    started, cpu = time.perf_counter(), process.cpu_seconds()
    while (applied := await done()) < count:
        await asyncio.sleep(0.2)
        if time.perf_counter() - started > 120:
            raise SystemExit(f"only {applied} of {count} events were applied")
    seconds, cpu = time.perf_counter() - started, process.cpu_seconds() - cpu
    rows = await database.fetchval("SELECT count(*) FROM known_subject")
    if rows != count:
        raise SystemExit(f"{rows} rows of {count} events")
    return {
        "events_per_s": (applied - first) / seconds,
        "cpu_us_per_event": cpu * 1e6 / (applied - first),
        "resident_mb": process.resident_mb(),
    }


async def peer(peers: Peers) -> Figures | None:
    answer = await peers.measure("debezium_sink.py", connect=True)
    return chosen(answer, "rows_per_s", "cpu_us_per_row", "resident_mb")


BENCHMARK = Benchmark("consume_rate", "events/s", ours, (Goal("ratio", ">=", 0.7),), peer)

if __name__ == "__main__":
    from bench.run import main

    main(["consume_rate"])
