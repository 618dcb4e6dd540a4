"""The participant flow of posted results: how many started, completed and left, by group."""

import re
from typing import Any

from services.trials.imports.ctgov.fields import items, section, text
from services.trials.imports.ctgov.rejection import FieldError
from shared.contracts.trials.registry import FlowCount, FlowPeriod, ParticipantFlow

_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_FLOW = "resultsSection.participantFlowModule."


def participant_flow(results: dict[str, Any]) -> ParticipantFlow | None:
    """The flow; None where no results are posted. FieldError for a count that is no number."""
    module = section(results, "resultsSection.", "participantFlowModule")
    if not module:
        return None
    groups: dict[str, str] = {}
    for n, group in enumerate(items(module, _FLOW, "groups", dict)):
        at = f"{_FLOW}groups[{n}]."
        key = text(group, at, "id") or f"FG{n:03}"
        groups[key] = text(group, at, "title") or key
    periods = []
    for n, period in enumerate(items(module, _FLOW, "periods", dict)):
        at = f"{_FLOW}periods[{n}]."
        periods.append(
            FlowPeriod(
                title=text(period, at, "title") or f"Period {n + 1}",
                milestones=_counts(period, at, "milestones", "achievements"),
                left=_counts(period, at, "dropWithdraws", "reasons"),
            )
        )
    return ParticipantFlow(groups=groups, periods=tuple(periods))


def _counts(period: dict[str, Any], path: str, name: str, of: str) -> tuple[FlowCount, ...]:
    found = []
    for n, row in enumerate(items(period, path, name, dict)):
        at = f"{path}{name}[{n}]."
        counted: dict[str, int] = {}
        for m, cell in enumerate(items(row, at, of, dict)):
            cell_at = f"{at}{of}[{m}]."
            group, said = text(cell, cell_at, "groupId"), text(cell, cell_at, "numSubjects")
            if group and said:
                counted[group] = _number(said, f"{cell_at}numSubjects")
        found.append(FlowCount(name=text(row, at, "type") or f"{name} {n + 1}", participants=counted))
    return tuple(found)


def _number(said: str, field: str) -> int:
    if not _NUMBER.fullmatch(said):
        raise FieldError(field, f"{said[:40]!r} is not a whole number")
    return int(said)
