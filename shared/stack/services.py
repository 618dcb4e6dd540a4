"""The services of Trialwire as detached processes beside the embedded servers."""

from __future__ import annotations

import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared.audit import keys, places
from shared.stack import clock, issuer, process, vaults
from shared.stack.databases import SERVICES
from shared.stack.home import LOOPBACK, Home
from shared.stack.ports import port_for
from shared.stack.state import Running, load

# A service ends its work within 20 s by its own promise.
_STOP = [(signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0)]
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def start(
    home: Home,
    kafka: str,
    otlp: str,
    logins: Mapping[str, Path],
    say: Callable[[str], None] = lambda _line: None,
) -> dict[str, str]:
    """Start every service that does not run, wait until each says it is ready; return their addresses."""
    issuer.EmbeddedIssuer.at(home)  # keys and files are there before the services look for them
    keys.provided(places.signing_key(home.root), places.public_keys(home.root))
    started = [start_one(home, name, kafka, otlp, logins.get(name)) for name in SERVICES]
    for record in started:
        wait_ready(record)
        say(f"{record.name:<10} {address(record)}   (API: {address(record)}/docs)")
    return {record.name: address(record) for record in started}


def start_one(home: Home, name: str, kafka: str, otlp: str, login: Path | None) -> Running:
    """Start one service without waiting for it, or return the one that runs; `login`: its file for Kafka."""
    running = load(home).alive(name)
    if running is not None:
        return running
    port = port_for(home, name)
    env = {
        "TRIALWIRE_HOME": str(home.root),
        "TRIALWIRE_DSN_FILE": str(home.secret(f"{name}.dsn")),
        "TRIALWIRE_KAFKA": kafka,
        "TRIALWIRE_KAFKA_LOGIN_FILE": str(login or ""),  # never the administrator's, which may stand here
        "TRIALWIRE_OTLP": otlp,
        "TRIALWIRE_HOST": LOOPBACK,
        "TRIALWIRE_PORT": str(port),
        "TRIALWIRE_CLOCK_FILE": str(clock.file_of(home)),
        **issuer.environment(home),
        **vaults.environment(home, name),
        "TRIALWIRE_ANCHOR_FOLDER": str(places.anchors(home.root, name)),
        "TRIALWIRE_ANCHOR_KEY_FILE": str(places.signing_key(home.root)),
    }
    command = [sys.executable, "-m", f"services.{name}.app"]
    return process.spawn(home, name, command, port=port, env=env, folder=process.PROJECT)


def wait_ready(record: Running, seconds: float = 60.0) -> None:
    process.wait_until(lambda: ready(address(record)), record, seconds)


def ready(url: str) -> bool:
    """Whether GET /readyz says 200."""
    try:
        with _direct.open(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def address(record: Running) -> str:
    return f"http://{LOOPBACK}:{record.port}"


def stop(home: Home, say: Callable[[str], None] = lambda _line: None) -> bool:
    """Stop every service, all at once; return whether any ran."""
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        ran = list(pool.map(lambda name: process.stop(home, name, _STOP), SERVICES))
    for name in (name for name, stopped in zip(SERVICES, ran, strict=True) if stopped):
        say(f"{name} stopped")
    return any(ran)
