"""Two probe services as processes of their own, under load, on servers that may be killed as well."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from shared.stack.ports import is_free
from tests.support import identity
from tests.support.checker import check
from tests.support.dump import dump
from tests.support.history import History, Load, sample_offsets
from tests.support.pair import Pair, pair
from tests.support.stack import Servers, new_database, until

ROOT = Path(__file__).resolve().parents[2]
SESSION = int(os.environ.get("TRIALWIRE_TEST_SESSION", "6"))  # seconds after which a silent member is out
_ports = iter(range(29_000, 31_000))


@dataclass
class Worker:
    """One replica of a service."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def state(self) -> str:
        """As the system tells it: running, sleeping, stopped, zombie, …"""
        return psutil.Process(self.process.pid).status()

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that bear these labels."""
        found = 0.0
        for family in text_string_to_metric_families(httpx.get(self.url + "/metrics", timeout=5).text):
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    found += sample.value
        return found

    async def ended(self, seconds: float = 30) -> int:
        """Wait for its end; answers with its exit code (negative: the signal)."""
        return await asyncio.to_thread(self.process.wait, seconds)

    def faults(self) -> object:
        """What keeps it from being ready; empty when it is."""
        if self.process.poll() is not None:
            return f"ended with {self.process.returncode}: {self.log.read_text()[-2000:]}"
        try:
            return httpx.get(self.url + "/readyz", timeout=2).json()["faults"]
        except (httpx.TransportError, ValueError) as fault:
            return f"{type(fault).__name__}; its log ends: {self.log.read_text()[-1500:]}"


@dataclass
class Arena:
    """Where a fault is played: `live` are the replicas that clients may be sent to."""

    servers: Servers
    pair: Pair
    folder: Path
    seed: int
    dsns: dict[str, str] = field(default_factory=dict)
    live: dict[str, list[Worker]] = field(default_factory=lambda: {"alpha": [], "beta": []})
    started: list[Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.history = History(self.folder / "history.ndjson")
        self.load = Load(self.history, self._url, self.seed)

    def _url(self) -> str:
        running = self.live["alpha"]
        return running[int(time.monotonic() * 10) % len(running)].url if running else "http://127.0.0.1:9"

    def start(self, kind: str, fail: str = "", **environment: str) -> Worker:
        """Start a replica; `fail` names the place where it is to die."""
        port = next(port for port in _ports if is_free(port))
        names = [self.pair.alpha.name] if kind == "alpha" else [self.pair.beta.name, self.pair.alpha.name]
        log = self.folder / f"{kind}-{len(self.started)}.log"
        settings = {
            "DSN_FILE": str(self.folder / f"{kind}.dsn"), "KAFKA": self.servers.kafka, "PORT": str(port),
            "HOST": "127.0.0.1", "SESSION_MS": str(SESSION * 1_000), "FAIL": fail,
            **{name.upper(): str(value) for name, value in identity.believed().items()}, **environment,
        }  # fmt: skip
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  our own command line
                [sys.executable, "-m", "tests.support.worker", kind, *names],
                cwd=ROOT, stdout=output, stderr=output,
                env=os.environ | {f"TRIALWIRE_{name}": value for name, value in settings.items()},
            )  # fmt: skip
        worker = Worker(process, port, log)
        self.history.note("start", kind=kind, pid=process.pid, fail=fail)
        self.started.append(worker)
        self.live[kind].append(worker)
        return worker

    async def ready(self, *workers: Worker, seconds: float = 60) -> None:
        for worker in workers or (*self.live["alpha"], *self.live["beta"]):
            await until(
                lambda w=worker: _ready(w), seconds, lambda w=worker: w.faults()  # type: ignore[misc]
            )  # fmt: skip

    async def replaced(self, kind: str, worker: Worker, fail: str = "") -> Worker:
        """Another replica in the place of one that has died."""
        code = await worker.ended()
        self.history.note("ended", kind=kind, pid=worker.process.pid, code=code)
        self.live[kind].remove(worker)
        return self.start(kind, fail)

    async def stopped(self, *workers: Worker) -> None:
        """SIGTERM: each ends by itself, in order, within 20 s."""
        began = time.monotonic()
        for worker in workers:
            worker.signal(signal.SIGTERM)
        for worker in workers:
            assert await worker.ended(25) in (0, -signal.SIGTERM), worker.log.read_text()[-2000:]
        assert time.monotonic() - began < 20

    async def progress(self, operations: int, seconds: float = 40) -> None:
        """Wait until this many more operations were acknowledged."""
        wanted = self.load.done + operations
        await until(
            lambda: self.load.done >= wanted, seconds, lambda: f"{wanted - self.load.done} operations short"
        )

    async def lasting(self, seconds: float) -> None:
        """Let a fault last, while the load goes on."""
        self.history.note("fault", seconds=seconds)
        await asyncio.sleep(seconds)

    async def quiet(self, seconds: float = 60) -> None:
        """I9: the outbox is empty and the follower has read all, within this time of the healing."""
        began = time.monotonic()
        await until(
            self._at_rest, seconds, lambda: [w.faults() for w in self.started if w.process.poll() is None]
        )
        self.history.note("quiet", seconds=round(time.monotonic() - began, 2))

    async def _at_rest(self) -> bool:
        heads = "SELECT stream_id, version FROM es.stream WHERE stream_type = 'tally'"
        seen = "SELECT stream_id, version FROM es.seen WHERE grp = $1"
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with _connected(self.dsns["alpha"]) as alpha, _connected(self.dsns["beta"]) as beta:
                if await alpha.fetchval("SELECT EXISTS (SELECT FROM es.outbox)"):
                    return False
                known = {tuple(row) for row in await beta.fetch(seen, self.pair.group)}
                return {tuple(row) for row in await alpha.fetch(heads)} <= known
        return False

    async def check(self) -> dict[str, Any]:
        """Come to rest, dump everything, and let the checker judge; answers with the dump."""
        await self.quiet()
        await asyncio.sleep(0.3)  # repeats may still be under way to the follower
        found = await dump(self.servers, self.pair, self.dsns, self.folder / "dump.json")
        anomalies = check(self.history.lines(), found)
        assert not anomalies, f"{self.folder} (seed {self.seed}): {anomalies[:10]}"
        print(f"seed {self.seed}: {self.load.done} operations, {len(found['records'])} records")
        return found


async def _ready(worker: Worker) -> bool:
    return not await asyncio.to_thread(worker.faults)


@contextlib.asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    connection = await asyncpg.connect(dsn, timeout=3, command_timeout=5)
    try:
        yield connection
    finally:
        connection.terminate()


@contextlib.asynccontextmanager
async def arena(servers: Servers, seed: int | None = None) -> AsyncIterator[Arena]:
    """Databases, topics and a folder for one run; every process that it started is ended with it.

    TRIALWIRE_TEST_SEED repeats the load of a run that printed its seed.
    """
    given = os.environ.get("TRIALWIRE_TEST_SEED")
    seed = seed or (int(given) if given else int.from_bytes(os.urandom(4), "big"))
    with pair(servers) as two:
        place = Arena(servers, two, Path(tempfile.mkdtemp(prefix="trialwire-fault-")), seed)
        for kind, service in (("alpha", two.alpha), ("beta", two.beta)):
            place.dsns[kind] = await new_database(servers, service)
            (place.folder / f"{kind}.dsn").write_text(place.dsns[kind])
        sampling = asyncio.create_task(sample_offsets(place.history, place.dsns["beta"]))
        print(f"seed {seed}, history in {place.folder}")
        try:
            yield place
        finally:
            sampling.cancel()
            for worker in place.started:
                if worker.process.poll() is None:
                    worker.signal(signal.SIGKILL)
                    await worker.ended()
            place.history.close()
