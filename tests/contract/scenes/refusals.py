"""Commands from the topic that their service refuses: each refusal is an event."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer

from shared.identity.machines import sign
from shared.stack import issuer
from shared.stack.api import StackAddresses
from shared.stack.demo.stage import Stage
from shared.stack.home import Home
from tests.e2e.desk import about


async def play(stage: Stage, home: Home) -> None:
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
    await _refused(stage, home, "trials.randomise_subject", randomise | {"randomised_on": str(stage.today)})
    await _refused(stage, home, "safety.assess_case", assess | unknown)
    await _refused(stage, home, "regulatory.file_safety_report", file | unknown)
    await _refused(stage, home, "retrieval.send_leg", send | unknown)


async def _refused(stage: Stage, home: Home, command: str, body: dict[str, Any]) -> None:
    service = command.partition(".")[0]
    async with stage.step(f"{service} refuses {command} from the topic", 20):
        id_ = uuid4()
        content = json.dumps(body).encode()
        await _put(stage.found, f"{service}.commands", _headers(home, id_, command, content), content)
        # A correlation of its own: in the story's, a refusal fails the step.
        seen = stage.watch.events
        await stage.watch.until(lambda: any(str(one.data.get("command_id")) == str(id_) for one in seen))


def _headers(home: Home, id_: UUID, command: str, content: bytes) -> list[tuple[str, bytes]]:
    about = (str(id_), f"{command}.v1", datetime.now(UTC).isoformat())
    signature = sign(issuer.machine_key(home), *about, b"", content)
    names = ("ce_id", "ce_type", "ce_time", "ce_specversion", "ce_source", "ce_keyid", "ce_signature")
    texts = (*about, "1.0", "/scenes", issuer.MACHINE, signature)
    return [(name, text.encode()) for name, text in zip(names, texts, strict=True)]


async def _put(found: StackAddresses, topic: str, headers: list[tuple[str, bytes]], content: bytes) -> None:
    service = topic.partition(".")[0]  # which may write there, to itself
    async with AIOKafkaProducer(**found.broker(service).arguments) as producer:
        await producer.send_and_wait(topic, content, headers=headers)
