"""The embedded broker: real Kafka in KRaft mode, one node, loopback only."""

from __future__ import annotations

import base64
import re
import shutil
import signal
import subprocess
import uuid
from pathlib import Path

from shared.stack import access, jars, kafka_settings, process
from shared.stack.faults import NotReady, StackError
from shared.stack.home import Home, password_in, write_private
from shared.stack.java import java, options
from shared.stack.ports import answers, port_for
from shared.stack.state import Running, load

NAME = "kafka"
# A clean stop takes about a second; a broker that hangs loses nothing by SIGKILL: its log is its state.
_STOP = [(signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)]
_LOGGING = [
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ssXXX",
]


def start(home: Home, *, secured: bool = True, wait: bool = True, more: str = "") -> Running:
    """Start the broker, or return the one that runs; the same port and data as the last time.

    One that is not `secured` lets everybody on this machine in: for tests. It stays as it was made.
    `more` are lines for its settings, which count instead of ours.
    """
    _unchanged(home, secured)
    running = load(home).alive(NAME)
    if running is None:
        class_path = jars.class_path(jars.ready(NAME))
        port, settings = _write_settings(home, secured, more)
        if not _made(home):
            _format(home, settings, class_path)
        command = [
            java(),
            *options(512),
            *_LOGGING,
            "-cp",
            class_path,
            "kafka.Kafka",
            settings,
        ]
        running = process.spawn(home, NAME, command, port=port, folder=home.kafka)
    if wait:
        wait_ready(running)
    return running


def wait_ready(record: Running, seconds: float = 60.0) -> None:
    process.wait_until(lambda: answers(record.port or 0), record, seconds)


def stop(home: Home) -> bool:
    """Stop in order, by force after five seconds; return whether it ran."""
    return process.stop(home, NAME, _STOP)


def kill(home: Home) -> bool:
    """Kill -9, as a fault does; `start` brings it back on the same port with the same data."""
    return process.stop(home, NAME, [(signal.SIGKILL, 10.0)])


def lets_everybody_in(home: Home) -> bool:
    """Whether the broker's data are of before access rules, or of a test."""
    return _made(home) and not access.login_file(home).exists()


def _made(home: Home) -> bool:
    return (home.kafka / "data" / "meta.properties").exists()


def _unchanged(home: Home, secured: bool) -> None:
    if secured and lets_everybody_in(home):
        raise StackError(
            f"The broker in {home.root} was made without logins and access rules, by an earlier version.",
            "`trialwire reset` removes it with its data; the next start makes one that has them.",
        )
    if not secured and access.login_file(home).exists():
        raise StackError(f"The broker in {home.root} has access rules.", "Use another home for an open one.")


def _write_settings(home: Home, secured: bool, more: str) -> tuple[int, Path]:
    """The broker's settings, passwords among them, in a file that only its owner reads."""
    port, controller = port_for(home, NAME), port_for(home, "kafka-controller")
    path = home.kafka / "server.properties"
    login = access.login_in(access.login_file(home), access.ADMINISTRATOR) if secured else ""
    ours = password_in(home.secret("controller.password")) if secured else ""
    write_private(path, kafka_settings.text(home, port, controller, login, ours) + more)
    return port, path


def _format(home: Home, settings: Path, class_path: str) -> None:
    """Give the data folder its identity; one left half made by a kill holds nothing and goes."""
    shutil.rmtree(home.kafka / "data", ignore_errors=True)
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # Joined by "=": one id in 64 begins with a dash, and would be taken for an option.
    said = [f"--cluster-id={cluster}", "-c", str(settings), *_first_user(home)]
    file = home.kafka / "format"  # everybody may see a command line, and its owner alone this file
    write_private(file, "\n".join(said))
    flags = [*options(128), *_LOGGING, "-cp", class_path]
    command = [str(java()), *flags, "kafka.tools.StorageTool", "format", f"@{file}"]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=60, check=False, cwd=home.kafka
        )
    finally:
        file.unlink()
    if done.returncode:
        fault = re.sub(r"password=[^,\]]+", "password=…", done.stderr).strip()[-500:]
        raise NotReady(f"Kafka's data folder could not be made: {fault}", "See disk space.")


def _first_user(home: Home) -> list[str]:
    """The administrator, known to the broker from its first start on; nothing where there is no login."""
    if not access.login_file(home).exists():
        return []
    user, _, password = access.login_file(home).read_text(encoding="utf-8").partition(":")
    return ["--add-scram", f"SCRAM-SHA-512=[name={user},password={password}]"]
