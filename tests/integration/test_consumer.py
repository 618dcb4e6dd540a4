"""What FastStream and aiokafka would do by default and we must not, on the real broker."""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from uuid_utils.compat import uuid7

from shared.runtime import metrics
from shared.runtime.apply import Applier
from shared.runtime.consumer import LANES, Subscription, Timing
from shared.runtime.database import Pool, connect, open_pool
from shared.runtime.execute import Executor
from shared.runtime.fetching import Fetcher
from shared.runtime.offsets import Batch, DiscontinuityError
from shared.runtime.process import Process
from shared.runtime.settings import Settings
from tests.support import identity, probe, raw
from tests.support.pair import count, pair
from tests.support.stack import Servers, executor, new_database, process, until


async def total(pool: Pool, tally: UUID) -> int | None:
    value: int | None = await pool.fetchval("SELECT total FROM tally WHERE tally_id = $1", tally)
    return value


async def test_every_subscription_is_acknowledged_by_us_alone_and_starts_at_the_beginning(
    servers: Servers,
) -> None:
    with pair(servers) as two:
        async with process(servers, two.beta) as beta:
            assert len(beta.subscriptions) == 2
            for subscription in beta.subscriptions:
                assert subscription.subscriber.ack_policy is AckPolicy.MANUAL
                consumer = subscription.subscriber.consumer
                assert consumer is not None
                assert consumer._enable_auto_commit is False
                assert consumer._auto_offset_reset == "earliest"
                assert consumer._isolation_level == "read_uncommitted"


async def test_an_idle_consumer_leaves_the_broker_in_peace_and_a_busy_one_never_waits_long(
    servers: Servers,
) -> None:
    """aiokafka alone either asks fifty times a second or is up to half a second late."""
    with pair(servers) as two:
        async with process(servers, two.beta) as beta:
            consumer = next(s for s in beta.subscriptions if "commands" not in s.group).subscriber.consumer
            assert consumer is not None
            assert isinstance(consumer._fetcher, Fetcher)
            asked, send = 0, consumer._client.send

            async def counted(*given: Any, **named: Any) -> Any:
                nonlocal asked
                asked += 1
                return await send(*given, **named)

            consumer._client.send = counted

            async def at_peace() -> bool:
                before = asked
                await asyncio.sleep(2)
                return asked - before < 20  # fetches of half a second, heartbeats, metadata

            await until(at_peace)  # what a start asks comes to its end
            tally, trial = uuid7(), uuid7()
            began = time.monotonic()
            for version in range(1, 21):
                await raw.send(servers, two.alpha.topic, [raw.event(two.alpha.name, tally, version, trial)])
                await until(lambda version=version: _is(beta.pool, tally, version))  # type: ignore[misc]
            assert time.monotonic() - began < 6, "20 events, one after the other"


async def test_a_new_group_reads_all_that_was_ever_written(servers: Servers) -> None:
    with pair(servers) as two:
        tally, trial = uuid7(), uuid7()
        written = [raw.event(two.alpha.name, tally, version, trial) for version in range(1, 51)]
        await raw.send(servers, two.alpha.topic, written)
        async with process(servers, two.beta) as beta:
            await until(lambda: _is(beta.pool, tally, 50))


async def _is(pool: Pool, tally: UUID, wanted: int) -> bool:
    return await total(pool, tally) == wanted


async def test_what_asks_nothing_is_gone_past_once_and_in_the_order_of_its_stream(servers: Servers) -> None:
    with pair(servers) as two:
        async with executor(servers, two.beta) as run:
            applier = Applier(two.beta, run, two.alpha.name)
            tally, trial, name = uuid7(), uuid7(), two.alpha.name

            def records(offset: int, *versions: int) -> list[Any]:
                nobodys = [raw.event(name, tally, v, trial, ce_type=f"{name}.nobody_s.v1") for v in versions]
                return [raw.consumed(one, two.alpha.topic, offset + n) for n, one in enumerate(nobodys)]

            seen = "SELECT version FROM es.seen WHERE stream_id = $1"
            assert (await applier.apply(records(0, 1, 2))).outcomes["ignored"] == 2
            assert await run.pool.fetchval(seen, tally) == 2
            again = await applier.apply(records(0, 1, 2, 3))
            assert (again.outcomes["reread"], again.outcomes["ignored"]) == (2, 1)
            assert (await applier.apply(records(3, 4))).outcomes == {"ignored": 1}
            assert (await applier.apply(records(4, 4))).outcomes["duplicate"] == 1
            assert (await applier.apply(records(5, 6))).outcomes["parked"] == 1, "5 is missing"
            assert (await applier.apply(records(6, 5))).outcomes["replayed"] == 1
            assert await run.pool.fetchval(seen, tally) == 6
            with pytest.raises(DiscontinuityError):
                await applier.apply(records(9, 7))
            assert await run.pool.fetchval("SELECT next_offset FROM es.kafka_offset") == 7


