"""Consumers as the benchmarks use them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.stack import Stack


@asynccontextmanager
async def reader(stack: Stack, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer at the end of a topic of twelve partitions."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stack.kafka, enable_auto_commit=False, max_partition_fetch_bytes=4 * 2**20
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, n) for n in range(12)]
        consumer.assign(partitions)
        await consumer.seek_to_end(*partitions)
        yield consumer
    finally:
        await consumer.stop()
