"""Secrets are changed under load, and every connection that was made with the former ones is cut."""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import pytest

from shared.stack import access, kafka, postgres
from shared.stack.api import reset_stack, start_stack
from shared.stack.databases import READERS
from shared.stack.home import Home, write_private
from tests.support.arena import Arena, arena
from tests.support.secured import change_password, logins
from tests.support.stack import Servers, until

pytestmark = pytest.mark.short
AT_WORK = "SELECT count(*) >= 5 FROM pg_stat_activity WHERE usename = $1"  # the pool, relay, leases, hints
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1"


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """Servers of this module's own: the broker asks for logins, and is started anew."""
    made = Home.at(tempfile.mkdtemp(prefix="trialwire-secured-"))
    start_stack(made, traces=False)
    try:
        yield made
    finally:
        reset_stack(made)


@pytest.fixture
async def place(home: Home) -> AsyncIterator[Arena]:
    """Two services that are not started yet, on a broker that asks for logins."""
    at = access.of_stack(f"127.0.0.1:{kafka.start(home).port}", home)
    servers = Servers(at.servers, postgres.admin_dsn(home), home.root, str(at.login))
    async with arena(servers) as made:
        yield made


async def start(place: Arena) -> dict[str, Path]:
    """Both services; answers with the files of their logins at Kafka."""
    files = await logins(place.servers, place.pair, place.folder)
    for kind, file in files.items():
        place.start(kind, KAFKA_LOGIN_FILE=str(file))
    await place.ready()
    return files


def kept(place: Arena, setting: str) -> float:
    """How often both services had to do with a former secret."""
    workers = (*place.live["alpha"], *place.live["beta"])
    return sum(worker.metric("trialwire_secret_kept_total", setting=setting) for worker in workers)


async def test_new_passwords_at_kafka_reach_every_client_of_a_service(place: Arena, home: Home) -> None:
    files = await start(place)
    async with place.load.running():
        await place.progress(20)
        for way in ("by hand", "as `trialwire up` does it"):
            place.history.note("fault", name=way)
            if way == "by hand":
                for kind, file in files.items():
                    user, password = getattr(place.pair, kind).name, secrets.token_urlsafe(24)
                    await change_password(place.servers.cluster, user, password)
                    write_private(file, f"{user}:{password}")
            else:  # made aside: a client that asks while a file is gone keeps its former login, and counts it
                (aside := place.folder / "aside").mkdir()
                made = await logins(place.servers, place.pair, aside)
                for kind, file in files.items():
                    made[kind].replace(file)
            await asyncio.to_thread(kafka.stop, home)
            await asyncio.to_thread(kafka.start, home)
            await place.progress(20, 60)
            await place.ready(seconds=60)
    await place.check()
    assert kept(place, "kafka_login_file") == 0


async def test_a_login_that_is_not_written_yet_costs_time_and_nothing_else(place: Arena, home: Home) -> None:
    files = await start(place)
    user, password = place.pair.alpha.name, secrets.token_urlsafe(24)
    async with place.load.running():
        await place.progress(20)
        await change_password(place.servers.cluster, user, password)
        files["alpha"].write_text("")  # as a careless tool replaces a file
        await asyncio.to_thread(kafka.kill, home)
        await asyncio.to_thread(kafka.start, home)
        await place.progress(20, 60)  # commands are taken: events wait in the outbox
        assert kept(place, "kafka_login_file") > 0
        assert place.live["alpha"][0].metric("trialwire_outbox_rows") > 0
        write_private(files["alpha"], f"{user}:{password}")
        await place.ready(seconds=90)
    await place.check()
    for worker in place.started:
        assert password not in worker.log.read_text()


async def test_a_new_password_at_the_database_reaches_every_connection(place: Arena) -> None:
    admin = await asyncpg.connect(place.servers.postgres)
    owner = urlsplit(place.servers.postgres)
    roles = {}
    for kind, dsn in place.dsns.items():  # the address with the owner's login stays with the test
        roles[kind], file = f"{kind}_{secrets.token_hex(4)}", place.folder / f"{kind}.dsn"
        await admin.execute(f'CREATE ROLE {roles[kind]} LOGIN IN ROLE "{owner.username}", {READERS}')
        await rotate(admin, file, dsn, roles[kind])
    await start(place)
    async with place.load.running():
        await place.progress(20)
        for _ in range(2):
            for kind, role in roles.items():
                await rotate(admin, place.folder / f"{kind}.dsn", place.dsns[kind], role)
                await until(lambda: admin.fetchval(AT_WORK, role), 20)  # noqa: B023  awaited at once
                await admin.execute(CUT, role)
            await place.progress(30, 60)
        await place.ready(seconds=60)
    await place.check()
    assert kept(place, "dsn_file") == 0
    await admin.close()


async def test_a_database_s_password_that_is_not_written_yet_ends_no_process(place: Arena) -> None:
    admin = await asyncpg.connect(place.servers.postgres)
    owner, role, file = (
        urlsplit(place.servers.postgres),
        f"a_{secrets.token_hex(4)}",
        place.folder / "alpha.dsn",
    )
    await admin.execute(f'CREATE ROLE {role} LOGIN IN ROLE "{owner.username}", {READERS}')
    await rotate(admin, file, place.dsns["alpha"], role)
    await start(place)
    alpha = place.live["alpha"][0]
    async with place.load.running():
        await place.progress(20)
        said = file.read_text()
        await rotate(admin, file, place.dsns["alpha"], role)
        right = file.read_text()
        for wrong in (said, "", "postgresql://nobody:x@127.0.0.1:1/nothing"):
            file.write_text(wrong)
            await admin.execute(CUT, role)
            await place.lasting(3)
            assert "database" in str(await asyncio.to_thread(alpha.faults))
        assert kept(place, "dsn_file") > 0
        write_private(file, right)
        await place.ready(seconds=60)
        await place.progress(20)
    await place.check()
    refused = [line for line in place.history.lines() if line["what"] == "fail"]
    assert refused == [], "what cannot be stored now is answered by 503"
    assert not [text for text in (said, right) if text.split(":")[2].split("@")[0] in alpha.log.read_text()]
    await admin.close()


async def rotate(admin: "asyncpg.Connection[asyncpg.Record]", file: Path, dsn: str, role: str) -> None:
    """Another password for the role, and then its address in the service's file."""
    password = secrets.token_urlsafe(24)
    await admin.execute(f"ALTER ROLE {role} PASSWORD '{password}'")
    parts = urlsplit(dsn)
    there = f"{role}:{quote(password)}@{parts.netloc.rpartition('@')[2]}"
    write_private(file, urlunsplit(parts._replace(netloc=there)))
