"""The embedded Postgres: started and stopped by us, passwords only, loopback TCP only."""

from __future__ import annotations

import signal
from typing import Literal

from shared.stack import cluster, process
from shared.stack.home import LOOPBACK, Home
from shared.stack.ports import port_for
from shared.stack.sql import admits
from shared.stack.state import Running, load

NAME = "postgres"
Mode = Literal["smart", "fast", "immediate"]
_SIGNAL = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # TCP alone: a password everywhere, no socket path that may be too long
    "wal_level": "logical",
    "max_connections": "300",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


def start(home: Home, *, wait: bool = True) -> Running:
    """Start the server, or return the one that runs; the same port and data as the last time."""
    running = load(home).alive(NAME)
    if running is None:
        running = _start(home)
    if wait:
        wait_ready(home, running)
    return running


def _start(home: Home) -> Running:
    user = cluster.account()
    folder = cluster.prepare_folder(home, user)
    programs, data = cluster.binaries(folder, user), folder / "data"
    if not (data / "PG_VERSION").exists() or not home.secret("postgres.password").exists():
        cluster.make(home, folder, programs, user)
    process.end_strays(home, NAME)  # after a kill -9 its children may still hold the shared memory
    cluster.forget_dead_owner(data)
    port = port_for(home, NAME)
    options = [f"--{key}={value}" for key, value in {**_SETTINGS, "port": str(port)}.items()]
    command = [programs / "postgres", "-D", data, *options]
    return process.spawn(home, NAME, command, port=port, folder=folder, user=user)


def wait_ready(home: Home, record: Running, seconds: float = 60.0) -> None:
    process.wait_until(lambda: admits(admin_dsn(home)), record, seconds)


def stop(home: Home, mode: Mode = "fast") -> bool:
    """Stop as pg_ctl does; a server that does not end within 10 s is ended by the next harder mode."""
    harder = [(signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)]
    return process.stop(home, NAME, [(_SIGNAL[mode], 10.0), *harder])


def kill(home: Home) -> bool:
    """Kill -9 the postmaster, as a fault does; its children notice and end by themselves."""
    return process.stop(home, NAME, [(signal.SIGKILL, 10.0)])


def admin_dsn(home: Home) -> str:
    """The superuser's DSN; its password stands in the home, readable by its owner alone."""
    port = load(home).ports[NAME]
    password = home.secret("postgres.password").read_text(encoding="utf-8")
    return f"postgresql://{cluster.ADMIN}:{password}@{LOOPBACK}:{port}/postgres"
