"""Fault 14: what a broken producer can put on a topic is parked, its stream waits, all else goes on."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from shared.runtime.process import Process
from tests.support import raw
from tests.support.pair import Pair, pair
from tests.support.stack import Servers, process, until

pytestmark = pytest.mark.short


@dataclass
class Follower:
    """A running follower of a topic that only the test writes to; all records share one partition."""

    servers: Servers
    pair: Pair
    process: Process
    trial: UUID

    def event(self, stream: UUID, version: int, n: int = 1, **over: Any) -> raw.Raw:
        return raw.event(self.pair.alpha.name, stream, version, self.trial, n, **over)

    async def send(self, *records: raw.Raw) -> None:
        await raw.send(self.servers, self.pair.alpha.topic, records)

    async def reaches(self, offset: int) -> None:
        """The group has taken this many records of the partition."""
        await until(
            lambda: self.process.pool.fetchval(
                "SELECT EXISTS (SELECT FROM es.kafka_offset WHERE grp = $1 AND next_offset = $2)",
                self.pair.group,
                offset,
            ),
            why=lambda: f"the group did not reach offset {offset}",
        )

    async def total(self, stream: UUID) -> int | None:
        value: int | None = await self.process.pool.fetchval(
            "SELECT total FROM tally WHERE tally_id = $1", stream
        )
        return value

    async def parked(self) -> list[tuple[UUID | None, int | None, str]]:
        rows = await self.process.pool.fetch(
            "SELECT stream_id, version, reason FROM es.parked_event WHERE grp = $1 ORDER BY koffset",
            self.pair.group,
        )
        return [tuple(row) for row in rows]

    async def blocked(self) -> dict[UUID, str]:
        rows = await self.process.pool.fetch("SELECT stream_id, reason FROM es.blocked_stream")
        return {row["stream_id"]: row["reason"] for row in rows}


@pytest.fixture
async def follower(servers: Servers) -> AsyncIterator[Follower]:
    with pair(servers) as two:
        async with process(servers, two.beta) as running:
            yield Follower(servers, two, running, uuid7())


DEEP = b'{"n":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
UNREADABLE: dict[str, dict[str, Any]] = {
    "a header that is not UTF-8": {"ce_reason": b"\xff\xfe"},
    "a header without a value": {"ce_type": None},
    "a stream that is no UUID": {"ce_subject": "trial 7"},
    "a version that is no number": {"ce_sequence": "first"},
    "version zero": {"ce_sequence": "0"},
    "a version below zero": {"ce_sequence": "-1"},
    "a version beyond 64 bits": {"ce_sequence": "9" * 25},
}
IN_A_STREAM: dict[str, tuple[dict[str, Any], str]] = {
    "malformed JSON": ({"value": b'{"n": 1'}, "schema"),
    "another shape": ({"value": b'{"n": "many"}'}, "schema"),
    "no bytes at all": ({"value": b""}, "schema"),
    "a null value": ({"value": None}, "schema"),
    "deep JSON": ({"value": DEEP}, "schema"),
    "bytes that are not UTF-8": ({"value": b'{"note": "\xff"}'}, "schema"),
    "a number that is none": ({"value": b'{"n": NaN}'}, "schema"),
    "a later version of the type": ({"ce_type": "{service}.tally.counted_up.v2"}, "newer"),
    "another service's name": ({"ce_source": "/trialwire/somebody"}, "source"),
    "no time": ({"ce_time": "yesterday"}, "unreadable"),
    "a time without a zone": ({"ce_time": "2026-03-01T12:00:00"}, "unreadable"),
    "no correlation": ({"ce_correlationid": None}, "unreadable"),
}


async def test_a_record_that_cannot_be_placed_is_parked_and_blocks_nothing(follower: Follower) -> None:
    streams = {name: uuid7() for name in UNREADABLE}
    for name, over in UNREADABLE.items():
        await follower.send(follower.event(streams[name], 1, **over), follower.event(streams[name], 1))
    await follower.reaches(2 * len(UNREADABLE))
    assert await follower.parked() == [(None, None, "unreadable")] * len(UNREADABLE)
    assert {name: await follower.total(streams[name]) for name in UNREADABLE} == dict.fromkeys(UNREADABLE, 1)
    assert await follower.blocked() == {}


async def test_an_event_that_cannot_be_read_blocks_its_stream_and_no_other(follower: Follower) -> None:
    streams, good = {name: uuid7() for name in IN_A_STREAM}, uuid7()
    expected = []
    for version, (name, (over, reason)) in enumerate(IN_A_STREAM.items(), 1):
        bad = streams[name]
        over = {
            k: v.format(service=follower.pair.alpha.name) if k == "ce_type" else v for k, v in over.items()
        }
        await follower.send(
            follower.event(bad, 1, n=5),
            follower.event(bad, 2, **over),
            follower.event(good, version),
            follower.event(bad, 3, n=6),
        )
        expected += [(bad, 2, reason), (bad, 3, "behind")]
    await follower.reaches(4 * len(IN_A_STREAM))
    assert await follower.parked() == expected
    assert await follower.blocked() == {streams[name]: reason for name, (_, reason) in IN_A_STREAM.items()}
    assert {await follower.total(bad) for bad in streams.values()} == {5}
    assert await follower.total(good) == len(IN_A_STREAM)


async def test_our_own_code_failing_on_an_event_parks_it_and_what_follows(follower: Follower) -> None:
    bad, good = uuid7(), uuid7()
    note = {"tally_id": str(bad), "trial_id": str(follower.trial), "n": 1, "note": "break"}
    strange = f"{follower.pair.alpha.name}.tally.forgotten.v1"
    await follower.send(
        follower.event(good, 1, n=2),
        follower.event(bad, 1, value=json.dumps(note).encode()),
        follower.event(bad, 2, ce_type=strange),
        follower.event(bad, 3, n=3),
        follower.event(good, 2, n=2),
    )
    await follower.reaches(5)
    assert await follower.parked() == [(bad, 1, "failed"), (bad, 2, "behind"), (bad, 3, "behind")]
    assert (await follower.total(bad), await follower.total(good)) == (None, 4)


async def test_text_that_postgres_cannot_hold_parks_the_event(follower: Follower) -> None:
    bad, good = uuid7(), uuid7()
    big = {"tally_id": str(bad), "trial_id": str(follower.trial), "n": 10**30}
    await follower.send(follower.event(bad, 1, value=json.dumps(big).encode()), follower.event(good, 1))
    await follower.reaches(2)
    assert await follower.parked() == [(bad, 1, "failed")]
    assert await follower.total(good) == 1


async def test_what_a_bad_record_holds_never_reaches_a_log(
    follower: Follower, capfd: pytest.CaptureFixture[str]
) -> None:
    patient = "Name-Of-A-Patient"
    await follower.send(
        follower.event(uuid7(), 1, value=f'{{"{patient}": '.encode()),
        follower.event(uuid7(), 1, value=json.dumps({"tally_id": patient, "n": patient}).encode()),
        follower.event(uuid7(), 1, value=json.dumps({"note": f"{patient}\0"}).encode()),
        follower.event(uuid7(), 1, value=patient.encode(), ce_actor=f"developer:{patient}"),
        follower.event(uuid7(), 1, ce_subject=patient),
        follower.event(uuid7(), 1, ce_time=patient),
        follower.event(uuid7(), 1, key=patient.encode()),
    )
    await follower.reaches(7)
    assert len(await follower.parked()) == 6
    said = "".join(capfd.readouterr())
    assert patient not in said
    errors = await follower.process.pool.fetch("SELECT reason, error FROM es.parked_event")
    assert patient not in str(errors)


async def test_an_event_id_that_was_used_before_parks_the_event_whose_reaction_collides(
    follower: Follower,
) -> None:
    first, second, good, id_ = uuid7(), uuid7(), uuid7(), str(uuid7())
    await follower.send(
        follower.event(first, 1, n=10, ce_id=id_),
        follower.event(second, 1, n=20, ce_id=id_),
        follower.event(good, 1),
    )
    await follower.reaches(3)
    assert await follower.parked() == [(second, 1, "failed")]
    assert (await follower.total(first), await follower.total(good)) == (10, 1)


async def test_a_header_whose_name_is_not_utf_8_stops_nothing(follower: Follower) -> None:
    stream = uuid7()
    await follower.send(follower.event(stream, 1, n=2))
    odd = follower.event(stream, 2, n=3)
    await raw.send_with_header_name(follower.servers, follower.pair.alpha.topic, odd, b"\xff\xfename")
    await follower.send(follower.event(stream, 3, n=4))
    await follower.reaches(3)
    assert await follower.total(stream) == 9


async def test_a_null_key_and_an_unknown_type_are_no_faults(follower: Follower) -> None:
    stream = uuid7()
    unknown = f"{follower.pair.alpha.name}.tally.forgotten.v1"
    await follower.send(
        follower.event(stream, 1, key=None),
        follower.event(stream, 2, ce_type=unknown, value=b"\x00\xff"),
        follower.event(stream, 3, n=4),
    )
    await follower.reaches(3)
    assert await follower.total(stream) == 5
    assert await follower.parked() == []


async def test_a_record_of_almost_the_broker_s_limit_is_taken(follower: Follower) -> None:
    bad, good = uuid7(), uuid7()
    await follower.send(follower.event(bad, 1, value=b'"' + b"x" * 1_000_000), follower.event(good, 1))
    await follower.reaches(2)
    assert await follower.parked() == [(bad, 1, "schema")]
    assert await follower.total(good) == 1


async def test_duplicates_and_old_versions_change_nothing(follower: Follower) -> None:
    stream = uuid7()
    first, second = follower.event(stream, 1, n=2), follower.event(stream, 2, n=3)
    await follower.send(first, first, second, first, second)
    await follower.reaches(5)
    assert await follower.total(stream) == 5
    assert await follower.parked() == []


async def test_more_than_twenty_newly_blocked_streams_open_the_circuit_for_its_time(
    follower: Follower,
) -> None:
    bad = [follower.event(uuid7(), 1, value=b"{") for _ in range(30)]
    last = uuid7()
    await follower.send(*bad, follower.event(last, 1))
    await until(lambda: _count(follower, 20), why=lambda: "the circuit never saw its twentieth stream")
    assert await follower.total(last) is None
    assert len(await follower.blocked()) == 20
    await until(lambda: follower.process.unready() == {follower.pair.group: "its circuit is open"})
    await follower.reaches(31)
    await until(lambda: not follower.process.unready())
    assert len(await follower.blocked()) == 30
    assert await follower.total(last) == 1


async def _count(follower: Follower, n: int) -> bool:
    return len(await follower.parked()) >= n
