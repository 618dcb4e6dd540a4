"""Records written and read without the runtime: what a broken or foreign producer puts on a topic."""

import asyncio
import dataclasses
import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.record.util import calc_crc32c
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from uuid_utils.compat import uuid7

from shared.identity import machines
from shared.runtime.record import bucket_of
from shared.runtime.store import HOUSE
from shared.stack.issuer import MACHINE, machine_key
from shared.stack.topics import administrator
from tests.support import identity
from tests.support.stack import Servers


@dataclasses.dataclass
class Raw:
    """A record as bytes; headers may be anything that Kafka takes."""

    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    key: bytes | None = None
    partition: int = 0


def event(service: str, stream: UUID, version: int, trial: UUID, n: int = 1, **over: Any) -> Raw:
    """A well-formed event of the counting service. `over` replaces headers, the value or the key."""
    data = {"tally_id": str(stream), "trial_id": str(trial), "n": n}
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid7()),
        "ce_type": f"{service}.tally.counted_up.v1",
        "ce_source": f"/trialwire/{service}",
        "ce_subject": str(stream),
        "ce_sequence": f"{version:020d}",
        "ce_sponsorid": str(HOUSE),
        "ce_time": datetime.now(UTC).isoformat(),
        "ce_correlationid": str(uuid7()),
        "ce_trialid": str(trial),
        "ce_actor": "developer:tester",
    }
    value, key = over.pop("value", json.dumps(data).encode()), over.pop("key", str(trial).encode())
    headers |= over
    encoded = [(k, v.encode() if isinstance(v, str) else v) for k, v in headers.items()]
    return Raw(value, encoded, key, bucket_of(str(trial)))


def consumed(record: Raw, topic: str, offset: int) -> "ConsumerRecord[Any, Any]":
    """The record as a consumer reads it from there."""
    where = (topic, record.partition, offset, 0, 0)
    return ConsumerRecord(*where, record.key, record.value, None, 0, 0, tuple(record.headers))


def command(type_: str, body: object, **over: Any) -> Raw:
    """A record for a commands topic, signed by the machine `ce_keyid`. `over` replaces headers."""
    headers = {"ce_type": type_, "ce_id": str(uuid7()), "ce_time": datetime.now(UTC).isoformat()}
    headers |= {"ce_keyid": MACHINE} | over
    value = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    signed = (str(headers["ce_id"]), str(headers["ce_type"]), str(headers["ce_time"]), b"any", value or b"")
    headers = {"ce_signature": machines.sign(machine_key(identity.home()), *signed)} | headers
    encoded = [(k, v.encode() if isinstance(v, str) else v) for k, v in headers.items()]
    return Raw(value, encoded, b"any")


async def send(servers: Servers, topic: str, records: Sequence[Raw]) -> list[int]:
    """Produce in order, each acknowledged; answers with the offsets."""
    producer = AIOKafkaProducer(
        bootstrap_servers=servers.kafka, acks="all", max_request_size=20 * 1024 * 1024, linger_ms=0
    )
    await producer.start()
    try:
        return [
            (await producer.send_and_wait(topic, r.value, r.key, r.partition, headers=r.headers)).offset
            for r in records
        ]
    finally:
        await asyncio.wait_for(producer.stop(), 10)


async def send_with_header_name(servers: Servers, topic: str, record: Raw, name: bytes) -> None:
    """Produce a record with one more header, whose name no library would write: the batch is patched."""
    placeholder = "n" * len(name)
    producer = AIOKafkaProducer(bootstrap_servers=servers.kafka, acks="all")
    await producer.start()
    try:
        builder = producer.create_batch()
        builder.append(
            timestamp=None, key=record.key, value=record.value, headers=[*record.headers, (placeholder, b"")]
        )
        data = bytearray(builder._build().replace(placeholder.encode(), name))
        data[17:21] = calc_crc32c(bytes(data[21:])).to_bytes(4, "big")
        builder._buffer = data
        await (await producer.send_batch(builder, topic, partition=record.partition))
    finally:
        await asyncio.wait_for(producer.stop(), 10)


async def read_all(servers: Servers, topic: str, partitions: int = 12) -> list[ConsumerRecord[Any, Any]]:
    """Every record that is on the topic now, in offset order a partition."""
    consumer = AIOKafkaConsumer(
        **servers.cluster.arguments,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await consumer.start()
    try:
        places = [TopicPartition(topic, part) for part in range(partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, 0)
        found: list[ConsumerRecord[Any, Any]] = []
        left = {place for place in places if ends[place]}
        while left:
            for got in (await consumer.getmany(timeout_ms=500, max_records=5000)).values():
                found += got
            left = {place for place in left if await consumer.position(place) < ends[place]}
        return found
    finally:
        await consumer.stop()


async def limit_batches(servers: Servers, topic: str, size: int) -> None:
    """Set the largest batch that the topic takes, in bytes."""
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    client = administrator(servers.cluster)  # alive until it is done
    for done in client.incremental_alter_configs([resource]).values():
        await asyncio.to_thread(done.result, 10)


async def cut(servers: Servers, topic: str, partition: int, before: int) -> None:
    """Delete the records before an offset, as somebody with the broker's tools may."""
    client = administrator(servers.cluster)
    for done in client.delete_records([Place(topic, partition, before)]).values():
        await asyncio.to_thread(done.result, 10)


async def secret(text: str) -> Path:
    """A file with this text, as services get their secrets."""
    path = Path(await asyncio.to_thread(tempfile.mkdtemp)) / "secret"
    await asyncio.to_thread(path.write_text, text)
    return path
