"""What runs and where, from stack.json and by asking each process."""

from __future__ import annotations

import time
from typing import Any

from shared.stack import services
from shared.stack.databases import SERVICES
from shared.stack.home import LOOPBACK, Home
from shared.stack.ports import answers
from shared.stack.state import Running, load


def report(home: Home) -> dict[str, Any]:
    """For `trialwire status`; `ready` is true when something runs and all that was started answers."""
    state = load(home)
    rows = [_row(record) for _, record in sorted(state.processes.items())]
    return {
        "home": str(home.root),
        "ready": bool(rows) and all(row["ready"] for row in rows),
        "processes": rows,
        "addresses": state.addresses,
        "secrets": str(home.root / "secrets"),
    }


def _row(record: Running) -> dict[str, Any]:
    alive = record.process() is not None
    web = record.name in SERVICES or record.name in ("zipkin", "otlp")
    return {
        "name": record.name,
        "pid": record.pid,
        "port": record.port,
        "log": record.log,
        "address": f"{'http://' if web else ''}{LOOPBACK}:{record.port}",
        "alive": alive,
        "ready": alive and _answers(record),
        "up_seconds": round(time.time() - record.started) if alive else 0,
    }


def _answers(record: Running) -> bool:
    if record.name in SERVICES:
        return services.ready(services.address(record))
    return answers(record.port or 0)
