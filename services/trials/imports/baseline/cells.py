"""What the cells of a baseline's files may say, and how each is written in a command."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from shared.contracts.trials.site import Gate

EXAMPLE = "EXAMPLE-"  # a line whose first cell begins so is an example, and is not read
GATES: tuple[str, ...] = get_args(Gate)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Column:
    """A column of a file: its name, what its cells mean, an example, and how a cell is read."""

    name: str
    about: str
    example: str = ""
    needed: bool = False
    read: Callable[[str], Any] = str


@dataclass(frozen=True)
class Sheet:
    """A file `<name>.csv`: whose command each of its lines becomes, and what it says in which column."""

    name: str
    service: str
    command: str
    columns: tuple[Column, ...]


def day(text: str) -> str:
    """A day like 2026-03-10; raise ValueError where it is none."""
    if not _DAY.fullmatch(text):
        raise ValueError("is no day like 2026-03-10")
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("is no day of the calendar") from None


def count(text: str) -> int:
    """A whole number."""
    if not re.fullmatch(r"[0-9]{1,8}", text):
        raise ValueError("is no whole number")
    return int(text)


def words(text: str) -> list[str]:
    """Words with spaces between."""
    return text.split()


def yes(text: str) -> bool:
    """yes or no."""
    if text not in ("yes", "no"):
        raise ValueError("is neither yes nor no")
    return text == "yes"


def identifiers(text: str) -> list[dict[str, str]]:
    """`system:value` pairs with spaces between."""
    return [dict(zip(("system", "value"), _parts(one, 2, 2), strict=True)) for one in text.split()]


def countries(text: str) -> list[dict[str, str]]:
    """`country:day` pairs: from when on that country's authority lets the trial begin."""
    pairs = [_parts(one, 2, 2) for one in text.split()]
    return [{"country": country, "effective_on": day(first)} for country, first in pairs]


def gates(text: str) -> dict[str, tuple[str, str | None]]:
    """`gate:first` or `gate:first:last`, the days of its evidence; `*` stands for all that are not named."""
    given: dict[str, tuple[str, str | None]] = {}
    for one in text.split():
        name, first, *last = _parts(one, 2, 3)
        if name not in (*GATES, "*"):
            raise ValueError(f"names a gate that there is not: one of {', '.join(GATES)} or *")
        given[name] = (day(first), day(last[0]) if last else None)
    return given


def authorisations(text: str) -> list[dict[str, str]]:
    """`kind:number:country:day`, each an authorisation and the day from which it is in effect."""
    found = [_parts(one, 4, 4) for one in text.split()]
    return [
        {"kind": kind, "number": number, "country": country, "in_effect_on": day(first)}
        for kind, number, country, first in found
    ]


def _parts(text: str, least: int, most: int) -> list[str]:
    parts = text.split(":")
    if not least <= len(parts) <= most or not all(parts):
        raise ValueError("is not written as the column's reference says")
    return parts