async def test_a_broker_that_takes_no_offsets_holds_nothing_up(servers: Servers) -> None:
    """Kafka's committed offset is for tools that show lag: its failing, or hanging, is nobody's business."""
    with pair(servers) as two:
        tally, trial = uuid7(), uuid7()
        async with process(servers, two.beta) as beta:
            consumer = beta.subscriptions[0].subscriber.consumer
            assert consumer is not None
            told = 0

            async def refuse(_: object) -> None:
                nonlocal told
                told += 1
                if told == 2:
                    await asyncio.sleep(3_600)
                raise CommitFailedError

            consumer.commit = refuse
            for version in range(1, 4):
                await raw.send(servers, two.alpha.topic, [raw.event(two.alpha.name, tally, version, trial)])
                await until(lambda version=version: _is(beta.pool, tally, version))  # type: ignore[misc]
                await asyncio.sleep(1.1)
            assert told >= 2
            assert not beta.alive()
            lag = metrics.LAG.labels(beta.subscriptions[0].group)
            await until(lambda: lag._value.get() == 0)


async def test_offsets_come_from_postgres_whatever_kafka_says_was_committed(servers: Servers) -> None:
    with pair(servers) as two:
        tally, trial = uuid7(), uuid7()
        dsn = await new_database(servers, two.beta)
        await raw.send(servers, two.alpha.topic, [raw.event(two.alpha.name, tally, 1, trial)])
        async with process(servers, two.beta, dsn) as beta:
            await until(lambda: _is(beta.pool, tally, 1))
            consumer = beta.subscriptions[0].subscriber.consumer
            assert consumer is not None
            await raw.send(servers, two.alpha.topic, [raw.event(two.alpha.name, tally, 2, trial)])
            await until(lambda: _is(beta.pool, tally, 2))
            # As after a restore of the database: Kafka's committed offset is ahead of what was applied.
            await beta.pool.execute("UPDATE es.kafka_offset SET next_offset = 0")
            await beta.pool.execute("TRUNCATE tally, es.seen")
        async with process(servers, two.beta, dsn) as beta:
            await until(lambda: _is(beta.pool, tally, 2))


@pytest.mark.parametrize("fault", ["end", "start"])
async def test_a_log_that_does_not_hold_what_comes_next_is_not_read(servers: Servers, fault: str) -> None:
    """As after a topic made anew, or one that somebody cut: to read on would drop events in silence."""
    with pair(servers) as two:
        tally, trial = uuid7(), uuid7()
        dsn = await new_database(servers, two.beta)
        written = [raw.event(two.alpha.name, tally, version, trial) for version in (1, 2, 3)]
        await raw.send(servers, two.alpha.topic, written)
        async with process(servers, two.beta, dsn) as beta:
            await until(lambda: _is(beta.pool, tally, 3))
        connection = await connect(dsn, "test")
        await connection.execute(
            "UPDATE es.kafka_offset SET next_offset = $1", {"end": 500, "start": 1}[fault]
        )
        await connection.close()
        if fault == "start":
            await raw.cut(servers, two.alpha.topic, written[0].partition, 2)
        file = await raw.secret(dsn)
        settings = Settings(dsn_file=file, kafka=servers.kafka, session_ms=6_000, **identity.believed())
        async with Process(two.beta, settings).running() as beta:
            await until(
                lambda: "comes next" in str(beta.unready().get(two.group)), 20, lambda: beta.unready()
            )
            await raw.send(servers, two.alpha.topic, [raw.event(two.alpha.name, tally, 4, trial)])
            await asyncio.sleep(1)
            assert await total(beta.pool, tally) == 3
            assert await beta.pool.fetchval("SELECT count(*) FROM es.parked_event") == 0


