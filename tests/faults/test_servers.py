"""Faults 4 and 6: the broker and the database restarted, killed and frozen under load."""

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import psutil
import pytest
from uuid_utils.compat import uuid7

from shared.stack import kafka, postgres
from shared.stack.api import reset_stack, start_stack
from shared.stack.home import Home
from tests.support import identity
from tests.support.arena import Arena, arena
from tests.support.stack import Servers, until

PAUSE = float(os.environ.get("TRIALWIRE_TEST_PAUSE", "6"))  # seconds that a frozen server stays frozen


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """Servers of this module's own, since it kills them."""
    made = Home.at(tempfile.mkdtemp(prefix="trialwire-faulty-"))
    start_stack(made, traces=False, secured=False)
    try:
        yield made
    finally:
        reset_stack(made)


@pytest.fixture
async def place(home: Home) -> AsyncIterator[Arena]:
    """A counting service and its follower, ready, on servers that may be killed."""
    address = f"127.0.0.1:{kafka.start(home, secured=False).port}"
    async with arena(Servers(address, postgres.admin_dsn(home), home.root)) as made:
        made.start("alpha")
        made.start("beta")
        await made.ready()
        yield made


async def play(
    place: Arena,
    name: str,
    down: Callable[[], object],
    up: Callable[[], object],
    seen: Callable[[], object] = lambda: True,
) -> None:
    """One fault under load: down, a while without, until it is seen, up, and the work goes on."""
    place.history.note("fault", name=name)
    await asyncio.to_thread(down)
    await asyncio.sleep(1)
    await until(seen, 20)
    await asyncio.to_thread(up)
    place.history.note("healed", name=name)
    await place.progress(20, 60)


async def missed(place: Arena) -> bool:
    """Every replica says that it is not ready for want of its database, and is none the less alive."""
    for worker in (*place.live["alpha"], *place.live["beta"]):
        if "database" not in str(await asyncio.to_thread(worker.faults)):
            return False
        assert (await asyncio.to_thread(httpx.get, worker.url + "/livez", timeout=5)).status_code == 200
    return True


@pytest.mark.short
async def test_the_broker_restarts_dies_and_freezes_and_nothing_is_lost(place: Arena, home: Home) -> None:
    async with place.load.running():
        await place.progress(20)
        await play(place, "stop", lambda: kafka.stop(home), lambda: kafka.start(home, secured=False))
        await play(place, "kill -9", lambda: kafka.kill(home), lambda: kafka.start(home, secured=False))
        await place.ready(seconds=60)
        broker = kafka.start(home, secured=False).pid
        os.kill(broker, signal.SIGSTOP)
        await place.lasting(PAUSE)
        os.kill(broker, signal.SIGCONT)
        await place.progress(20)
        await place.ready(seconds=60)
    await place.check()


@pytest.mark.short
async def test_the_database_restarts_and_dies_and_no_acknowledged_write_is_lost(
    place: Arena, home: Home
) -> None:
    async with place.load.running():
        await place.progress(20)
        for mode in ("fast", "immediate"):
            await play(
                place, mode, lambda m=mode: postgres.stop(home, m), lambda: postgres.start(home)  # type: ignore[misc]
            )  # fmt: skip
        await play(
            place, "kill -9", lambda: postgres.kill(home), lambda: postgres.start(home), lambda: missed(place)
        )
        await place.ready(seconds=60)
    await place.check()
    refused = [line for line in place.history.lines() if line["what"] == "fail"]
    assert refused == [], "an outage is answered by 503, never by a 500"


@pytest.mark.long
async def test_a_service_told_to_stop_ends_within_20_s_whatever_is_away(place: Arena, home: Home) -> None:
    async with place.load.running():
        await place.progress(20)
        first, second = place.start("alpha"), place.start("beta")
        await place.ready()
        # Under load, with everything there.
        place.live["alpha"].remove(first)
        place.live["beta"].remove(second)
        await place.stopped(first, second)
        await place.progress(20)
        broker = kafka.start(home, secured=False).pid
        os.kill(broker, signal.SIGSTOP)
        try:
            await place.progress(20)
            before = [place.live["alpha"].pop(), place.live["beta"].pop()]
            await place.stopped(*before)
        finally:
            os.kill(broker, signal.SIGCONT)
        place.start("alpha")
        place.start("beta")
        await place.ready(seconds=60)
        await place.progress(20)
    await place.quiet()
    await asyncio.to_thread(postgres.kill, home)
    try:
        await place.stopped(*place.live["alpha"], *place.live["beta"])
    finally:
        await asyncio.to_thread(postgres.start, home)
    await place.check()


@pytest.mark.short
async def test_a_service_whose_database_never_came_ends_when_it_is_told_to(place: Arena) -> None:
    nowhere = place.folder / "nowhere.dsn"
    nowhere.write_text("postgresql://nobody@127.0.0.1:9/none")
    worker = place.start("alpha", DSN_FILE=str(nowhere))
    place.live["alpha"].remove(worker)
    await until(lambda: "postgres.again" in worker.log.read_text(), 30)
    worker.signal(signal.SIGTERM)
    assert await worker.ended(10) == 1
    assert "stop.late" in worker.log.read_text()


@pytest.mark.short
async def test_a_service_told_to_stop_ends_within_20_s_with_all_that_it_talks_to_frozen(
    place: Arena, home: Home
) -> None:
    """Broker, database and the traces' endpoint take what they are sent and never answer."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    traces = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = traces.sockets[0].getsockname()[1]
    alpha, beta = (place.start(kind, OTLP=f"http://127.0.0.1:{port}") for kind in ("alpha", "beta"))
    await place.ready()
    async with place.load.running():
        await place.progress(100)
    frozen = [psutil.Process(kafka.start(home, secured=False).pid)]
    database = psutil.Process(postgres.start(home).pid)
    frozen += [database, *database.children(recursive=True)]
    for one in frozen:
        one.suspend()
    try:
        waiting = asyncio.create_task(asyncio.to_thread(_ask, alpha.url))
        await asyncio.sleep(2)
        began = time.monotonic()
        await place.stopped(alpha, beta)
        print(f"stopped after {time.monotonic() - began:.1f} s")
        assert await waiting in (503, None), (
            "whoever waited for an answer is told, or sees the connection end"
        )
    finally:
        for one in reversed(frozen):
            one.resume()
        traces.close()
    place.live["alpha"].remove(alpha)
    place.live["beta"].remove(beta)
    await place.check()


def _ask(url: str) -> int | None:
    """The status of a command that waits for the database; None where the connection ends."""
    with (
        httpx.Client(timeout=40, auth=identity.Asking()) as client,
        contextlib.suppress(httpx.TransportError),
    ):
        body = {"tally_id": str(uuid7()), "trial_id": str(uuid7()), "n": 1, "sponsor": "Sponsor of the tests"}
        headers = {"Idempotency-Key": str(uuid7())}
        return client.post(f"{url}/v1/commands/count-up", json=body, headers=headers).status_code
    return None
