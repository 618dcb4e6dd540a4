"""The servers that a benchmark runs on: started as the product starts them, fresh databases each time."""

import contextlib
import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.identity.kafka import Kafka
from shared.runtime.process import Process
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.stack import topics
from shared.stack.api import reset_stack, start_stack
from tests.support import identity
from tests.support.templates import copy

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Stack:
    """Addresses of Kafka and of Postgres's administrator, and a folder for files that go with the run."""

    kafka: str
    postgres: str
    folder: Path

    @property
    def cluster(self) -> Kafka:
        """Kafka for our own clients: here everybody is let in, as the peers' programs know no logins."""
        return Kafka(self.kafka)

    def dsn(self, database: str) -> str:
        return self.postgres.rpartition("/")[0] + "/" + database

    async def database(self, service: Service) -> str:
        """A new database with the tables of the runtime and the service; answers with its address."""
        name = f"b_{service.name}_{secrets.token_hex(4)}"
        return await copy(self.postgres, name, service.name, service.migrations)

    async def begin_here(self, service: Service, dsn: str) -> None:
        """Let the service's groups begin at the topics' ends: what earlier benchmarks wrote is not theirs."""
        found = sorted({topic for source in service.sources for topic in service.topics_of(source)})
        partitions = [TopicPartition(topic, n) for topic in found for n in range(12)]
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka)
        await consumer.start()
        ends = await consumer.end_offsets(partitions)
        await consumer.stop()
        connection = await asyncpg.connect(dsn)
        for partition, offset in ends.items():
            group = f"{service.name}.{partition.topic.partition('.')[0]}"
            await connection.execute(
                "INSERT INTO es.kafka_offset VALUES ($1, $2, $3, $4)", group, *partition, offset
            )
        await connection.close()

    async def drop(self, dsn: str) -> None:
        """Remove a database, so that its vacuum does not run under the next measurement."""
        admin = await asyncpg.connect(self.postgres)
        await admin.execute(f'DROP DATABASE IF EXISTS "{dsn.rpartition("/")[2]}" WITH (FORCE)')
        await admin.close()

    def topic(self, name: str, partitions: int = 12) -> None:
        topics.ensure(self.cluster, [topics.Topic(name, partitions, -1)])

    def settings(self, dsn: str, **more: object) -> Settings:
        file = self.folder / f"{dsn.rpartition('/')[2]}.dsn"
        file.write_text(dsn)
        return Settings(dsn_file=file, kafka=self.kafka, **identity.believed(), **more)  # type: ignore[arg-type]

    @contextlib.asynccontextmanager
    async def process(self, service: Service, dsn: str) -> AsyncIterator[Process]:
        """A whole process of the service within this event loop."""
        for name in {service.name, *service.sources}:
            for kind in ("events", "commands"):
                self.topic(f"{name}.{kind}")
        async with Process(service, self.settings(dsn)).running() as running:
            yield running


@contextlib.contextmanager
def running() -> Iterator[Stack]:
    """The stack for a run of benchmarks; TRIALWIRE_BENCH_HOME keeps one for several runs."""
    kept = os.environ.get("TRIALWIRE_BENCH_HOME")
    home = Path(kept or tempfile.mkdtemp(prefix="trialwire-bench-"))
    found = start_stack(home, traces=False, secured=False, say=lambda line: print(line, file=sys.stderr))
    folder = Path(tempfile.mkdtemp(prefix="files-", dir=home))
    try:
        yield Stack(found.kafka, found.postgres, folder)
    finally:
        if not kept:
            reset_stack(home)
