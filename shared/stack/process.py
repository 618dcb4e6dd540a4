"""Processes that outlive us: started, awaited, and ended by pid and start time, never by name."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from shared.stack.cluster import Account
from shared.stack.faults import NotReady
from shared.stack.home import Home
from shared.stack.state import Running, changing, load

# Every process carries its stack and name in its environment, so that one started by an `up` that was
# killed before it could write stack.json is still found.
_MARK = "TRIALWIRE_PROCESS"
_LOG_LIMIT = 8 * 1024 * 1024
# `python -m shared…` finds our packages from here, installed or not.
PROJECT = Path(__file__).resolve().parents[2]


def spawn(
    home: Home, name: str, argv: Sequence[object], *, port: int | None = None,
    env: Mapping[str, str] | None = None, folder: Path | None = None, user: Account | None = None,
) -> Running:  # fmt: skip
    """Start `argv` detached, its output in the stack's log of that name, and record it in stack.json."""
    log = home.log(name)
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603  (our own command line)
            [str(part) for part in argv], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            cwd=folder or home.root, start_new_session=True, umask=0o077, user=user.uid if user else None,
            group=user.gid if user else None, extra_groups=() if user else None,
            env={**os.environ, **past_the_proxy(), **(env or {}), _MARK: f"{home.root}:{name}"},
        )  # fmt: skip
    child.returncode = 0  # it outlives us by design; without this its garbage collection warns
    record = Running(name, child.pid, psutil.Process(child.pid).create_time(), port, str(log))
    with changing(home) as state:
        state.processes[name] = record
    return record


def past_the_proxy() -> dict[str, str]:
    """What keeps the talk of a stack's processes on this machine, whatever proxy the environment names."""
    named = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    return dict.fromkeys(("NO_PROXY", "no_proxy"), f"{named},127.0.0.1,localhost".lstrip(","))


def wait_until(ready: Callable[[], bool], record: Running, seconds: float) -> None:
    """Return when `ready` says so; `NotReady`, with the log's end, when it has ended or time is up."""
    last = time.monotonic() + seconds
    while not ready():
        if record.process() is None:
            raise NotReady(f"{record.name} has ended: {last_words(record)}", f"Its log: {record.log}.")
        if time.monotonic() > last:
            raise NotReady(
                f"{record.name} was not ready within {seconds:g} s: {last_words(record)}",
                f"Its log: {record.log}. `trialwire doctor` may name the cause.",
            )
        time.sleep(0.05)


def last_words(record: Running, lines: int = 5) -> str:
    try:
        text = Path(record.log).read_bytes()[-4096:].decode("utf-8", "replace")
    except OSError:
        return "(no log)"
    return " | ".join(text.splitlines()[-lines:]) or "(its log is empty)"


def stop(home: Home, name: str, steps: Sequence[tuple[signal.Signals, float]]) -> bool:
    """Send each signal in turn and give it its seconds; return whether there was anything to stop."""
    record = load(home).alive(name)
    process = record.process() if record else None
    if process is not None:
        end(process, steps)
    with changing(home) as state:
        state.processes.pop(name, None)
    return process is not None


def end(process: psutil.Process, steps: Sequence[tuple[signal.Signals, float]]) -> None:
    for number, seconds in steps:
        try:
            process.send_signal(number)
            process.send_signal(signal.SIGCONT)  # a stopped process would only die on SIGKILL
            process.wait(seconds)
        except psutil.TimeoutExpired:
            continue
        except psutil.NoSuchProcess:
            return
        return


def end_strays(home: Home, only: str | None = None) -> list[str]:
    """End what `strays` finds, and name it; only Postgres has anything to put in order first."""
    ended = []
    for name, stray in list(strays(home)):
        if only in (None, name):
            first = signal.SIGINT if name == "postgres" else signal.SIGKILL
            end(stray, [(first, 5.0), (signal.SIGKILL, 5.0)])
            ended.append(f"{name} (pid {stray.pid})")
    return ended


def strays(home: Home) -> Iterator[tuple[str, psutil.Process]]:
    """Processes of this stack that stack.json does not know: of a start that was killed halfway."""
    known = {record.pid for record in load(home).processes.values() if record.process()}
    marked = {process.pid: (name, process) for name, process in _marked(home)}
    for pid, (name, process) in marked.items():
        if pid not in known and _parent(process) not in marked:  # children end with their parent
            yield name, process


def _marked(home: Home) -> Iterator[tuple[str, psutil.Process]]:
    for process in psutil.process_iter():
        try:
            place, _, name = process.environ().get(_MARK, "").rpartition(":")
        except psutil.Error:
            continue
        if place == str(home.root) and process.pid != os.getpid():
            yield name, process


def _parent(process: psutil.Process) -> int:
    try:
        return int(process.ppid())
    except psutil.Error:
        return 0
