"""A counting service and its follower under names, and so on topics, that no other test has."""

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from confluent_kafka import KafkaException

from shared.contracts.message import Actor
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from shared.runtime.service import Outcome, Service
from shared.runtime.store import HOUSE
from shared.stack.topics import administrator
from tests.support import probe
from tests.support.stack import Servers, ensure_topics

ACTOR = Actor("tester", "developer")


@dataclass(frozen=True)
class Pair:
    """The two services; `alpha` owns the topic that `beta` follows."""

    alpha: Service
    beta: Service

    @property
    def group(self) -> str:
        return f"{self.beta.name}.{self.alpha.name}"


@contextlib.contextmanager
def pair(servers: Servers, wake_after: timedelta | None = None) -> Iterator[Pair]:
    """Both services with fresh topics, which are removed afterwards."""
    suffix = secrets.token_hex(4)
    alpha, beta = f"alpha_{suffix}", f"beta_{suffix}"
    ensure_topics(servers, alpha, beta)
    try:
        yield Pair(probe.alpha(alpha, wake_after), probe.beta(beta, alpha))
    finally:
        topics = [f"{name}.{kind}" for name in (alpha, beta) for kind in ("events", "commands")]
        client = administrator(servers.cluster)
        for deleted in client.delete_topics(topics, operation_timeout=5).values():
            with contextlib.suppress(KafkaException, TimeoutError):  # what stays does no harm
                deleted.result(5)


def cause(**more: object) -> Cause:
    """A command by a tester on streams that belong to no sponsor."""
    return Cause(ACTOR, sponsor_id=HOUSE, **more)  # type: ignore[arg-type]


async def count(executor: Executor, command: probe.CountUp | probe.Spend) -> Outcome:
    """Run one command by itself."""
    return await executor.execute(command, cause())
