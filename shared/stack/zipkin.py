"""Zipkin, the page on which traces are looked at, and the bridge that feeds it OpenTelemetry's protocol."""

from __future__ import annotations

import signal
import sys
from functools import partial

from shared.stack import jars, process
from shared.stack.home import LOOPBACK, Home
from shared.stack.java import java, options
from shared.stack.ports import answers, port_for
from shared.stack.state import Running, load

_STOP = [(signal.SIGTERM, 1.0), (signal.SIGKILL, 5.0)]  # nothing of theirs outlives them


def start(home: Home) -> Running:
    """Start Zipkin without waiting for it; traces live in its memory and end with it."""
    running = load(home).alive("zipkin")
    if running is None:
        port, (jar,) = port_for(home, "zipkin"), jars.ready("zipkin")
        # By these names alone: with --server.address it listens on every interface.
        where = {"ip": LOOPBACK, "port": port, "protocols[0]": "http"}
        flags = [f"--armeria.ports[0].{key}={value}" for key, value in where.items()]
        command = [java(), *options(256), "-jar", jar, *flags]
        env = {"MEM_MAX_SPANS": "100000", "LOGGING_LEVEL_ROOT": "WARN"}
        running = process.spawn(home, "zipkin", command, port=port, env=env)
    return running


def start_bridge(home: Home, zipkin_url: str) -> Running:
    """Start the bridge without waiting for it."""
    running = load(home).alive("otlp")
    if running is None:
        port = port_for(home, "otlp")
        command = [sys.executable, "-m", "shared.stack.bridge", str(port), zipkin_url]
        running = process.spawn(home, "otlp", command, port=port, folder=process.PROJECT)
    return running


def wait_ready(home: Home, seconds: float = 60.0) -> None:
    """Wait until bridge and Zipkin listen."""
    for record in map(load(home).alive, ("otlp", "zipkin")):
        if record:
            process.wait_until(partial(answers, record.port or 0), record, seconds)


def stop(home: Home) -> bool:
    """Stop both; return whether either ran."""
    return any([process.stop(home, "otlp", _STOP), process.stop(home, "zipkin", _STOP)])
