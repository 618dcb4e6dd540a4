"""Reading fields of a decoded JSON record: absent is fine, another type than the registry's is not."""

import re
from calendar import monthrange
from typing import Any, Literal

from services.trials.imports.ctgov.rejection import FieldError
from shared.contracts.trials.registry import PartialDate

TEXT_LIMIT = 4000
_NAMES = {
    dict: "an object",
    list: "a list",
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
}
KINDS: dict[str | None, Literal["actual", "estimated"]] = {"ACTUAL": "actual", "ESTIMATED": "estimated"}
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def name_of(value: Any) -> str:
    """What a JSON value is, in words."""
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)


def section(parent: dict[str, Any], path: str, name: str) -> dict[str, Any]:
    """An object below `path`; empty where it is absent."""
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FieldError(f"{path}{name}", f"is {name_of(value)}, not an object")
    return value


def items(parent: dict[str, Any], path: str, name: str, kind: type) -> list[Any]:
    """A list of values of one type below `path`; empty where it is absent."""
    value = parent.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise FieldError(f"{path}{name}", f"is {name_of(value)}, not a list")
    for n, item in enumerate(value):
        if not isinstance(item, kind):
            raise FieldError(f"{path}{name}[{n}]", f"is {name_of(item)}, not {_NAMES[kind]}")
    return [checked(item, f"{path}{name}") for item in value] if kind is str else value


def text(parent: dict[str, Any], path: str, name: str, limit: int = TEXT_LIMIT) -> str | None:
    """Text below `path` without surrounding space; None where it is absent or blank."""
    value = parent.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise FieldError(f"{path}{name}", f"is {name_of(value)}, not text")
    return checked(value, f"{path}{name}", limit) or None


def checked(value: str, field: str, limit: int = TEXT_LIMIT) -> str:
    """Text that can be stored and sent; FieldError where it cannot."""
    if "\x00" in value:
        raise FieldError(field, "contains a NUL character, which no text may")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise FieldError(field, "contains half a surrogate pair, which is no character")
    if len(value) > limit:
        raise FieldError(field, f"has {len(value)} characters, more than {limit}")
    return value.strip()


def truth(parent: dict[str, Any], path: str, name: str) -> bool | None:
    """True or false below `path`; None where it is absent."""
    value = parent.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise FieldError(f"{path}{name}", f"is {name_of(value)}, not true or false")


def number(parent: dict[str, Any], path: str, name: str) -> int | None:
    """A whole number, not negative, that fits 32 bits; None where it is absent."""
    value = parent.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise FieldError(f"{path}{name}", f"is {name_of(value)}, not a whole number")
    if not 0 <= value < 2**31:
        raise FieldError(f"{path}{name}", f"is {value}, outside 0 to 2147483647")
    return value


def degrees(parent: dict[str, Any], path: str, name: str, limit: int) -> float | None:
    """A coordinate within plus or minus `limit`; None where it is absent."""
    value = parent.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -limit <= value <= limit:
        raise FieldError(f"{path}{name}", f"is not a number from -{limit} to {limit}")
    return float(value)


def partial_date(value: str, field: str, kind: str | None = None) -> PartialDate:
    """A date as exact as it is given; FieldError where the calendar has no such date."""
    found = _DATE.fullmatch(value)
    if not found:
        raise FieldError(field, f"{value[:40]!r} is not a date written YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = (int(part) if part else None for part in found.groups())
    possible = year and (month is None or 1 <= month <= 12)
    if possible and day is not None and month is not None and year is not None:
        possible = 1 <= day <= monthrange(year, month)[1]
    if not possible:
        raise FieldError(field, f"{value} is not in the calendar")
    precision: Literal["day", "month", "year"] = "day" if day else "month" if month else "year"
    return PartialDate(text=value, precision=precision, kind=KINDS.get(kind))


def dated(parent: dict[str, Any], path: str, name: str) -> PartialDate | None:
    """A date struct {date, type?}, or a bare date; None where it is absent."""
    if isinstance(parent.get(name), str):
        return partial_date(parent[name], f"{path}{name}")
    struct = section(parent, path, name)
    value = text(struct, f"{path}{name}.", "date")
    kind = text(struct, f"{path}{name}.", "type")
    return partial_date(value, f"{path}{name}.date", kind) if value else None
