"""Faults 9, 11, 20 and 26: relays that share nothing, members that come and go, a long transaction."""

import signal

import asyncpg
import pytest

from tests.support.arena import arena
from tests.support.stack import Servers

pytestmark = pytest.mark.long


async def test_three_relays_that_all_own_every_bucket_repeat_and_never_reorder(servers: Servers) -> None:
    """Leases are for economy, not for safety: here nobody respects them and one is frozen time and again."""
    async with arena(servers) as place:
        relays = [place.start("alpha", IGNORE_LEASES="1") for _ in range(3)]
        place.start("beta")
        await place.ready()
        async with place.load.running():
            for relay in relays:
                await place.progress(40)
                relay.signal(signal.SIGSTOP)
                place.live["alpha"].remove(relay)
                await place.lasting(3)
                relay.signal(signal.SIGCONT)
                place.live["alpha"].append(relay)
            await place.progress(40)
        found = await place.check()
        assert len(found["records"]) > len(found["alpha"]["events"])


async def test_members_that_come_and_go_every_two_seconds_apply_every_event_once(servers: Servers) -> None:
    async with arena(servers) as place:
        place.start("alpha")
        place.start("beta")
        await place.ready()
        async with place.load.running():
            for round_ in range(10):
                place.start("beta")
                await place.lasting(2)
                oldest = place.live["beta"].pop(0)
                oldest.signal(signal.SIGKILL if round_ % 3 == 2 else signal.SIGTERM)
                await oldest.ended()
            await place.ready(seconds=60)
            await place.progress(30)
        await place.check()


async def test_a_transaction_held_open_stops_no_relay(servers: Servers) -> None:
    async with arena(servers) as place:
        place.start("alpha")
        place.start("beta")
        await place.ready()
        idle = await asyncpg.connect(place.dsns["alpha"])
        await idle.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        await idle.execute("SELECT pg_current_xact_id(), count(*) FROM es.event")
        async with place.load.running():
            await place.progress(200)
        await place.check()
        await idle.close()


async def test_replicas_replaced_one_by_one_under_load_answer_every_client(servers: Servers) -> None:
    async with arena(servers) as place:
        place.start("alpha")
        place.start("beta")
        await place.ready()
        async with place.load.running():
            for _ in range(5):
                for kind in ("alpha", "beta"):
                    await place.ready(place.start(kind))
                    oldest = place.live[kind].pop(0)
                    oldest.signal(signal.SIGTERM)
                    assert await oldest.ended(20) in (0, -signal.SIGTERM)
            await place.progress(30)
        await place.check()
        refused = [line for line in place.history.lines() if line["what"] == "fail"]
        assert refused == []
