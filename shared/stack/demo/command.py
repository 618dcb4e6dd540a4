"""`trialwire demo`: start what does not run, play the story, say what it came to, stop what was started."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import platformdirs
from rich.console import Console

from shared.stack import clock, process
from shared.stack.api import start_stack, stop_stack
from shared.stack.demo.play import play
from shared.stack.demo.stage import StepFailedError
from shared.stack.demo.timeline import Timeline
from shared.stack.home import Home
from shared.stack.issuer import EmbeddedIssuer
from shared.stack.state import load

_STOP = [(signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0)]
_aside = Console(stderr=True, highlight=False, soft_wrap=True)


def home() -> Home:
    """The demonstration's own stack: `TRIALWIRE_HOME`, else a folder beside the user's other one."""
    return Home.at(os.environ.get("TRIALWIRE_HOME") or platformdirs.user_data_path("trialwire-demo"))


def run(keep: bool, as_json: bool) -> int:
    """The exit code: 0 when every step came true, 1 with the reason when one did not."""
    place, began = home(), time.monotonic()
    with _ended_by_signals(), _stopping(place, keep):
        _say(f"Trialwire in {place.root}. All acts are simulated; the trial's record is a real one.")
        try:
            found = start_stack(place, only_stack=False, say=_say)
            ready = time.monotonic() - began
            issuer, timeline = EmbeddedIssuer.at(place), Timeline(quiet=as_json)
            told = asyncio.run(play(found, issuer, timeline, clock.ahead(place)))
        except StepFailedError as fault:
            if as_json:
                print(json.dumps({"ok": False, "failed": {"step": fault.step, "reason": fault.reason}}))
            _say(f"\nFAILED: {fault.step}\n        {fault.reason}\n        logs: {place.root / 'logs'}")
            return 1
        told["summary"]["seconds_until_ready"] = round(ready, 1)
        if as_json:
            print(json.dumps({"ok": True, **told}))
        else:
            _tell(told)
        if keep:
            _say(f"\nAll of it keeps running. To stop it: TRIALWIRE_HOME={place.root} trialwire down")
        return 0


def _tell(told: dict[str, Any]) -> None:
    out = Console(highlight=False, soft_wrap=True)
    total = told["summary"]
    out.print("\n[bold]What followed by itself[/bold]")
    for burst in total["bursts"]:
        out.print(
            f"  {burst['ms']:7.1f} ms  {burst['events']:3} events  {burst['hops']:3} hops  {burst['step']}",
            markup=False,
        )
    out.print(
        f"\n{total['events']} events, {total['hops']} hops between services, {total['milliseconds']:.0f} ms "
        f"of automatic work in all; the story took {total['seconds']} s after "
        f"{total['seconds_until_ready']} s of starting"
    )
    out.print(f"\nTrial      {told['trial']['nct']}, correlation {told['correlation_id']}")
    out.print(f"Traces     {told['trace_search'] or 'go to the collector that TRIALWIRE_OTLP names'}")
    for name, page in told["api"].items():
        out.print(f"{name:<10} {page}")


@contextmanager
def _stopping(place: Home, keep: bool) -> Iterator[None]:
    """Stop at the end what was started here, and always when interrupted."""
    before = _alive(place)
    try:
        yield
    except KeyboardInterrupt:
        _say("\ninterrupted")
        _stop(place, before)
        raise SystemExit(1) from None
    except BaseException:
        _stop(place, before)
        raise
    if not keep:
        _stop(place, before)


def _stop(place: Home, before: set[str]) -> None:
    """What ran before the demonstration goes on running."""
    if not before:
        stop_stack(place, _say)
        return
    for name in ("trials", "regulatory", "safety", "retrieval", "otlp", "zipkin", "kafka", "postgres"):
        if name in _alive(place) - before:
            process.stop(place, name, _STOP)
            _say(f"{name} stopped")


def _alive(place: Home) -> set[str]:
    state = load(place)
    return {name for name in state.processes if state.alive(name)}


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM ends the demonstration as Ctrl-C does: in order."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(line: str) -> None:
    _aside.print(line, markup=False)
