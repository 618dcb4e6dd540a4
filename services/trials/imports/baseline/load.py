"""Gives each line of a baseline to the service that it concerns, and goes on after one that is rejected."""

import hashlib
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from services.trials.imports.baseline.files import Cells, Line, Read, Rejected, read
from services.trials.imports.baseline.rows import BODIES, Known, LineError
from services.trials.imports.baseline.sheets import COLUMN_OF, SHEETS, Sheet
from shared.stack.client import Attempt

# A service that has not heard of a trial yet, or has too much to do, is asked again for so long.
PATIENCE_SECONDS, PAUSE_SECONDS = 60.0, 0.5
_AGAIN = (429, 503)
_FAULT = re.compile(r"(?:Value error, )?([a-z_]+): (.*)", re.DOTALL)
Give = Callable[[str, str, Mapping[str, Any], str], Attempt]


@dataclass
class Tally:
    """What became of a file's lines; `taken` are those that the services now know."""

    sheet: Sheet
    read: int = 0
    loaded: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


def load(folder: Path, document_ref: str, give: Give) -> tuple[Known, list[Tally]]:
    """Load all files of a folder in the order in which they need one another."""
    files = {sheet.name: read(folder, sheet) for sheet in SHEETS}
    known = Known(document_ref, approvals=_approvals(files["approvals"]))
    return known, [_load(files[sheet.name], known, give) for sheet in SHEETS]


def _approvals(file: Read) -> Mapping[tuple[str, str], list[Cells]]:
    found: dict[tuple[str, str], list[Cells]] = defaultdict(list)
    for line in file.lines:
        for site in line.cells["sites"]:
            found[line.cells["trial"], site].append(line.cells)
    return found


def _load(file: Read, known: Known, give: Give) -> Tally:
    sheet = file.sheet
    tally = Tally(sheet, file.count, rejected=[*file.rejected], lines=file.lines)
    for line in file.lines:
        try:
            body = BODIES[sheet.name](known, line.cells) | {"document_ref": known.document_ref}
        except LineError as fault:
            name = f"{sheet.name}.csv"
            tally.rejected.append(Rejected(name, line.number, fault.column, "baseline.unknown", fault.detail))
            continue
        answer = _give(sheet, body, give)
        if answer.status >= 400:
            tally.rejected.append(_rejected(sheet, line, answer.document))
            continue
        tally.loaded += answer.status == 201
        tally.unchanged += answer.status != 201
        _remember(known, sheet, line.cells, UUID(answer.document["stream_id"]))
    tally.rejected.sort(key=lambda one: one.line)
    return tally


def _give(sheet: Sheet, body: Mapping[str, Any], give: Give) -> Attempt:
    """The answer to a line; its key follows from the line, so that the same one runs once."""
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = give(sheet.service, sheet.command, body, f"baseline/{sheet.command}/{digest}")
        unheard = answer.status == 404 and "unknown-trial" in str(answer.document.get("type"))
        if not (unheard or answer.status in _AGAIN) or time.monotonic() > end:
            return answer
        time.sleep(PAUSE_SECONDS)


def _remember(known: Known, sheet: Sheet, cells: Cells, id_: UUID) -> None:
    if sheet.name == "programmes":
        known.programmes[cells["programme"]] = id_
    elif sheet.name == "trials":
        known.trials[cells["trial"]] = id_
    elif sheet.name == "sites":
        known.sites[cells["trial"], cells["site"]] = id_
        known.zones[cells["trial"], cells["site"]] = cells["zone"]
    elif sheet.name == "subjects":
        known.subjects[cells["trial"], cells["subject"]] = id_
    elif sheet.name == "cases":
        known.cases[cells["trial"], cells["case"]] = id_


def _rejected(sheet: Sheet, line: Line, problem: Mapping[str, Any]) -> Rejected:
    """A problem of the service, at the column that its field is in the file."""
    rule = str(problem.get("type", "")).removeprefix("urn:trialwire:problem:")
    at, detail = problem.get("field"), str(problem.get("detail", ""))
    for one in problem.get("errors", [])[:1]:
        at, detail = one["pointer"].strip("/").partition("/")[0], one["detail"]
        if not at and (named := _FAULT.fullmatch(detail)):
            at, detail = named.groups()
    columns = {column.name for column in sheet.columns}
    column = COLUMN_OF.get(at, at) if at else None
    return Rejected(
        f"{sheet.name}.csv", line.number, column if column in columns else None, rule, detail[:300]
    )
