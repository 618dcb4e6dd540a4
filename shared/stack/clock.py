"""The embedded stack's business time: how far its services are ahead of real time, forward only."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from shared.stack.faults import StackError
from shared.stack.home import Home, write_private

app = typer.Typer(
    no_args_is_help=True, help="Business time of the embedded stack, for trying out what time does."
)
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_SPAN = re.compile(r"(?:\d{1,5}[dhms])+", re.ASCII)


@app.callback()
def _clock() -> None:
    """Time is simulated in the embedded stack alone."""


@app.command()
def advance(
    by: Annotated[str, typer.Argument(help="How far: 30d, 12h, 1d12h.", metavar="TIME")],
) -> None:
    """Set business time forward; it never goes back (`trialwire reset` begins again)."""
    home = Home.at()
    put_forward(home, span(by))
    typer.echo(banner(home), err=True)


def file_of(home: Home) -> Path:
    """The file that services read twice a second: seconds that business time is ahead."""
    return home.root / "clock"


def ahead(home: Home) -> timedelta:
    """How far business time is ahead of real time."""
    try:
        return timedelta(seconds=float(file_of(home).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return timedelta()


def put_forward(home: Home, by: timedelta) -> timedelta:
    """Advance business time by so much; answer with how far it is ahead now."""
    total = ahead(home) + by
    home.prepare()
    write_private(file_of(home), str(total.total_seconds()))
    return total


def span(text: str) -> timedelta:
    """A span such as 30d or 1d12h; `StackError` for what is none."""
    if not _SPAN.fullmatch(text):
        raise StackError(
            f"{text!r} is no span of time.", "Write days, hours, minutes, seconds: 30d, 12h, 1d12h."
        )
    parts = re.findall(r"(\d+)([dhms])", text)
    return sum((timedelta(**{_UNITS[unit]: int(count)}) for count, unit in parts), timedelta())


def banner(home: Home) -> str:
    """What everyone has to know while time is simulated; empty while it is not."""
    by = ahead(home)
    if not by:
        return ""
    return f"SIMULATED TIME: business time is {by} ahead, and every event made now says so (ce_simulated)."
