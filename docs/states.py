"""Writes docs/states.md: each step of every state machine of trials, with the rules that may refuse it."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from services.trials import rules

STATES = Path(__file__).parent / "states.md"
_HEAD = """# States

Written by `make docs` from `TRANSITIONS` and `GUARDS` of `services/trials/rules`. A step in no table is
refused. A rule that is named may refuse the step; a test refuses each, and walks every pair of statuses.
"""


def machines() -> Iterator[ModuleType]:
    """The modules of rules that have a table of transitions, by name."""
    for found in sorted(pkgutil.iter_modules(rules.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"{rules.__name__}.{found.name}")
        if hasattr(module, "TRANSITIONS"):
            yield module


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for module in machines() for line in _machine(module))])


def _machine(module: ModuleType) -> Iterator[str]:
    steps: Mapping[Any, Sequence[Any]] = module.TRANSITIONS
    guards: Mapping[tuple[Any, Any], Sequence[str]] = getattr(module, "GUARDS", {})
    title = " ".join((module.__doc__ or module.__name__).split("\n\n")[0].split()).rstrip(".")
    yield from (f"## {title}", "", "| from | to | rules that may refuse |", "| --- | --- | --- |")
    for before, after in steps.items():
        for status in after:
            refusing = ", ".join(f"`{rule}`" for rule in guards.get((before, status), ()))
            yield f"| {_word(before)} | {_word(status)} | {refusing or '-'} |"
    reached = dict.fromkeys(status for after in steps.values() for status in after)
    if ends := [_word(status) for status in reached if not steps.get(status)]:
        yield from ("", f"Nothing follows {', '.join(ends)}.")
    yield ""


def _word(status: Any) -> str:
    return "(none yet)" if status is None else str(status)


def write() -> None:
    """Bring docs/states.md in line with the rules."""
    STATES.write_text(page(), encoding="utf-8")
