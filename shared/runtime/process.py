"""One process of a service: relay, consumers, clock and their supervision, started and stopped in order."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from faststream.kafka import KafkaBroker

from shared.identity.kafka import Kafka
from shared.runtime import logs, wakes, watch
from shared.runtime.apply import Applier
from shared.runtime.consumer import LANES, Subscription, Timing
from shared.runtime.database import Pool, open_pool, retried
from shared.runtime.execute import Executor
from shared.runtime.intake import Intake
from shared.runtime.leases import Leases
from shared.runtime.machines import machines_in
from shared.runtime.migrate import migrated
from shared.runtime.relay import Relay
from shared.runtime.replay import replay_after_upgrade
from shared.runtime.service import Service
from shared.runtime.settings import EMBEDDED, Settings
from shared.runtime.topics import check_topics

# What each step of the stop may take, in seconds; with those of shared/http less than 20 in all.
HANDLING, CONSUMING, ENDING, RELAYING, LEASES, POOL = 4.0, 5.0, 2.0, 3.0, 1.0, 1.0
_REJOIN = 120  # seconds that a group may be without partitions while the broker is known


class Process:
    """Everything of a service but its HTTP routes. `checks` tells what is not ready, by name."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self.service, self.settings = service, settings
        self.checks: dict[str, str] = {"database": "not connected", "kafka": "not connected"}
        self.pool: Pool
        self.executor: Executor
        self.kafka: Kafka
        self.subscriptions: list[Subscription] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self._beat = time.monotonic()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Process"]:
        """Connect, migrate and start; on the way out stop within 13 s, losing nothing."""
        dsn = self.settings.dsn()
        self.pool = await retried(lambda: open_pool(dsn, self.service.name, self.settings.pool_size))
        await retried(lambda: migrated(dsn, self.service.name, self.service.migrations))
        self.checks.pop("database")
        leases = Leases(dsn, self.service.name)
        self.kafka = kafka = self.settings.cluster()
        self.relay = Relay(self.service.name, dsn, kafka, leases)
        self.executor = Executor(self.service, self.pool, self.relay.wake)
        self.broker = KafkaBroker(
            kafka.servers, security=kafka.security, allow_auto_create_topics=False, enable_idempotence=True,
            logger=None, graceful_timeout=HANDLING, apply_types=False,
        )  # fmt: skip
        self._subscribe(Timing(self.settings.session_ms, self.settings.circuit_seconds))
        loops: list[Coroutine[Any, Any, None]] = [
            leases.run(),
            self.relay.hints.run(),
            self.relay.run(0),
            self.relay.run(1),
            wakes.wake_for_ever(self.executor, self.settings.clock_file),
            self._watch(),
            self._consume(),
            *[subscription.run(lane) for subscription in self.subscriptions for lane in range(LANES)],
        ]
        self._tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            yield self
        finally:
            await self._stop(leases)

    def _subscribe(self, timing: Timing) -> None:
        for source in self.service.sources:
            applier = Applier(self.service, self.executor, source)
            self.subscriptions.append(
                Subscription(self.broker, self.service.topics_of(source), applier, self.pool, timing)
            )
        commands = f"{self.service.name}.commands"
        file = self.settings.machines_file
        known = machines_in(file) if file else None
        intake = Intake(self.executor, known, self.settings.issuer == EMBEDDED)
        self.subscriptions.append(Subscription(self.broker, [commands], intake, self.pool, timing))

    async def _consume(self) -> None:
        """Start the broker's part once Kafka answers; meanwhile the outbox keeps what the API takes."""
        while "kafka" in self.checks:
            try:
                await check_topics(self.kafka, (*self.service.sources, self.service.name))
                await self.broker.start()
                self.checks.pop("kafka")
            except Exception as fault:
                self.checks["kafka"] = f"{type(fault).__name__}: {fault}"
                logs.log.warning("kafka.again", error=type(fault).__name__)
                await asyncio.sleep(1)
        await retried(lambda: replay_after_upgrade(self.service, self.executor))
        await wakes.heal_for_ever(self.executor, self.broker)

    async def _watch(self) -> None:
        """The figures that operations watch, and the event loop's own pulse."""
        while True:
            self._beat = time.monotonic()
            try:
                async with asyncio.timeout(10):
                    await watch.look(self.pool, self.subscriptions)
                self.checks.pop("database", None)
            except Exception as fault:
                self.checks["database"] = type(fault).__name__
            await asyncio.sleep(2)

    def alive(self) -> dict[str, str]:
        """What is wrong with this process itself; empty while it lives."""
        faults = {}
        if time.monotonic() - self._beat > 30:
            faults["loop"] = "the event loop has not run its watch for 30 s"
        for task in self._tasks:
            if task.done():
                faults[task.get_coro().__qualname__] = "ended"  # type: ignore[union-attr]
        if "kafka" not in self.checks:  # aiokafka may hang after a rejoin: only a new process helps
            stuck = [s.group for s in self.subscriptions if s.gate.unassigned_for() > _REJOIN]
            faults |= dict.fromkeys(stuck, f"no partitions for {_REJOIN} s")
        return faults

    def unready(self) -> dict[str, str]:
        """What keeps this process from doing its work now, each with its reason; empty when ready."""
        faults = {**self.alive(), **self.checks}
        faults |= {s.group: "no partitions assigned yet" for s in self.subscriptions if not s.gate.assigned}
        faults |= {s.group: "its circuit is open" for s in self.subscriptions if s.open}
        faults |= {s.group: s.gate.lost for s in self.subscriptions if s.gate.lost}
        if self.relay.stuck_for() > 10:
            faults["relay"] = "the broker has not acknowledged for 10 s"
        return faults

    async def _stop_consuming(self) -> None:
        await self.broker.stop()
        for subscription in self.subscriptions:
            await subscription.finished()

    async def _stop(self, leases: Leases) -> None:
        await _within(CONSUMING, self._stop_consuming())
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=ENDING)
        await _within(RELAYING, self.relay.stop())
        await _within(LEASES, leases.release())
        await _within(POOL, self.pool.close())
        self.pool.terminate()


async def _within(seconds: float, step: Coroutine[Any, Any, object]) -> None:
    """Give a step of the stop its time and no more: `wait_for` also waits for the end of what it cancels."""
    task = asyncio.create_task(step)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if task not in done:
        logs.log.warning("stop.left", name=task.get_coro().__qualname__)  # type: ignore[union-attr]
        task.cancel()
    elif not task.cancelled() and (fault := task.exception()):
        logs.log.warning("stop.failed", error=type(fault).__name__)
