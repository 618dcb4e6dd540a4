"""A list as CSV: the whole of it, of what the one who asks sees; RFC 4180, and no cell that a sheet runs.

A text that begins as a formula of a spreadsheet does gets an apostrophe before it (OWASP, CSV Injection), and
so does what begins so behind a semicolon, a tab or a new line: many a sheet takes these for the separator.
Numbers stay numbers, dates are ISO 8601, instants UTC; lists and objects are JSON, the unknown is empty.
"""

import csv
import io
import json
import re
import tempfile
from collections.abc import AsyncIterator
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Annotated, Any, Literal

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from shared.http.answers import Order, page
from shared.http.seen import seen

Form = Annotated[
    Literal["json", "csv"] | None,
    Query(alias="format", description="csv: the whole list as one sheet; also by Accept: text/csv"),
]
TYPE = "text/csv; charset=utf-8; header=present"
SHEET: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}  # for the OpenAPI document
# Full width: some sheets read them alike. Quotes, which are doubled, may open and close a cell before it.
_FORMULA = re.compile(r"""^(?=[\t\r\n])|((?:^|[;\t\r\n])"*)(?=[=+\-@＝＋－＠])""")  # noqa: RUF001
_CHUNK, _IN_MEMORY = 1_000, 4 * 2**20


def cell(value: Any) -> str | int | float | Decimal:
    """A value as it stands in a sheet."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return value
        case date() | datetime():
            return value.isoformat()
        case list() | dict():
            # In JSON a semicolon stands in strings alone, where it may be written as its code.
            return json.dumps(value, ensure_ascii=False, default=str).replace(";", "\\u003b")
        case _:
            return _FORMULA.sub(r"\1'", str(value))


async def listed(
    request: Request,
    sql: str,
    *values: Any,
    order: Order,
    limit: int,
    after: str | None,
    form: Literal["json", "csv"] | None,
) -> Response:
    """A page of the rows of a query as JSON, or all of them as CSV where that is asked for."""
    accepted = request.headers.get("accept", "").lower()
    if form == "csv" or (form is None and "text/csv" in accepted and "json" not in accepted):
        return await _sheet(request, sql, *values, order=order)
    return await page(request, sql, *values, order=order, limit=limit, after=after)


async def _sheet(request: Request, sql: str, *values: Any, order: Order) -> Response:
    """All rows, read in one transaction before the first byte leaves: no slow reader holds it open."""
    way = "DESC" if order.falling else "ASC"
    by = ", ".join(f"{key} {way}" for key in order.by)
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  the answer closes it
    async with seen(request) as tx:
        # Only constants of the services' modules come here, never a word of a request.
        asked = await tx.prepare(f"SELECT * FROM ({sql}) q ORDER BY {by}")  # noqa: S608
        file.write(lines([[column.name for column in asked.get_attributes()]]))
        rows = await asked.cursor(*values)
        while found := await rows.fetch(_CHUNK):
            file.write(lines([[cell(value) for value in row.values()] for row in found]))
    file.seek(0)
    name = request.scope["route"].path.rstrip("/").rpartition("/")[2]
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Vary": "Accept"}
    return StreamingResponse(_sent(file), media_type=TYPE, headers=headers)


async def _sent(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := file.read(2**16):
            yield chunk


def lines(rows: list[list[Any]]) -> bytes:
    """Rows of cells as CSV in UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
