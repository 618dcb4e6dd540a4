"""Records a sample of each event type that has none: python -m tests.contract.record SERVERS [LOGIN_FILE].

It reads the event topics of a running stack from their beginning, as its observer
(secrets/observer.kafka). A sample is never written again: what a
released version wrote stays as the proof that later contracts still read it.
"""

import asyncio
import json
import sys
from pathlib import Path

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from docs import build
from shared.identity.kafka import Kafka

SAMPLES = Path(__file__).parent / "samples"
QUIET_MS = 3_000


async def record(kafka: Kafka) -> list[str]:
    """Write the samples that are missing; the names of the types that no topic holds either."""
    missing = {name for name in build.released() if not (SAMPLES / f"{name}.json").exists()}
    topics = [f"{service}.events" for service in build.services()]
    async with AIOKafkaConsumer(*topics, **kafka.arguments, auto_offset_reset="earliest") as topic:
        while missing and (batches := await topic.getmany(timeout_ms=QUIET_MS)):
            for found in (found for batch in batches.values() for found in batch):
                if (name := _header(found, "ce_type")) in missing:
                    (SAMPLES / f"{name}.json").write_text(_text(found), encoding="utf-8")
                    missing.discard(name)
    return sorted(missing)


def _header(found: "ConsumerRecord[bytes, bytes]", name: str) -> str:
    return next((value.decode() for key, value in found.headers if key == name), "")


def _text(found: "ConsumerRecord[bytes, bytes]") -> str:
    headers = {key: value.decode() for key, value in sorted(found.headers)}
    document = {"headers": headers, "data": json.loads(found.value or b"null")}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SAMPLES.mkdir(exist_ok=True)
    login = Path(sys.argv[2]).read_text(encoding="utf-8").strip() if sys.argv[2:] else ""
    print("\n".join(asyncio.run(record(Kafka(sys.argv[1], login)))))
