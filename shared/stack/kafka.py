"""The embedded broker: real Kafka in KRaft mode, one node, loopback only."""

from __future__ import annotations

import base64
import shutil
import signal
import subprocess
import uuid
from pathlib import Path

from shared.stack import jars, process
from shared.stack.faults import NotReady
from shared.stack.home import LOOPBACK, Home
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
# One node, so every factor is 1; topics are made by deploy, so a typing error fails instead of making one.
_SETTINGS = """
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENTS
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""


def start(home: Home, *, wait: bool = True) -> Running:
    """Start the broker, or return the one that runs; the same port and data as the last time."""
    running = load(home).alive(NAME)
    if running is None:
        class_path = jars.class_path(jars.ready(NAME))
        port, settings = _write_settings(home)
        if not (home.kafka / "data" / "meta.properties").exists():
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


def _write_settings(home: Home) -> tuple[int, Path]:
    port, controller = port_for(home, NAME), port_for(home, "kafka-controller")
    places = {
        "listeners": f"CLIENTS://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": f"CLIENTS://{LOOPBACK}:{port}",
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
        "log.dirs": str(home.kafka / "data").replace("\\", "\\\\"),
    }
    path = home.kafka / "server.properties"
    lines = [f"{key}={value}" for key, value in places.items()]
    path.write_text("\n".join(lines) + _SETTINGS, encoding="utf-8")
    return port, path


def _format(home: Home, settings: Path, class_path: str) -> None:
    """Give the data folder its identity; one left half made by a kill holds nothing and goes."""
    shutil.rmtree(home.kafka / "data", ignore_errors=True)
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    tool = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings)]
    flags = [*options(128), *_LOGGING, "-cp", class_path]
    done = subprocess.run(  # noqa: S603
        [str(java()), *flags, *tool], capture_output=True, text=True, timeout=60, check=False, cwd=home.kafka
    )
    if done.returncode:
        raise NotReady(
            f"Kafka's data folder could not be made: {done.stderr.strip()[-500:]}", "See disk space."
        )
