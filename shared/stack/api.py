"""Starting and stopping a stack from Python: for tests, benchmarks and the command line."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from shared.identity.kafka import Kafka
from shared.stack import access, databases, jars, kafka, postgres, process, services, topics, zipkin
from shared.stack.faults import StackError
from shared.stack.home import LOOPBACK, Home
from shared.stack.state import changing, load

Say = Callable[[str], None]


@dataclass(frozen=True)
class StackAddresses:
    """Where everything is; `zipkin` is empty when the traces go elsewhere or nowhere.

    `logins` are the files by which each principal logs in at Kafka; none where everybody is let in.
    """

    kafka: str
    postgres: str
    dsn: dict[str, str]
    otlp: str
    zipkin: str
    services: dict[str, str]
    logins: dict[str, Path] = field(default_factory=dict)
    tls: str = ""

    def broker(self, principal: str) -> Kafka:
        """Kafka as one of its principals."""
        file = self.logins.get(principal)
        return Kafka(self.kafka, file.read_text(encoding="utf-8").strip() if file else "", self.tls)


def start_stack(
    home: Home | str | os.PathLike[str] | None = None, *,
    only_stack: bool = True, traces: bool = True, secured: bool = True, say: Say = lambda _line: None,
) -> StackAddresses:  # fmt: skip
    """Start what does not run and wait until all of it answers; `StackError` says cause and cure.

    A stack that is not `secured` has a broker that lets everybody in: for tests with clients of their own.
    """
    place = home if isinstance(home, Home) else Home.at(home)
    place.prepare()
    with _alone(place):
        for stray in process.end_strays(place):
            say(f"{stray} was left of a start that was cut short: ended")
        found = _start_servers(place, traces, secured, say)
        if not only_stack:
            found.services.update(services.start(place, found.kafka, found.otlp, found.logins, say))
            _publish(place, found)
        if found.zipkin:  # the slowest to start, and nothing else waits for it
            zipkin.wait_ready(place)
            say(f"Traces     {found.zipkin}/zipkin/   (OTLP {found.otlp})")
    return found


def stop_stack(home: Home | str | os.PathLike[str] | None = None, say: Say = lambda _line: None) -> bool:
    """Stop every process of the stack, services first; return whether anything ran. Data and ports stay."""
    place = home if isinstance(home, Home) else Home.at(home)
    if not place.root.exists():
        return False
    with _alone(place):
        stopped = services.stop(place, say)
        for name, halt in (
            ("otlp and zipkin", zipkin.stop),
            ("kafka", kafka.stop),
            ("postgres", postgres.stop),
        ):
            if halt(place):
                say(f"{name} stopped")
                stopped = True
        stopped = bool(process.end_strays(place)) or stopped
        with changing(place) as state:
            state.addresses.clear()
    return stopped


def reset_stack(home: Home | str | os.PathLike[str] | None = None, say: Say = lambda _line: None) -> None:
    """Stop the stack and remove its data; the downloads stay."""
    place = home if isinstance(home, Home) else Home.at(home)
    if place.root.exists() and not place.state_file.exists() and any(place.root.iterdir()):
        raise StackError(f"{place.root} is not the folder of a stack.", "Look at TRIALWIRE_HOME.")
    stop_stack(place, say)
    shutil.rmtree(place.postgres, ignore_errors=True)
    shutil.rmtree(place.root, ignore_errors=True)


def _start_servers(home: Home, traces: bool, secured: bool, say: Say) -> StackAddresses:
    """Start all before waiting for any: the stack is up when its slowest part is."""
    given = {name: os.environ.get(f"TRIALWIRE_{name.upper()}", "") for name in ("kafka", "postgres", "otlp")}
    zipkin_url = ""
    pages_wanted = traces and not given["otlp"]
    # Both programs at once, so that a first start has one download and one progress bar.
    jars.ready(*["kafka"] * (not given["kafka"]), *["zipkin"] * pages_wanted)
    database = None if given["postgres"] else postgres.start(home, wait=False)
    broker = None if given["kafka"] else kafka.start(home, secured=secured, wait=False)
    if pages_wanted:
        pages = zipkin.start(home)
        zipkin_url = f"http://{LOOPBACK}:{pages.port}"
        bridge = zipkin.start_bridge(home, zipkin_url)
        given["otlp"] = f"http://{LOOPBACK}:{bridge.port}"
    if database:
        postgres.wait_ready(home, database)
        given["postgres"] = postgres.admin_dsn(home)
        say(f"Postgres   {LOOPBACK}:{database.port}")
    dsn = {
        name: databases.ensure(home.secret(f"{name}.dsn"), given["postgres"], name)
        for name in databases.SERVICES
    }
    if broker:
        kafka.wait_ready(broker)
        given["kafka"] = f"{LOOPBACK}:{broker.port}"
        say(f"Kafka      {given['kafka']}")
    at = access.of_stack(given["kafka"], home) if broker else access.given(given["kafka"])
    topics.ensure(at)
    logins = access.ensure(at, lambda name: home.secret(f"{name}.kafka")) if at.login else {}
    found = StackAddresses(at.servers, given["postgres"], dsn, given["otlp"], zipkin_url, {}, logins, at.tls)
    _publish(home, found)
    return found


def _publish(home: Home, found: StackAddresses) -> None:
    """Addresses into stack.json, without a password: those stand in files of their own."""
    public = {"kafka": found.kafka, "postgres": found.postgres.rpartition("@")[2].partition("/")[0]}
    public |= {"zipkin": found.zipkin, "otlp": found.otlp, **found.services}
    with changing(home) as state:
        state.addresses = {name: address for name, address in public.items() if address}


@contextlib.contextmanager
def _alone(home: Home) -> Iterator[None]:
    """One start or stop at a time; the lock goes with its process, so a killed one blocks nobody."""
    lock = FileLock(home.root / ".up.lock", timeout=120)
    try:
        lock.acquire()
    except Timeout as error:
        raise StackError(f"Another start or stop works in {home.root}.", "Wait for it, or end it.") from error
    try:
        yield
    finally:
        lock.release()


def running(home: Home) -> bool:
    """Whether any process of this stack lives."""
    state = load(home)
    return any(state.alive(name) for name in state.processes)