async def test_records_that_were_skipped_are_noticed_and_read_again(servers: Servers) -> None:
    with pair(servers) as two:
        tally, trial = uuid7(), uuid7()
        async with process(servers, two.beta) as beta:
            first = raw.event(two.alpha.name, tally, 1, trial)
            await raw.send(servers, two.alpha.topic, [first])
            await until(lambda: _is(beta.pool, tally, 1))
            await beta.pool.execute("UPDATE es.kafka_offset SET next_offset = 0")
            await beta.pool.execute("TRUNCATE tally, es.seen")
            await raw.send(servers, two.alpha.topic, [raw.event(two.alpha.name, tally, 2, trial)])
            await until(lambda: _is(beta.pool, tally, 2))


class Failing:
    """Fails once in a way that nobody foresaw, then applies."""

    def __init__(self, feed: Applier) -> None:
        self.group = feed.group
        self._feed = feed
        self.failures = 1

    async def apply(self, records: Sequence[Any], allowance: int = 20) -> Batch:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("nobody thought of this")
        return await self._feed.apply(records, allowance)


async def test_a_batch_that_fails_for_an_unknown_reason_is_read_again_though_nothing_follows(
    servers: Servers,
) -> None:
    with pair(servers) as two:
        async with executor(servers, two.beta) as run:
            broker = KafkaBroker(servers.kafka, logger=None, graceful_timeout=5, apply_types=False)
            feed = Failing(Applier(two.beta, run, two.alpha.name))
            subscription = Subscription(broker, [two.alpha.topic], feed, run.pool, Timing(6_000))
            lanes = [asyncio.create_task(subscription.run(lane)) for lane in range(LANES)]
            await broker.start()
            try:
                await until(lambda: subscription.gate.assigned)
                tally = uuid7()
                await raw.send(servers, two.alpha.topic, [raw.event(two.alpha.name, tally, 1, uuid7())])
                await until(lambda: _is(run.pool, tally, 1))
            finally:
                await broker.stop()
                for lane in lanes:
                    lane.cancel()


class Slow:
    """Takes its time over a batch, and notes when it began and ended."""

    def __init__(self, feed: Applier, name: str, log: list[tuple[str, str, int, float]]) -> None:
        self.group = feed.group
        self._feed, self._name, self._log = feed, name, log

    async def apply(self, records: Sequence[Any], allowance: int = 20) -> Batch:
        parts = {r.partition for r in records}
        self._log += [(self._name, "begin", part, time.monotonic()) for part in parts]
        await asyncio.sleep(1.5)
        batch = await self._feed.apply(records, allowance)
        self._log += [(self._name, "end", part, time.monotonic()) for part in parts]
        return batch


async def test_a_rebalance_waits_for_the_batch_in_flight(servers: Servers) -> None:
    """aiokafka alone hands a partition over while its handler still runs."""
    with pair(servers) as two:
        async with executor(servers, two.beta) as run:
            log: list[tuple[str, str, int, float]] = []
            brokers, lanes = [], []
            tallies = [(uuid7(), uuid7()) for _ in range(60)]
            for name in ("first", "second"):
                broker = KafkaBroker(servers.kafka, logger=None, graceful_timeout=5, apply_types=False)
                feed = Slow(Applier(two.beta, run, two.alpha.name), name, log)
                subscription = Subscription(broker, [two.alpha.topic], feed, run.pool, Timing(6_000))
                brokers.append(broker)
                lanes += [asyncio.create_task(subscription.run(lane)) for lane in range(LANES)]
                await broker.start()
                if name == "first":
                    await until(lambda s=subscription: s.gate.assigned)  # type: ignore[misc]
                    written = [raw.event(two.alpha.name, tally, 1, trial) for tally, trial in tallies]
                    await raw.send(servers, two.alpha.topic, written)
                    await until(lambda: log)
            try:
                count_ = "SELECT count(*) FROM tally"
                await until(lambda: _counted(run.pool, count_, 60), 30)
            finally:
                for broker in brokers:
                    await broker.stop()
                for lane in lanes:
                    lane.cancel()
            for _, _, part, began in [e for e in log if e[:2] == ("second", "begin")]:
                mine = [e for e in log if e[0] == "first" and e[2] == part and e[3] < began]
                assert [e[1] for e in mine].count("begin") == [e[1] for e in mine].count("end"), log
            assert await run.pool.fetchval("SELECT sum(total) FROM tally") == 60


async def _counted(pool: Pool, sql: str, wanted: int) -> bool:
    return bool(await pool.fetchval(sql) == wanted)


