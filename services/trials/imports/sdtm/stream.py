"""Reads a stream of SDTM tables as CSV: each begins with its header line, and DOMAIN says which it is."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from services.trials.imports.lines import LINE, LOST, LineTooLongError, lines_of
from services.trials.imports.sdtm.record import NEEDED, READ
from services.trials.imports.sdtm.rows import READERS, Row, Tables

# A subject's rows stand in four tables, so all are held at once; the largest trials have a tenth of this.
ROWS, FAULTS = 1_000_000, 10_000


@dataclass
class _Table:
    """The table that is being read: its header, the line where it began, and whether it can be read."""

    header: list[str]
    began: int
    domain: str | None = None
    usable: bool = True


def read(chunks: Iterator[bytes]) -> Tables:
    """The subjects of the tables, UTF-8 CSV with a header line each; DM comes first.

    A visit or a dose without a whole day is rejected alone. Where a row that decides what became of a
    subject has none, the subject is not imported: half a history would be another one. After a line
    without end, or more than ROWS rows, nothing more is read (`whole` is False).
    """
    tables = Tables()
    rows = csv.reader(lines_of(chunks), strict=True)
    table: _Table | None = None
    while True:
        try:
            row = next(rows, None)
        except csv.Error as fault:
            tables.reject(None, rows.line_num, None, "csv.row", str(fault))
            continue
        except LineTooLongError:
            return _stopped(tables, rows.line_num, "csv.line", f"a line has more than {LINE} characters")
        if row is None:
            return tables
        if "USUBJID" in row or "DOMAIN" in row or (row and table is None):
            table = _Table([name.strip() for name in row], rows.line_num - 1)
            if "DOMAIN" not in table.header:
                table.usable = False
                tables.reject(None, 1, "DOMAIN", "csv.header", "the column is missing")
        elif row and table:
            tables.rows += 1
            if table.usable:
                _take(tables, table, row, rows.line_num - table.began)
        if tables.rows > ROWS or len(tables.rejected) >= FAULTS:
            said = f"more than {ROWS} rows, or {FAULTS} rejections"
            return _stopped(tables, rows.line_num, "import.limit", said)


def _stopped(tables: Tables, line: int, rule: str, said: str) -> Tables:
    tables.whole = False
    tables.reject(None, line, None, rule, f"{said}: nothing was imported")
    return tables


def _take(tables: Tables, table: _Table, row: list[str], line: int) -> None:
    domain = table.domain or _domain(row, table)
    file = domain.lower() or None
    if len(row) != len(table.header):
        said = f"{len(row)} fields where the header has {len(table.header)}"
        tables.reject(file, line, None, "csv.row", said)
        return
    if table.domain is None:
        table.domain = domain
        for column in NEEDED.get(domain, ()):
            if column not in table.header:
                table.usable = False
                tables.reject(file, 1, column, "csv.header", "the column is missing")
    if domain not in NEEDED:
        tables.leave(f"domain {domain[:8] or '?'}")
    elif table.usable:
        cells = dict(zip(table.header, row, strict=True))
        if not _unreadable(tables, domain, cells, line):
            READERS[domain](tables, cells, line)


def _unreadable(tables: Tables, domain: str, row: Row, line: int) -> bool:
    """Whether a column that is read is no UTF-8; of DS that costs the subject, as a day that is none does."""
    columns = (*NEEDED[domain], *READ[domain])
    column = next((name for name in columns if LOST in row.get(name, "")), None)
    if column is None:
        return False
    said = "is not UTF-8"
    if domain == "DS" and (subject := tables.subjects.get(row["USUBJID"].strip())):
        subject.spoilt, said = True, f"{said}: the subject is not imported"
    tables.reject(domain.lower(), line, column, "csv.encoding", said)
    return True


def _domain(row: list[str], table: _Table) -> str:
    at = table.header.index("DOMAIN")
    return row[at].strip().upper() if at < len(row) else ""
