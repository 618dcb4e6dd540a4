"""What the doctor asks of servers and of stack.json: who runs, who holds which port, who answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from shared.identity.kafka import Kafka
from shared.stack import access, databases, postgres, process, services, topics
from shared.stack.doctor import Finding, given
from shared.stack.faults import NotReady
from shared.stack.home import Home
from shared.stack.ports import answers, holder, is_free
from shared.stack.sql import admits, run
from shared.stack.state import load, readable

_UP = "`trialwire up` starts it."


def recorded(home: Home) -> Iterator[Finding]:
    if home.state_file.exists() and not readable(home):
        yield Finding(
            "stack.json", "fail", "it cannot be read", "`trialwire up` finds what runs and writes it anew."
        )
    state = load(home)
    dead = [name for name in state.processes if not state.alive(name)]
    for name in dead:
        found = f"{name} (pid {state.processes[name].pid}) has ended without `down`"
        yield Finding("stack.json", "fail", found, f"Its log: {state.processes[name].log}. {_UP}")
    for name, stray in process.strays(home):
        found = f"{name} (pid {stray.pid}) runs and is not recorded: a start was cut short"
        yield Finding("stack.json", "fail", found, "`trialwire up` or `trialwire down` ends it.")
    if not dead:
        yield Finding("stack.json", "ok", f"{len(state.processes)} processes recorded, all alive")


def ports_held(home: Home) -> Iterator[Finding]:
    state = load(home)
    for name, port in sorted(state.ports.items()):
        if not state.alive(name) and name != "kafka-controller" and not is_free(port):
            found = f"{port}, last used for {name}, is held by {holder(port)}"
            yield Finding(
                "ports", "warn", found, "End that process, or let `trialwire up` take another port."
            )
    held = [f"{name} {port}" for name, port in sorted(state.ports.items()) if state.alive(name)]
    yield Finding("ports", "ok", ", ".join(held) or "none in use")


def database(home: Home) -> Iterator[Finding]:
    dsn = given("postgres")
    if not dsn:
        if not load(home).alive("postgres"):
            yield Finding("postgres", "warn", "not running", _UP)
            return
        dsn = postgres.admin_dsn(home)
    place = urlsplit(dsn).netloc.rpartition("@")[2]

    async def look(connection: asyncpg.Connection[Any]) -> tuple[str, float]:
        version = await connection.fetchval("SHOW server_version")
        return version, float(await connection.fetchval("SELECT extract(epoch FROM now())"))

    version, clock = run(dsn, look)
    old = int(version.split(".")[0]) < 15
    yield Finding(
        "postgres", "fail" if old else "ok", f"{version} at {place}", "15 is the minimum." if old else ""
    )
    if abs(clock - time.time()) > 2:
        skew = f"Postgres's clock is {clock - time.time():+.1f} s away from ours"
        yield Finding("clock", "fail", skew, "Let both machines keep time by NTP.")
    for name in databases.SERVICES:
        file = home.secret(f"{name}.dsn")
        if not file.exists() or not admits(file.read_text(encoding="utf-8")):
            yield Finding(
                "postgres", "fail", f"the role {name} cannot enter its database", "`trialwire up` makes it."
            )


def broker(home: Home) -> Iterator[Finding]:
    state = load(home)
    servers = given("kafka") or (state.addresses.get("kafka", "") if state.alive("kafka") else "")
    if not servers:
        yield Finding("kafka", "warn", "not running", _UP)
        return
    places = [urlsplit(f"//{server.strip()}") for server in servers.split(",")]
    if not any(answers(place.port or 9092, place.hostname or "") for place in places):
        yield Finding("kafka", "fail", f"nobody listens at {servers}", f"Is the address right? Else {_UP}")
        return
    at = access.given(servers) if given("kafka") else access.of_stack(servers, home)
    present = topics.present(at, seconds=10.0)
    yield Finding("kafka", "ok", f"{servers}, {len(present)} topics")
    for topic in topics.listed():
        partitions = present.get(topic.name)
        if partitions is None:
            yield Finding("kafka", "fail", f"the topic {topic.name} is missing", "`trialwire up` makes it.")
        elif partitions != topic.partitions:
            found = f"{topic.name} has {partitions} partitions, not {topic.partitions}"
            yield Finding(
                "kafka", "fail", found, "An event's bucket is its partition: make the topic anew, empty."
            )

    if at.login:
        yield from _logins(at, home)
    elif not given("kafka"):
        yield Finding(
            "kafka", "warn", "it lets everybody on this machine in: it was made without access rules",
            "`trialwire reset` removes it with its data; the next `up` makes one that has them.",
        )  # fmt: skip


def _logins(at: Kafka, home: Home) -> Iterator[Finding]:
    """Every principal gets in with the login in its file."""
    for principal in access.listed():
        file = home.secret(f"{principal.name}.kafka")
        try:
            login = file.read_text(encoding="utf-8").strip() if file.exists() else "nobody:"
            topics.present(replace(at, login=login), seconds=5.0)
        except NotReady:
            found = f"{principal.name} cannot log in with {file}"
            yield Finding("kafka", "fail", found, "`trialwire up` gives it a password.")


def trace_receiver(home: Home) -> Iterator[Finding]:
    state = load(home)
    if given("otlp"):
        yield _answering("otlp", given("otlp"), "Is TRIALWIRE_OTLP right?")
    elif not state.addresses.get("otlp"):
        yield Finding("traces", "warn", "no receiver: spans are dropped", _UP)
    else:
        for name in ("otlp", "zipkin"):
            yield _answering(name, state.addresses.get(name, ""), _UP)


def _answering(name: str, url: str, cure: str) -> Finding:
    place = urlsplit(url)
    if answers(place.port or (443 if place.scheme == "https" else 80), place.hostname or ""):
        return Finding("traces", "ok", f"{name} {url}")
    return Finding("traces", "fail", f"{name} does not answer at {url or 'any address'}", cure)


def services_ready(home: Home) -> Iterator[Finding]:
    state = load(home)
    for name in databases.SERVICES:
        record = state.alive(name)
        if record is None:
            continue
        if services.ready(services.address(record)):
            yield Finding("services", "ok", f"{name} {services.address(record)}")
        else:
            yield Finding("services", "fail", f"{name} is not ready", f"Its log: {record.log}.")
