"""The words of USDM v4: parts of a document, codes of CDISC as codes of the registry, durations as days."""

import re
from typing import Any

Part = dict[str, Any]
# CDISC's trial phases (C66737, NCI Thesaurus) as the registry has them; parts of a phase count as the phase.
PHASES: dict[str, tuple[str, ...]] = {
    "C48660": ("NA",),
    "C54721": ("EARLY_PHASE1",),
    "C15600": ("PHASE1",),
    "C15693": ("PHASE1", "PHASE2"),
    "C15601": ("PHASE2",),
    "C49686": ("PHASE2",),
    "C49688": ("PHASE2",),
    "C15694": ("PHASE2", "PHASE3"),
    "C15602": ("PHASE3",),
    "C49687": ("PHASE3",),
    "C49689": ("PHASE3",),
    "C15603": ("PHASE4",),
}
_DURATION = re.compile(r"P(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?(?:T([0-9]{1,6})H)?")


def parts(of: Part, name: str) -> list[Part]:
    """The objects of a list; what is no list, or no object in it, is none."""
    found = of.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def part(of: Part, name: str) -> Part:
    """The object of this name; an empty one where there is none."""
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def text(of: Part, name: str) -> str | None:
    """The text without surrounding space; None where it is blank or no text."""
    found = of.get(name)
    return (found.strip() or None) if isinstance(found, str) else None


def code(of: Part, name: str) -> tuple[str, str]:
    """The code and its words in small letters, also where an alias stands around it."""
    found = part(of, name)
    found = part(found, "standardCode") or found
    return text(found, "code") or "", (text(found, "decode") or "").lower()


def first_of(words: str, known: dict[str, Any]) -> Any:
    """What the first key that stands in the words means; None where none does."""
    return next((value for key, value in known.items() if key in words), None)


def number(of: Part, name: str) -> float | None:
    """A number, also of a quantity or of the upper end of a range."""
    found = of.get(name)
    if isinstance(found, dict):
        return number(found, "value") if "value" in found else number(found, "maxValue")
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def days_of(duration: str | None) -> int | None:
    """The days of an ISO 8601 duration in weeks, days and hours; None where these are no whole days."""
    found = _DURATION.fullmatch(duration or "")
    if found is None or not any(found.groups()):
        return None
    weeks, days, hours = (int(one or 0) for one in found.groups())
    return None if hours % 24 else weeks * 7 + days + hours // 24
