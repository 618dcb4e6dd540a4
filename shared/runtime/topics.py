"""The topics as deploy made them: a service starts on no others."""

import asyncio
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient

from shared.identity.kafka import Kafka
from shared.runtime.record import PARTITIONS


class WrongTopicError(Exception):
    """A topic is missing, or its partitions are not the twelve that the order of keys depends on."""


async def check_topics(kafka: Kafka, services: Iterable[str]) -> None:
    """Raise WrongTopicError where a topic of events is missing or has other partitions than keys count on."""
    admin = AIOKafkaAdminClient(**kafka.arguments)
    try:
        await asyncio.wait_for(admin.start(), 15)
        for topic in await admin.describe_topics(sorted({f"{service}.events" for service in services})):
            if (count := len(topic["partitions"])) != PARTITIONS:
                raise WrongTopicError(f"{topic['topic']} has {count} partitions, not {PARTITIONS}")
    finally:
        await admin.close()
