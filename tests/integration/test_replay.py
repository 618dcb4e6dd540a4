"""What was parked is applied when its cause is gone: after an upgrade, or when a person asks."""

import dataclasses
from typing import ClassVar
from uuid import UUID

from aiokafka import ConsumerRecord
from uuid_utils.compat import uuid7

from shared.contracts.message import CommandRefused
from shared.runtime.apply import Applier
from shared.runtime.execute import Executor
from shared.runtime.replay import replay, replay_after_upgrade
from tests.support import probe, raw
from tests.support.answering import answering
from tests.support.stack import Servers, executor


class CountedUp2(probe.CountedUp):
    """A tally grew, as a later release tells it."""

    type: ClassVar[str] = "alpha.tally.counted_up.v2"


def record(offset: int, given: raw.Raw) -> "ConsumerRecord[bytes, bytes]":
    return ConsumerRecord(
        "alpha.events", 0, offset, 0, 0, given.key, given.value, None, 0, 0, tuple(given.headers)
    )


async def total(run: Executor, stream: UUID) -> int | None:
    found: int | None = await run.pool.fetchval("SELECT total FROM tally WHERE tally_id = $1", stream)
    return found


async def test_a_stream_blocked_by_a_newer_version_goes_on_after_the_upgrade(servers: Servers) -> None:
    stream, trial = uuid7(), uuid7()
    records = [
        record(0, raw.event("alpha", stream, 1, trial, n=1)),
        record(1, raw.event("alpha", stream, 2, trial, n=2, ce_type=CountedUp2.type)),
        record(2, raw.event("alpha", stream, 3, trial, n=4)),
    ]
    old = probe.beta()
    async with executor(servers, old) as run:
        batch = await Applier(old, run, "alpha").apply(records)
        assert (batch.outcomes["applied"], batch.outcomes["parked"]) == (1, 2)
        assert await replay(old, run, "beta.alpha", stream) == 0, "nothing has changed yet"
        assert await total(run, stream) == 1

        union = probe.CountedUp | CountedUp2 | probe.TimedOut
        new = dataclasses.replace(old, contracts={"alpha": union, "beta": probe.BetaEvent | CommandRefused})
        assert await replay_after_upgrade(new, Executor(new, run.pool)) == 2
        assert await total(run, stream) == 7
        assert await run.pool.fetchval("SELECT count(*) FROM es.blocked_stream") == 0
        assert await run.pool.fetchval("SELECT count(*) FROM es.parked_event") == 0


async def test_parked_events_are_listed_without_their_content(servers: Servers) -> None:
    async with answering(servers, "trials") as (run, client):
        stream = uuid7()
        bad = raw.event("regulatory", stream, 1, uuid7(), ce_type="regulatory.irb.approved.v1", value=b"{}")
        where = dataclasses.replace(record(0, bad), topic="regulatory.events")
        await Applier(run.service, run, "regulatory").apply([where])
        found = (await client.get("/v1/parked")).json()
        assert [row["stream_id"] for row in found["blocked"]] == [str(stream)]
        assert {row["reason"] for row in found["parked"]} == {"schema"}
        assert not {"value", "headers", "key"} & set(found["parked"][0])
