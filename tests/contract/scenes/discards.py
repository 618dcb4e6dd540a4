"""A record that no service can apply: two persons discard it, and a proposal about another is taken back."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from shared.stack.databases import SERVICES
from shared.stack.demo.stage import Stage

OPERATOR, SECOND, QUALITY = "operator:o-01", "operator:o-02", "quality:q-01"


async def play(stage: Stage) -> None:
    """Two events whose data say nothing, each the first of its stream, of a type that all services take."""
    first, second = str(uuid4()), str(uuid4())
    async with AIOKafkaProducer(**stage.found.broker("trials").arguments) as producer:
        for stream in (first, second):
            await producer.send_and_wait("trials.events", b"{}", headers=_headers(stream))
    for service in SERVICES:
        async with stage.step(f"two persons discard what {service} cannot apply", 40):
            await _discarded(stage, service, first)
            taken_back = await _proposed(stage, service, second)
            await stage.act(SECOND, service, "withdraw-discard", discard_id=taken_back)
            await _discarded(stage, service, second)


async def _discarded(stage: Stage, service: str, stream: str) -> None:
    id_ = await _proposed(stage, service, stream)
    await stage.act(
        QUALITY, service, "confirm-discard", discard_id=id_, meaning="confirms that it is discarded"
    )


async def _proposed(stage: Stage, service: str, stream: str) -> str:
    """The id of a proposal, made as soon as the service has come to the record."""
    body: dict[str, Any] = {
        "group": f"{service}.trials",
        "record": {"stream_id": stream, "version": 1},
        "reason_code": "malformed",
        "meaning": "proposes to discard the record",
    }
    while stream not in str(await stage.ask(service, "/v1/parked", limit=500)):
        pass
    return str((await stage.act(OPERATOR, service, "propose-discard", **body))["stream_id"])


def _headers(stream: str) -> list[tuple[str, bytes]]:
    text = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid4()),
        "ce_type": "trials.subject.enrolled.v1",
        "ce_source": "/trialwire/trials",
        "ce_subject": stream,
        "ce_sequence": "1",
        "ce_sponsorid": str(uuid4()),
        "ce_time": datetime.now(UTC).isoformat(),
        "ce_correlationid": str(uuid4()),
        "ce_actor": "project_manager:p-01",
    }
    return [(name, value.encode()) for name, value in text.items()]