async def test_a_refused_reaction_is_an_event_of_the_service_that_refused(servers: Servers) -> None:
    with pair(servers) as two:
        async with process(servers, two.alpha) as alpha, process(servers, two.beta) as beta:
            tally, trial = uuid7(), uuid7()
            outcome = await count(alpha.executor, probe.CountUp(tally_id=tally, trial_id=trial, n=990))
            type_ = f"{two.beta.name}.command.refused.v1"
            await until(
                lambda: beta.pool.fetchval("SELECT EXISTS (SELECT FROM es.event WHERE type = $1)", type_)
            )
            event = await beta.pool.fetchrow("SELECT * FROM es.event WHERE type = $1", type_)
            assert event is not None
            assert json.loads(event["data"])["rule"] == "no-990"
            assert json.loads(event["meta"])["causation"] == str(outcome.events[0][0])
            assert json.loads(event["meta"])["correlation"] == str(outcome.correlation_id)
            assert await total(beta.pool, tally) == 990


async def test_a_gap_is_healed_by_the_owner_sending_the_stream_again(servers: Servers) -> None:
    """Fault 13: of four events of a stream, the second never reached the topic."""
    with pair(servers) as two:
        dsn = await new_database(servers, two.alpha)
        pool = await open_pool(dsn, two.alpha.name, 2)
        lost, whole, trial = uuid7(), uuid7(), uuid7()
        for n in (1, 2, 3, 4):
            for tally in (lost, whole):
                await count(Executor(two.alpha, pool), probe.CountUp(tally_id=tally, trial_id=trial, n=n))
        await pool.execute("DELETE FROM es.outbox WHERE stream_id = $1 AND version = 2", lost)
        await pool.close()
        async with process(servers, two.beta) as beta:
            async with process(servers, two.alpha, dsn):
                await until(lambda: _is(beta.pool, lost, 10), 25)
            assert await total(beta.pool, whole) == 10
            assert await beta.pool.fetchval("SELECT count(*) FROM es.parked_event") == 0
            assert await beta.pool.fetchval("SELECT count(*) FROM es.blocked_stream") == 0


async def test_a_gap_that_the_owner_cannot_fill_stays_parked_and_holds_nothing_else(
    servers: Servers,
) -> None:
    with pair(servers) as two:
        async with process(servers, two.beta) as beta, process(servers, two.alpha):
            broken, whole, trial = uuid7(), uuid7(), uuid7()
            sent = [raw.event(two.alpha.name, broken, version, trial) for version in (1, 3, 4)]
            await raw.send(servers, two.alpha.topic, [*sent, raw.event(two.alpha.name, whole, 1, trial)])
            await until(lambda: _is(beta.pool, whole, 1))
            asked = (
                "SELECT EXISTS (SELECT FROM es.blocked_stream WHERE stream_id = $1 AND asked_at IS NOT NULL)"
            )
            await until(lambda: beta.pool.fetchval(asked, broken))
            parked = "SELECT array_agg(version ORDER BY version) FROM es.parked_event WHERE stream_id = $1"
            assert await beta.pool.fetchval(parked, broken) == [3, 4]
            assert await total(beta.pool, broken) == 1


async def test_replicas_share_the_partitions_and_apply_every_event_once(servers: Servers) -> None:
    with pair(servers) as two:
        dsn = await new_database(servers, two.beta)
        tallies = [(uuid7(), uuid7()) for _ in range(40)]
        async with process(servers, two.beta, dsn) as first, process(servers, two.beta, dsn) as second:
            await until(lambda: _shared(first, second), 20, lambda: _assigned(first, second))
            written = [raw.event(two.alpha.name, y, v, x) for v in range(1, 6) for y, x in tallies]
            await raw.send(servers, two.alpha.topic, written)
            await until(lambda: _counted(first.pool, "SELECT sum(total) FROM tally", 200))
            assert await first.pool.fetchval("SELECT count(*) FROM tally WHERE total = 5") == 40


def _assigned(*processes: Process) -> list[int]:
    return [len(_partitions(running)) for running in processes]


def _partitions(running: Process) -> set[TopicPartition]:
    consumer = running.subscriptions[0].subscriber.consumer
    return set(consumer.assignment()) if consumer else set()


def _shared(*processes: Process) -> bool:
    return _assigned(*processes) == [12 // len(processes)] * len(processes)
