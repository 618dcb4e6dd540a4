"""Rows of the outbox as record batches: one producer a worker, one batch a partition."""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from aiokafka import AIOKafkaProducer
from opentelemetry.trace import Link, SpanKind

from shared.identity.kafka import Kafka
from shared.runtime import metrics, telemetry
from shared.runtime.database import Record
from shared.runtime.record import headers_of

Group: TypeAlias = tuple[str, int]
_EACH = 20  # events of a batch that still get the spans of their transactions; a burst gets one, with links
_LINKS = 20


class Publisher:
    """An idempotent producer, made anew after a refusal: one that was refused a batch is of no more use."""

    def __init__(self, service: str, kafka: Kafka) -> None:
        self._service = service
        self._kafka = kafka
        self._producer: AIOKafkaProducer | None = None
        self.one_by_one = False

    async def send(self, groups: Mapping[Group, Sequence[Record]]) -> dict[Group, Exception]:
        """Send each group's rows to its topic and partition; answer with the groups that were refused."""
        producer = await self.started()
        sending = [self._send_group(producer, *item) for item in groups.items()]
        results = await asyncio.gather(*sending, return_exceptions=True)
        faults = {}
        for group, result in zip(groups, results, strict=True):
            if isinstance(result, Exception):
                faults[group] = result
            elif isinstance(result, BaseException):
                raise result
        if faults:
            await self.drop()
        return faults

    async def _send_group(self, producer: AIOKafkaProducer, group: Group, rows: Sequence[Record]) -> None:
        topic, partition = group
        futures = []
        with contextlib.ExitStack() as span:
            spans: dict[str, str] | None = {}
            if len(rows) > _EACH:
                span.enter_context(_batch_span(topic, rows))
                spans = None
            batch = producer.create_batch()
            for row in rows:
                record = self._record(topic, row, spans)
                if batch.append(timestamp=None, **record) is None:
                    futures.append(await producer.send_batch(batch, topic, partition=partition))
                    batch = producer.create_batch()
                    batch.append(timestamp=None, **record)
            futures.append(await producer.send_batch(batch, topic, partition=partition))
            await asyncio.gather(*futures)
        metrics.RELAYED.labels(topic).inc(len(rows))

    def _record(self, topic: str, row: Record, spans: dict[str, str] | None) -> dict[str, Any]:
        meta = json.loads(row["meta"])
        if spans is not None and (parent := meta.get("traceparent")):
            if parent not in spans:  # what one transaction appended goes under one span
                attributes, above = (
                    telemetry.messaging("send", topic, **_ids(row, meta)),
                    telemetry.context_of(parent),
                )
                with telemetry.span(f"send {topic}", SpanKind.PRODUCER, attributes, above):
                    spans[parent] = telemetry.traceparent() or parent
            meta["traceparent"] = spans[parent]
        headers = headers_of(self._service, row, meta)
        return {"key": row["key"].encode(), "value": row["data"].encode(), "headers": headers}

    async def started(self) -> AIOKafkaProducer:
        """The producer, connected; a new one after a refusal."""
        if self._producer is None:
            self._producer = AIOKafkaProducer(
                **self._kafka.arguments,
                client_id=f"{self._service}-relay",
                enable_idempotence=True,
                acks="all",
                max_batch_size=512 * 1024,  # the broker's limit of about 1 MiB is on the batch
                max_request_size=4 * 1024 * 1024,
                request_timeout_ms=15_000,
                linger_ms=0,
            )
            try:
                await asyncio.wait_for(self._producer.start(), 20)
            except BaseException:
                await self.drop()
                raise
        return self._producer

    async def drop(self) -> None:
        """Stop the producer within 5 s; with the broker away aiokafka's own stop would wait for ever."""
        producer, self._producer = self._producer, None
        if producer:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(producer.stop(), 5)


def _batch_span(topic: str, rows: Sequence[Record]) -> contextlib.AbstractContextManager[Any]:
    parents = dict.fromkeys(json.loads(row["meta"]).get("traceparent") for row in rows[:_LINKS])
    links: list[Link] = [link for parent in parents for link in telemetry.link_to(parent)]
    attributes = telemetry.messaging("send", topic, messaging__batch__message_count=len(rows))
    return telemetry.span(f"send {topic}", SpanKind.PRODUCER, attributes, links=links)


def _ids(row: Record, meta: dict[str, Any]) -> dict[str, Any]:
    return {
        "cloudevents__event_id": row["event_id"],
        "cloudevents__event_type": row["type"],
        "trialwire__correlation_id": meta.get("correlation"),
        "trialwire__trial_id": meta.get("trial"),
    }
