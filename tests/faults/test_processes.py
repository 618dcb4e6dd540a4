"""Faults 1, 2, 3 and 10: our own processes killed at the worst places, or frozen past their session."""

import signal

import psutil
import pytest

from tests.support.arena import SESSION, arena
from tests.support.stack import Servers, until

pytestmark = pytest.mark.short
KILLED = -signal.SIGKILL


async def test_a_process_killed_at_any_place_loses_and_repeats_nothing(servers: Servers) -> None:
    async with arena(servers) as place:
        place.start("alpha")
        alpha = place.start("alpha", fail="command.committed:20")
        beta = place.start("beta", fail="consumer.applying:3")
        await place.ready()
        async with place.load.running():
            # 1: after the commit of an append, before its events are sent.
            alpha = await place.replaced("alpha", alpha, fail="relay.sent:3")
            # 3: with the batch applied, before the database commits.
            beta = await place.replaced("beta", beta, fail="consumer.applied:3")
            # 2: with the events acknowledged by the broker, before they are taken out of the outbox.
            alpha = await place.replaced("alpha", alpha)
            # 3: after the database has committed, before Kafka is told.
            beta = await place.replaced("beta", beta)
            await place.ready()
            await place.progress(50)
        found = await place.check()
        assert len(found["records"]) > len(found["alpha"]["events"]), "what was sent twice shows as repeats"
        ends = [line["code"] for line in place.history.lines() if line["what"] == "ended"]
        assert ends == [KILLED] * 4
        await place.stopped(*place.live["alpha"], *place.live["beta"])


async def test_a_consumer_frozen_past_its_session_applies_nothing_twice(servers: Servers) -> None:
    async with arena(servers) as place:
        place.start("alpha")
        # Frozen with a batch in its hands, of which nothing is in the database yet.
        zombie, other = place.start("beta", fail="consumer.read:5:STOP"), place.start("beta")
        await place.ready()
        async with place.load.running():
            await until(lambda: zombie.state() == psutil.STATUS_STOPPED, 20)
            # Past its session the other gets all partitions, reads on, and then the zombie wakes.
            await place.lasting(SESSION + 2)
            zombie.signal(signal.SIGCONT)
            await place.progress(50)
            await place.ready(zombie, other)
            assert zombie.metric("trialwire_applied_total", outcome="reread") > 0
        await place.check()
