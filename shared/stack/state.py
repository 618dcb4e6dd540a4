"""What runs, on which ports, and since when: the file stack.json, in place of a supervisor."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import psutil
from filelock import FileLock

from shared.stack.home import Home, write_private


@dataclass(frozen=True)
class Running:
    """A process we started; `started` (seconds since 1970) tells it from a later one with the same pid."""

    name: str
    pid: int
    started: float
    port: int | None
    log: str

    def process(self) -> psutil.Process | None:
        """The live process, or None when it has ended or its pid now belongs to another."""
        _reap(self.pid)
        try:
            found = psutil.Process(self.pid)
            ours = abs(found.create_time() - self.started) < 1.0 and found.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return found if ours else None


@dataclass
class State:
    """The content of stack.json: processes by name, public addresses, and ports kept for the next start."""

    processes: dict[str, Running] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def alive(self, name: str) -> Running | None:
        record = self.processes.get(name)
        return record if record and record.process() else None


def load(home: Home) -> State:
    """Read stack.json; a missing or damaged file is an empty state (processes bear a mark of their own)."""
    try:
        return _read(home)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return State()


def readable(home: Home) -> bool:
    """Whether stack.json is there and whole."""
    try:
        _read(home)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def _read(home: Home) -> State:
    raw: dict[str, Any] = json.loads(home.state_file.read_text(encoding="utf-8"))
    return State(
        processes={name: Running(**record) for name, record in raw["processes"].items()},
        addresses=dict(raw["addresses"]),
        ports={name: int(port) for name, port in raw["ports"].items()},
    )


@contextlib.contextmanager
def changing(home: Home) -> Iterator[State]:
    """Load the state, let the caller change it, write it whole; one writer at a time."""
    with FileLock(home.root / ".stack.lock", timeout=10):
        state = load(home)
        yield state
        write_private(home.state_file, json.dumps({"version": 1, **asdict(state)}, indent=2, sort_keys=True))


def _reap(pid: int) -> None:
    """A child that has ended stays in the process table until its parent asks; the parent may be us."""
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)
