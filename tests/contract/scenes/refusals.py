"""Commands from the topic that their service refuses: each refusal is an event."""

import json
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer

from shared.stack.api import StackAddresses
from shared.stack.demo.stage import Stage
from tests.e2e.desk import LEAD, about


async def play(stage: Stage) -> None:
    """One command a service, each about something that it does not know."""
    unknown = {"trial_id": str(stage.story.trial)}
    randomise = {name: str(id_) for name, id_ in about(stage, uuid4()).items()}
    assess = {
        "case_id": str(uuid4()),
        "meaning": "medical determination",
        "causality_investigator": "related",
        "causality_sponsor": "related",
        "expected": False,
        "rsi_version": "IB-3",
        "determination": "reportable",
    }
    file = {"report_id": str(uuid4()), "meaning": "released for submission"}
    send = {"request_id": str(uuid4()), "leg_id": str(uuid4()), "method": "fax"}
    await _refused(stage, "trials.randomise_subject", randomise | {"randomised_on": str(stage.today)})
    await _refused(stage, "safety.assess_case", assess | unknown)
    await _refused(stage, "regulatory.file_safety_report", file | unknown)
    await _refused(stage, "retrieval.send_leg", send | unknown)


async def _refused(stage: Stage, command: str, body: dict[str, Any]) -> None:
    service = command.partition(".")[0]
    async with stage.step(f"{service} refuses {command} from the topic", 20):
        id_ = uuid4()
        await _put(stage.found, f"{service}.commands", _headers(id_, command), body)
        # A correlation of its own: in the story's, a refusal fails the step.
        seen = stage.watch.events
        await stage.watch.until(lambda: any(str(one.data.get("command_id")) == str(id_) for one in seen))


def _headers(id_: UUID, command: str) -> list[tuple[str, bytes]]:
    text = {"ce_specversion": "1.0", "ce_id": str(id_), "ce_type": f"{command}.v1", "ce_actor": LEAD}
    return [(name, value.encode()) for name, value in {**text, "ce_source": "/scenes"}.items()]


async def _put(
    found: StackAddresses, topic: str, headers: list[tuple[str, bytes]], body: dict[str, Any]
) -> None:
    service = topic.partition(".")[0]  # which may write there, to itself
    async with AIOKafkaProducer(**found.broker(service).arguments) as producer:
        await producer.send_and_wait(topic, json.dumps(body).encode(), headers=headers)
