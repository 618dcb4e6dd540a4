"""Commands from the topic: each runs once; bad ones are recorded without their bytes, refusals are events."""

import dataclasses
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from shared.runtime.process import Process
from shared.runtime.store import HOUSE
from tests.support import raw
from tests.support.pair import Pair, pair
from tests.support.stack import Servers, process, until

SPONSOR = "Sponsor of the tests"


@dataclass
class Receiver:
    """A running service whose commands topic only the test writes to."""

    servers: Servers
    pair: Pair
    process: Process

    def command(self, name: str, body: object, **over: Any) -> raw.Raw:
        return raw.command(f"{self.pair.alpha.name}.{name}.v1", body, **over)

    async def send(self, *records: raw.Raw) -> None:
        """Produce, and wait until all of them were taken."""
        offsets = await raw.send(self.servers, f"{self.pair.alpha.name}.commands", records)
        await until(
            lambda: self.process.pool.fetchval(
                "SELECT EXISTS (SELECT FROM es.kafka_offset WHERE grp = $1 AND next_offset > $2)",
                f"{self.pair.alpha.name}.commands",
                offsets[-1],
            ),
            why=lambda: "the command was not taken",
        )

    async def bad(self) -> list[Any]:
        return await self.process.pool.fetch("SELECT * FROM es.bad_command ORDER BY koffset")

    async def events(self, type_: str) -> list[Any]:
        return await self.process.pool.fetch(
            "SELECT * FROM es.event WHERE type = $1 ORDER BY pos", f"{self.pair.alpha.name}.{type_}.v1"
        )


@pytest.fixture
async def receiver(servers: Servers) -> AsyncIterator[Receiver]:
    with pair(servers) as two:
        async with process(servers, two.alpha) as running:
            yield Receiver(servers, two, running)


def body(**over: object) -> dict[str, Any]:
    return {"tally_id": str(uuid7()), "trial_id": str(uuid7()), "n": 1, "sponsor": SPONSOR} | over


async def test_a_command_with_one_id_runs_once_however_often_it_comes(receiver: Receiver) -> None:
    once = receiver.command("count_up", body(n=3))
    await receiver.send(once, once, receiver.command("count_up", body(n=4)), once)
    counted = [json.loads(event["data"])["n"] for event in await receiver.events("tally.counted_up")]
    assert counted == [3, 4]
    assert await receiver.bad() == []


async def test_bad_commands_are_recorded_without_their_bytes_and_stop_nothing(receiver: Receiver) -> None:
    patient = "Name Of A Patient"
    deep = b'{"n":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    taken, new, internal = body(), "tally.counted_up", f"{receiver.pair.alpha.name}.republish_stream.v1"
    await receiver.send(receiver.command("count_up", taken))
    other_kind = (await receiver.events(new))[0]["stream_id"]
    bad = [
        receiver.command("count_up", b'{"note": "' + patient.encode()),
        receiver.command("count_up", None),
        receiver.command("count_up", b""),
        receiver.command("count_up", deep),
        receiver.command("count_up", body(n=patient)),
        receiver.command("count_up", body(note="a\x00b")),
        receiver.command("count_up", body(n=10**30)),
        receiver.command("count_up", body() | {f"a\x00{patient}": 1}),
        receiver.command("no_such", body()),
        receiver.command("count_up", body(), ce_id="seven"),
        receiver.command("count_up", body(), ce_id=None),
        receiver.command("count_up", body(), ce_keyid="somebody"),
        receiver.command("count_up", body(), ce_keyid=b"\xff\xfe"),
        receiver.command("count_up", body(), ce_signature=""),
        receiver.command("count_up", body(), ce_signature=None),
        receiver.command("count_up", body(), ce_signature="bm90IGEgc2lnbmF0dXJl"),
        dataclasses.replace(receiver.command("count_up", body(n=7)), value=json.dumps(body(n=8)).encode()),
        dataclasses.replace(receiver.command("count_up", body(n=7)), key=b"another"),
        receiver.command("count_up", body(), ce_reason="a\x00b", ce_type="x"),
        receiver.command("count_up", body(), ce_correlationid="seven"),
        raw.command(internal, {"stream_id": 7, "from_version": 1}),
        raw.command(internal, {"stream_id": str(other_kind), "from_version": 10**30}),
        raw.command(internal, b'{"stream_id": NaN, "from_version": Infinity}'),
        raw.command(internal, deep),
        raw.command(internal, None),
    ]
    await receiver.send(*bad, receiver.command("count_up", body(n=7)))
    rows = await receiver.bad()
    assert len(rows) == len(bad), [row["error"] for row in rows]
    for row, sent in zip(rows, bad, strict=True):
        assert row["sha256"] == hashlib.sha256(sent.value or b"").digest()
        assert row["error"]
        assert patient not in str(dict(row))
    last = (await receiver.events(new))[-1]
    assert json.loads(last["data"])["n"] == 7


async def test_a_refused_command_becomes_an_event_that_names_rule_and_field(receiver: Receiver) -> None:
    trial = uuid7()
    spend = receiver.command("spend", {"tally_id": str(uuid7()), "trial_id": str(trial), "n": 5})
    unknown = receiver.command("count_up", body(sponsor=None))
    large = receiver.command("count_up", body(note="x" * 300_000))
    await receiver.send(spend, unknown, large)
    refused = await receiver.events("command.refused")
    assert [json.loads(event["data"])["rule"] for event in refused] == [
        "not-enough",
        "unknown-trial",
        "too-large",
    ]
    first = json.loads(refused[0]["data"])
    sent = {key: value for key, value in spend.headers if value is not None}
    assert str(refused[0]["stream_id"]).encode() == sent["ce_id"]
    assert (first["command_type"].encode(), first["field"]) == (sent["ce_type"], "n")
    assert [event["version"] for event in refused] == [1, 1, 1]
    theirs = "SELECT count(*) FROM es.trial WHERE sponsor_id = $1"
    assert await receiver.process.pool.fetchval(theirs, HOUSE) == 0, (
        "a refusal says nothing of a trial's sponsor"
    )


async def test_a_role_that_may_not_give_a_command_is_refused_on_the_topic_too(receiver: Receiver) -> None:
    for who in ("auditor", "nobody", "local"):
        await receiver.send(receiver.command("count_up", body(), ce_keyid=who))
    refused = [json.loads(event["data"]) for event in await receiver.events("command.refused")]
    assert [one["rule"] for one in refused] == ["role", "role"]
    assert "auditor" in refused[0]["detail"]
    assert len(await receiver.events("tally.counted_up")) == 1
