"""Faults 7 and 8: the way to Postgres or to the broker cut, silent, half-open or slow."""

import asyncio
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.support.arena import Arena, arena
from tests.support.proxy import Mode, Proxy, proxy
from tests.support.stack import Servers

pytestmark = pytest.mark.long


def through(dsn: str, made: Proxy) -> str:
    """The same database behind the proxy."""
    parts = urlsplit(dsn)
    account = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{account}@127.0.0.1:{made.port}"))


async def behind_proxy(place: Arena, made: Proxy) -> None:
    for kind, dsn in place.dsns.items():
        file = place.folder / f"{kind}.dsn"
        await asyncio.to_thread(file.write_text, through(dsn, made))


@pytest.mark.parametrize("mode", [Mode.RESET, Mode.BLACKHOLE, Mode.ONE_WAY])
async def test_the_way_to_the_database_fails_and_another_replica_takes_over(
    servers: Servers, mode: Mode
) -> None:
    address = urlsplit(servers.postgres)
    async with arena(servers) as place, proxy(str(address.hostname), address.port or 0) as made:
        direct = place.start("alpha")
        await asyncio.sleep(0)
        await place.ready(direct)
        await behind_proxy(place, made)
        cut_off, follower = place.start("alpha"), place.start("beta")
        await place.ready()
        async with place.load.running():
            await place.progress(50)
            made.set(mode)
            place.live["alpha"].remove(cut_off)  # its clients are sent elsewhere
            await place.progress(50)
            await place.lasting(20)
            assert direct.metric("trialwire_relay_buckets_owned") in (6, 12)
            made.set(Mode.OPEN)
            place.live["alpha"].append(cut_off)
            await place.progress(50, 60)
        await place.ready(follower, seconds=60)
        await place.check()


async def test_a_slow_way_to_the_database_costs_time_and_nothing_else(servers: Servers) -> None:
    address = urlsplit(servers.postgres)
    async with arena(servers) as place, proxy(str(address.hostname), address.port or 0) as made:
        await behind_proxy(place, made)
        place.start("alpha")
        place.start("beta")
        await place.ready()
        async with place.load.running():
            await place.progress(30)
            made.latency = 0.2
            await place.progress(10, 60)
            made.latency, made.rate = 0.0, 20_000
            await place.progress(10, 60)
            made.rate, made.cut_after = 0.0, 40
            await place.progress(30, 60)
        await place.check()
