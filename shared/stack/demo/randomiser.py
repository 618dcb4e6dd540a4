"""A sample randomisation system, as an integrator writes one: a program of its own that reads the topic.

    python randomiser.py --kafka HOST:PORT --login FILE --api URL --token FILE --allocations FILE [--tls FILE]

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
import contextlib
import json
import os
import secrets
import ssl
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
FIELDS = ("trial_id", "site_id", "subject_id", "randomised_on")
ARMS, BLOCK = ("A", "B"), 4
PATIENCE = 5.0  # seconds for the topic and for the API
Answer = dict[str, Any]
UNTOLD: tuple[int, list[str], bool] = (0, [], False)


class Permissions:
    """What the topic says: sites that were activated, and the latest word on each trial and site."""

    def __init__(self) -> None:
        self._active: set[tuple[str, str]] = set()
        self._told: dict[str, tuple[int, list[str], bool]] = {}  # version, holds, closed by status

    def take(self, headers: dict[str, str], data: dict[str, Any]) -> None:
        """One event; a repeated or older one changes nothing.

        A hold on one arm counts against all: else the others are filled up.
        """
        if headers["ce_type"] == "trials.site.activated.v1":
            self._active.add((data["trial_id"], data["site_id"]))
        elif headers["ce_type"] == "trials.permissions.changed.v1":
            scope, version = data["scope_id"], int(headers["ce_sequence"])
            if version > self._told.get(scope, UNTOLD)[0]:
                effects = (data["permissions"], *data.get("arms", {}).values())
                holds = [hold for each in effects for hold in each["randomise"]]
                self._told[scope] = version, holds, "randomise" in data.get("closed", ())

    def refusal(self, trial: str, site: str) -> Answer | None:
        """Why nobody is randomised there now; a site of which nothing is known is refused as well."""
        if (trial, site) not in self._active:
            return _refused("site.not_active")
        (_, over, ended), (_, there, closing) = (self._told.get(scope, UNTOLD) for scope in (trial, site))
        if holds := {*over, *there}:
            return _refused("hold.randomise", sorted(holds))
        if ended:
            return _refused("trial.not_active")
        return _refused("site.not_active") if closing else None


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
        if said.is_success:
            return None
        told = said.json() if "json" in said.headers.get("content-type", "") else {}
        return _refused(told.get("type", "").rpartition(":")[2] or f"http.{said.status_code}")


def _refused(rule: str, holds: Sequence[str] = ()) -> Answer:
    return {"answer": "refused", "rule": rule, "holds": list(holds)}


def request(line: str) -> Answer | None:
    """What a line asks for; none where it is no request."""
    with contextlib.suppress(ValueError):
        asked = json.loads(line)
        if isinstance(asked, dict) and all(isinstance(asked.get(name), str) for name in FIELDS):
            return {name: asked[name] for name in FIELDS}
    return None


def place(given: argparse.Namespace) -> dict[str, Any]:
    """Where the broker is and how to get in, as aiokafka takes it."""
    kind = ("SASL_" if given.login else "") + ("SSL" if given.tls else "PLAINTEXT")
    found: dict[str, Any] = {"bootstrap_servers": given.kafka, "security_protocol": kind}
    if given.login:
        user, _, password = given.login.read_text(encoding="utf-8").strip().partition(":")
        found |= {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": user}
        found |= {"sasl_plain_password": password}
    if given.tls:
        authorities = None if given.tls == "system" else given.tls
        found["ssl_context"] = ssl.create_default_context(cafile=authorities)
    return found


async def main(given: argparse.Namespace) -> None:
    """Answer requests until the standard input ends."""
    # In no group: every start reads every partition from its beginning, and nothing is committed. What asks
    # for the topic's end stands behind a fetch that waits for news, so that wait is kept short.
    reading = {"auto_offset_reset": "earliest", "enable_auto_commit": False, "fetch_max_wait_ms": 50}
    consumer = AIOKafkaConsumer(TOPIC, **reading, **place(given))
    known, book = Permissions(), Allocations(given.allocations)
    topic = Topic(consumer, known)
    await consumer.start()
    try:
        await topic.catch_up()
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as web:
            api = Api(web, given.api, given.token)
            print(json.dumps({"answer": "ready"}), flush=True)
            while line := await asyncio.to_thread(sys.stdin.readline):
                asked = request(line)
                told = await answer(asked, topic, known, book, api) if asked else _refused("request.invalid")
                print(json.dumps(told), flush=True)
    finally:
        await consumer.stop()


if __name__ == "__main__":
    asked_for = argparse.ArgumentParser(description="A sample randomisation system.")
    for name in ("--kafka", "--api"):
        asked_for.add_argument(name, required=True)
    for name in ("--token", "--allocations"):
        asked_for.add_argument(name, required=True, type=Path)
    asked_for.add_argument(
        "--login", type=Path, help="user:password; none where the broker lets everybody in"
    )
    asked_for.add_argument("--tls", help="system, or a file of authorities; none for no TLS")
    asyncio.run(main(asked_for.parse_args()))
