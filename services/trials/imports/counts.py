"""Reads the totals of sites from a CSV file, as a data capture system exports them: a row a site and day."""

import csv
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from services.trials.commands.data_counts import RecordDataCounts
from services.trials.imports.lines import LINE, LOST, LineTooLongError, lines_of

COLUMNS = tuple(RecordDataCounts.model_fields)
_NEEDED = tuple(name for name, field in RecordDataCounts.model_fields.items() if field.is_required())
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Row = tuple[int, RecordDataCounts]


class RejectedRow(BaseModel):
    """A row that was not imported: its last line in the file, the field and the rule at fault, in words."""

    line: int
    field: str | None
    rule: str
    reason: str


def read(chunks: Iterator[bytes]) -> Iterator[Row | RejectedRow]:
    """Each row as a report with its line, or why it is none; UTF-8, a header line, columns in any order.

    Without the columns needed, with one that nobody knows, or after a line without end, nothing more is read.
    """
    rows = csv.reader(lines_of(chunks), strict=True)
    seen: set[tuple[Any, ...]] = set()
    header: list[str] | None = None
    while True:
        try:
            row = next(rows, None)
        except csv.Error as fault:
            yield RejectedRow(line=rows.line_num, field=None, rule="csv.row", reason=str(fault))
            continue
        except LineTooLongError:
            said = f"a line has more than {LINE} characters: nothing more was read"
            yield RejectedRow(line=rows.line_num + 1, field=None, rule="csv.line", reason=said)
            return
        if row is None:
            return
        if not row:
            continue
        if header is None:
            header = [name.strip() for name in row]
            if wrong := _wrong_header(header):
                yield wrong
                return
            continue
        yield _report(header, row, rows.line_num, seen)


def _wrong_header(header: list[str]) -> RejectedRow | None:
    odd = [name for name in header if name not in COLUMNS or header.count(name) > 1]
    missing = [name for name in _NEEDED if name not in header]
    if not (odd or missing):
        return None
    field, reason = (
        (missing[0], "the column is missing") if missing else (odd[0][:64], "no such column, or twice")
    )
    return RejectedRow(line=1, field=field, rule="csv.header", reason=reason)


def _report(header: list[str], row: list[str], line: int, seen: set[tuple[Any, ...]]) -> Row | RejectedRow:
    if len(row) != len(header):
        said = f"{len(row)} fields where the header has {len(header)}"
        return RejectedRow(line=line, field=None, rule="csv.row", reason=said)
    given = {name: value.strip() for name, value in zip(header, row, strict=True) if value.strip()}
    if broken := next((name for name, text in given.items() if LOST in text), None):
        return RejectedRow(line=line, field=broken, rule="csv.encoding", reason="is not UTF-8")
    if not _DAY.fullmatch(given.get("as_of", "")):  # else a number would be taken for seconds
        return RejectedRow(line=line, field="as_of", rule="date", reason="is not a date like 2026-03-02")
    try:
        report = RecordDataCounts.model_validate(given)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_context=False, include_input=False)[0]
        return RejectedRow(line=line, field=str(first["loc"][0]), rule=first["type"], reason=first["msg"])
    key = (report.site_id, report.as_of, report.source)
    if key in seen:
        said = "the file has other counts of this site, day and source before it"
        return RejectedRow(line=line, field="as_of", rule="data_counts.twice", reason=said)
    seen.add(key)
    return line, report
