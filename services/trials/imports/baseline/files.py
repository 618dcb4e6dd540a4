"""Reads a baseline's CSV files line by line, and writes their templates."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.trials.imports.baseline.cells import EXAMPLE
from services.trials.imports.baseline.sheets import SHEETS, Sheet
from services.trials.imports.lines import LINE, LOST

Cells = dict[str, Any]


@dataclass(frozen=True)
class Rejected:
    """A line that was not loaded: the column and the rule at fault, in words for a person."""

    file: str
    line: int
    column: str | None
    rule: str
    detail: str


@dataclass(frozen=True)
class Line:
    """A line of a file as its columns read it; empty cells are left out."""

    number: int
    cells: Cells


@dataclass
class Read:
    """What a file holds: lines that can be read, and those that cannot."""

    sheet: Sheet
    lines: list[Line] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.lines) + len(self.rejected)


def templates() -> Iterator[tuple[str, str]]:
    """Each file's name and its template: the header, and one line that is an example and is never read."""
    for sheet in SHEETS:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([column.name for column in sheet.columns])
        writer.writerow([column.example for column in sheet.columns])
        yield f"{sheet.name}.csv", text.getvalue()


def read(folder: Path, sheet: Sheet) -> Read:
    """All lines of a file, which may be missing; UTF-8, a header line, columns in any order."""
    found = Read(sheet)
    path = folder / f"{sheet.name}.csv"
    if not path.is_file():
        return found
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as source:
        rows = csv.reader(source, strict=True)
        header = [name.strip() for name in _next(rows, found) or []]
        if not header:
            return found
        if wrong := _wrong(sheet, header):
            found.rejected.append(Rejected(path.name, 1, wrong[0], "baseline.header", wrong[1]))
            return found
        seen: set[str] = set()
        while (row := _next(rows, found)) is not None:
            if row and any(cell.strip() for cell in row) and not row[0].startswith(EXAMPLE):
                _take(found, path.name, rows.line_num, header, row, seen)
    return found


def _next(rows: Any, found: Read) -> list[str] | None:
    while True:
        try:
            row: list[str] | None = next(rows, None)
        except csv.Error as fault:
            name = f"{found.sheet.name}.csv"
            found.rejected.append(Rejected(name, rows.line_num, None, "baseline.line", str(fault)))
            continue
        return row


def _wrong(sheet: Sheet, header: list[str]) -> tuple[str | None, str] | None:
    known = {column.name for column in sheet.columns}
    missing = [column.name for column in sheet.columns if column.needed and column.name not in header]
    strange = [name for name in header if name not in known]
    if missing:
        return missing[0], "the column is missing: nothing was read"
    if strange:
        return None, f"there is no column {strange[0][:60]}: nothing was read"
    if len(set(header)) < len(header):
        return None, "a column stands there twice: nothing was read"
    return None


def _take(found: Read, file: str, number: int, header: list[str], row: list[str], seen: set[str]) -> None:
    """Read one line, or say why it cannot be read."""

    def reject(column: str | None, rule: str, detail: str) -> None:
        found.rejected.append(Rejected(file, number, column, rule, detail))

    if len(row) != len(header):
        return reject(None, "baseline.line", f"{len(row)} cells under {len(header)} columns")
    if sum(map(len, row)) > LINE:
        return reject(None, "baseline.line", f"more than {LINE} characters")
    given = {name: cell.strip() for name, cell in zip(header, row, strict=True)}
    cells: Cells = {}
    for column in found.sheet.columns:
        text = given.get(column.name, "")
        if LOST in text:
            return reject(column.name, "baseline.encoding", "is not UTF-8")
        if not text:
            if column.needed:
                return reject(column.name, "baseline.missing", "the cell is empty")
            continue
        try:
            cells[column.name] = column.read(text)
        except ValueError as fault:
            return reject(column.name, "baseline.cell", str(fault))
    name = "|".join(
        str(cells.get(column, "")) for column in ("trial", found.sheet.columns[0].name, "custodian")
    )
    if name in seen:
        return reject(found.sheet.columns[0].name, "baseline.twice", "the name stands on an earlier line")
    seen.add(name)
    found.lines.append(Line(number, cells))
    return None
