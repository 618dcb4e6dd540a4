"""A sample randomisation system, as an integrator writes one: a program of its own that reads the topic.

    python randomiser.py --kafka HOST:PORT --login FILE --api URL --token FILE --allocations FILE

A request is a line of JSON on the standard input: `trial_id`, `site_id`, `subject_id`, `randomised_on` (the
site's local day). Each gets a line of JSON on the standard output, whose `answer` is `randomised` with a
number, or `refused` with the `rule` and the ids of the `holds`. Which arm a number means stands in the file
of allocations alone: no answer, event or log has it.

Before each answer it reads `trials.events` up to the end, and where it cannot, it refuses: what it knows is
never older than the question. It keeps no other state, so a restart reads the topic from the beginning.

Allocations are permuted blocks of four by site (Zelen 1974, J Chronic Dis 27:365-375). A real system hides
the length of its blocks; this one is a sample.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError

TOPIC = "trials.events"
ARMS, BLOCK = ("A", "B"), 4
PATIENCE = 5.0  # seconds for the topic and for the API
Answer = dict[str, Any]


class Permissions:
    """What the topic says: sites that were activated, and the latest word on each trial and site."""

    def __init__(self) -> None:
        self._active: set[tuple[str, str]] = set()
        self._forbidden: dict[str, tuple[int, list[str]]] = {}

    def take(self, headers: dict[str, str], data: dict[str, Any]) -> None:
        """One event; a repeated or older one changes nothing."""
        if headers["ce_type"] == "trials.site.activated.v1":
            self._active.add((data["trial_id"], data["site_id"]))
        elif headers["ce_type"] == "trials.permissions.changed.v1":
            scope, version = data["scope_id"], int(headers["ce_sequence"])
            if version > self._forbidden.get(scope, (0, []))[0]:
                self._forbidden[scope] = version, data["permissions"]["randomise"]

    def refusal(self, trial: str, site: str) -> Answer | None:
        """Why nobody is randomised there now; a site of which nothing is known is refused as well."""
        if (trial, site) not in self._active:
            return _refused("site.not_active")
        holds = {hold for scope in (trial, site) for hold in self._forbidden.get(scope, (0, []))[1]}
        return _refused("hold.randomise", sorted(holds)) if holds else None


class Topic:
    """The topic, read on demand up to its end of that moment."""

    def __init__(self, consumer: AIOKafkaConsumer, known: Permissions) -> None:
        self._consumer, self._known = consumer, known

    async def catch_up(self) -> None:
        """Read all that was written before this call; the caller sets the time limit."""
        ends = await self._consumer.end_offsets(self._consumer.assignment())
        for part, end in ends.items():
            while await self._consumer.position(part) < end:
                batches = await self._consumer.getmany(timeout_ms=50)
                for record in (record for records in batches.values() for record in records):
                    self._take(record)

    def _take(self, record: ConsumerRecord[Any, Any]) -> None:
        headers = {name: value.decode() for name, value in record.headers}
        self._known.take(headers, json.loads(record.value or b"{}"))


class Allocations:
    """The file of allocations, a line of JSON each, for its owner's eyes alone."""

    def __init__(self, file: Path) -> None:
        self._file = file
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self.made: list[dict[str, str]] = [json.loads(line) for line in lines]

    def number_of(self, subject: str) -> str | None:
        return next((one["number"] for one in self.made if one["subject_id"] == subject), None)

    def allocate(self, site: str, subject: str) -> str:
        """The subject's number, once its allocation is on the disk."""
        arm = drawn([one["arm"] for one in self.made if one["site_id"] == site])
        made = {"number": f"R-{len(self.made) + 1:04}", "site_id": site, "subject_id": subject, "arm": arm}
        with open(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as out:
            out.write(json.dumps(made) + "\n")
            out.flush()
            os.fsync(out.fileno())
        self.made.append(made)
        return made["number"]


def drawn(before: Sequence[str]) -> str:
    """The next arm at random from what is left of the block, given the site's arms so far."""
    block = before[len(before) - len(before) % BLOCK :]
    return secrets.choice(list((Counter(ARMS * (BLOCK // len(ARMS))) - Counter(block)).elements()))


async def answer(asked: Answer, topic: Topic, known: Permissions, book: Allocations, api: Api) -> Answer:
    """The topic's word first, then the API's, which has the last one; only then the allocation is made."""
    try:
        async with asyncio.timeout(PATIENCE):
            await topic.catch_up()
    except (TimeoutError, KafkaError):
        return _refused("topic.not_read")
    if refusal := known.refusal(asked["trial_id"], asked["site_id"]):
        return refusal
    if refusal := await api.randomise(asked):
        return refusal
    subject = asked["subject_id"]
    number = book.number_of(subject) or book.allocate(asked["site_id"], subject)
    return {"answer": "randomised", "number": number}


class Api:
    """The trials service; who asks again for a subject gets the same answer and causes no second event."""

    def __init__(self, web: httpx.AsyncClient, address: str, token: Path) -> None:
        self._web, self._token = web, token
        self._address = f"{address}/v1/commands/randomise-subject"

    async def randomise(self, asked: Answer) -> Answer | None:
        """The refusal, or none once the randomisation is a fact."""
        headers = {
            "Authorization": f"Bearer {self._token.read_text(encoding='utf-8').strip()}",
            "Idempotency-Key": str(uuid4()),
        }
        try:
            said = await self._web.post(self._address, json=asked, headers=headers)
        except httpx.HTTPError:
            return _refused("api.away")
        return None if said.is_success else _refused(said.json().get("type", "").rpartition(":")[2])


def _refused(rule: str, holds: Sequence[str] = ()) -> Answer:
    return {"answer": "refused", "rule": rule, "holds": list(holds)}


async def main(given: argparse.Namespace) -> None:
    """Answer requests until the standard input ends."""
    user, _, password = given.login.read_text(encoding="utf-8").strip().partition(":")
    login = {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": user, "sasl_plain_password": password}
    place = {"bootstrap_servers": given.kafka, "security_protocol": "SASL_PLAINTEXT", **login}
    # In no group: every start reads every partition from its beginning, and nothing is committed.
    consumer = AIOKafkaConsumer(TOPIC, auto_offset_reset="earliest", enable_auto_commit=False, **place)
    known, book = Permissions(), Allocations(given.allocations)
    topic = Topic(consumer, known)
    await consumer.start()
    try:
        await topic.catch_up()
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as web:
            api = Api(web, given.api, given.token)
            print(json.dumps({"answer": "ready"}), flush=True)
            while line := await asyncio.to_thread(sys.stdin.readline):
                print(json.dumps(await answer(json.loads(line), topic, known, book, api)), flush=True)
    finally:
        await consumer.stop()


if __name__ == "__main__":
    asked_for = argparse.ArgumentParser(description="A sample randomisation system.")
    for name in ("--kafka", "--api"):
        asked_for.add_argument(name, required=True)
    for name in ("--login", "--token", "--allocations"):
        asked_for.add_argument(name, required=True, type=Path)
    asyncio.run(main(asked_for.parse_args()))
