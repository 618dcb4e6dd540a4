"""The real broker and database that tests run on: one of each a session, fresh databases a test."""

import asyncio
import contextlib
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from shared.identity.kafka import Kafka
from shared.runtime.database import Pool, open_pool
from shared.runtime.execute import Executor
from shared.runtime.process import Process
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.stack import sql, topics
from shared.stack.api import StackAddresses, reset_stack, start_stack
from tests.support import identity
from tests.support.templates import copy


@dataclass(frozen=True)
class Servers:
    """Kafka's address, with an administrator's `login` or open, and an administrator's on Postgres."""

    kafka: str
    postgres: str
    home: Path
    login: str = ""
    tls: str = ""

    @property
    def cluster(self) -> Kafka:
        """Kafka for our own clients, which may do everything there."""
        return Kafka(self.kafka, self.login, self.tls)

    def dsn(self, database: str) -> str:
        return self.postgres.rpartition("/")[0] + "/" + database


@contextlib.contextmanager
def servers() -> Iterator[Servers]:
    """Start Kafka and Postgres for a session; TRIALWIRE_TEST_HOME keeps one stack over several sessions."""
    kept = os.environ.get("TRIALWIRE_TEST_HOME")
    home = Path(kept or tempfile.mkdtemp(prefix="trialwire-test-"))
    addresses: StackAddresses = start_stack(home, traces=False, secured=False)
    if not os.environ.get("TRIALWIRE_POSTGRES"):  # nobody else's server
        sql.run(addresses.postgres, _let_the_system_write)
    try:
        yield Servers(addresses.kafka, addresses.postgres, home)
    finally:
        if not kept:
            reset_stack(home)


async def _let_the_system_write(admin: "asyncpg.Connection[Any]") -> None:
    """Leave it to the system when pages reach the disk: it outlives each process that tests kill.

    Nothing that was committed is lost by a killed server, only by a machine that loses its power.
    """
    await admin.execute("ALTER SYSTEM SET fsync = off")
    await admin.execute("SELECT pg_reload_conf()")


async def new_database(servers: Servers, service: Service) -> str:
    """A database of its own with the service's tables; answers with its address."""
    name = f"t_{service.name}_{secrets.token_hex(4)}"
    return await copy(servers.postgres, name, service.name, service.migrations)


@contextlib.asynccontextmanager
async def executor(servers: Servers, service: Service) -> AsyncIterator[Executor]:
    """An executor of the service over a fresh database, without relay or consumers."""
    pool: Pool = await open_pool(await new_database(servers, service), service.name, 12)
    try:
        yield Executor(service, pool)
    finally:
        await asyncio.wait_for(pool.close(), 10)


def ensure_topics(servers: Servers, *services: str) -> None:
    """The topics of services that only tests have."""
    wanted = [topics.Topic(f"{s}.{kind}", 12, -1) for s in services for kind in ("events", "commands")]
    topics.ensure(servers.cluster, wanted)


@contextlib.asynccontextmanager
async def process(servers: Servers, service: Service, dsn: str | None = None) -> AsyncIterator[Process]:
    """A whole process of the service in this event loop: relay, consumers, clock."""
    file = Path(tempfile.mkdtemp()) / "dsn"
    file.write_text(dsn or await new_database(servers, service))
    settings = Settings(
        dsn_file=file, kafka=servers.kafka, session_ms=6_000, circuit_seconds=3, **identity.believed()
    )
    async with Process(service, settings).running() as running:
        await until(lambda: not running.unready(), 20, lambda: running.unready())
        yield running


async def until(
    done: Callable[[], Any], seconds: float = 15, why: Callable[[], object] = lambda: "it never came true"
) -> None:
    """Wait until something comes true, awaiting a coroutine; fail with the reason otherwise."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        answer = done()
        if (await answer) if asyncio.iscoroutine(answer) else answer:
            return
        assert loop.time() < end, why()
        await asyncio.sleep(0.02)
