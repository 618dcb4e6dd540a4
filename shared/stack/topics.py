"""The topics of deploy/topics.toml, made on a cluster where they are missing."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from shared.identity.kafka import SYSTEM, Kafka
from shared.stack.faults import NotReady

FILE = Path(__file__).resolve().parents[2] / "deploy" / "topics.toml"
_DAY_MS = 24 * 60 * 60 * 1000
_silent = logging.getLogger("shared.stack.topics.client")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


@dataclass(frozen=True)
class Topic:
    """A topic as it is to be; `retention_ms` of -1 keeps records for ever."""

    name: str
    partitions: int
    retention_ms: int


def listed(file: Path = FILE) -> list[Topic]:
    """The topics the file declares, in its order."""
    blocks = tomllib.loads(file.read_text(encoding="utf-8"))["topic"]
    return [
        Topic(name, block["partitions"], block["retention_days"] * _DAY_MS or -1)
        for block in blocks
        for name in block["names"]
    ]


def ensure(kafka: Kafka, wanted: list[Topic] | None = None, seconds: float = 30.0) -> list[str]:
    """Make the topics that are missing and return their names; existing ones are left as they are."""
    there = present(kafka, seconds)
    missing = [topic for topic in wanted or listed() if topic.name not in there]
    client = administrator(kafka)
    try:
        if missing:  # the client refuses an empty list
            for made in client.create_topics(list(map(_new, missing)), operation_timeout=seconds).values():
                _done(made.result)
    except KafkaException as error:
        raise _refused(kafka, error) from error
    return [topic.name for topic in missing]


def present(kafka: Kafka, seconds: float) -> dict[str, int]:
    """The topics of a cluster and how many partitions each has; `NotReady` when no broker answers."""
    try:
        found = administrator(kafka).list_topics(timeout=seconds).topics
    except KafkaException as error:
        raise _refused(kafka, error) from error
    return {name: len(topic.partitions) for name, topic in found.items()}


def _refused(kafka: Kafka, error: KafkaException) -> NotReady:
    said = error.args[0].str()
    return NotReady(
        f"Kafka at {kafka.servers} does not answer {kafka.user or 'without a login'}: {said}.",
        "See `trialwire status` and its log; of your own broker, TRIALWIRE_KAFKA_LOGIN_FILE.",
    )


def administrator(kafka: Kafka) -> AdminClient:
    """confluent-kafka's client, which knows access rules and passwords too; for administration only."""
    return AdminClient(arguments(kafka), logger=_silent)


def arguments(kafka: Kafka) -> dict[str, str | int | float | bool]:
    """As confluent-kafka's clients take it."""
    protocol = ("SASL_" if kafka.login else "") + ("SSL" if kafka.tls else "PLAINTEXT")
    given: dict[str, str | int | float | bool] = {"bootstrap.servers": kafka.servers, "log_level": 0}
    given |= {"socket.timeout.ms": 10000, "security.protocol": protocol}
    if kafka.login:
        given |= {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": kafka.user}
        given |= {"sasl.password": kafka.password}
    if kafka.tls not in ("", SYSTEM):
        given |= {"ssl.ca.location": kafka.tls}
    return given


def _new(topic: Topic) -> NewTopic:
    # -1: the cluster's own default, 1 in the embedded stack.
    config = {"retention.ms": str(topic.retention_ms)}
    return NewTopic(topic.name, num_partitions=topic.partitions, replication_factor=-1, config=config)


def _done(result: Callable[[], object]) -> None:
    try:
        result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # somebody else was faster
            raise
