"""How queries answer: rows as JSON that Postgres writes, a page at a time, a problem where there are none."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Request, Response
from pydantic import BaseModel

from shared.http.problems import ProblemError
from shared.http.seen import seen

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(alias="after", max_length=600, description="`next` of the page before")]
# Postgres holds no NUL in a text.
Text = Annotated[str | None, Query(max_length=200, pattern="^[^\\x00]*$")]

as_instant = datetime.fromisoformat


def as_day(text: str) -> date:
    """A day of a cursor; the driver's name of the day after all days is the last that Python knows."""
    return date.max if text == "infinity" else date.fromisoformat(text)


class Page(BaseModel, Generic[T]):
    """Rows of one kind in the order of the list; `next` continues it, and is null at its end."""

    items: list[T]
    next: str | None


@dataclass(frozen=True)
class Order:
    """What a list goes by: expressions over its columns, never null and together unique.

    Each comes with what reads its value back from a cursor: `as_day`, `as_instant`, `UUID`, `str` or `int`.
    """

    by: Mapping[str, Callable[[str], Any]]
    falling: bool = False

    def read(self, cursor: str) -> list[Any]:
        """The values of the last row of the page before; a 400 problem where the cursor is none of ours."""
        try:
            said = json.loads(base64.urlsafe_b64decode(cursor.encode()))
            if not isinstance(said, list) or not all(isinstance(value, str | int) for value in said):
                raise ValueError(cursor)
            return [read(str(value)) for read, value in zip(self.by.values(), said, strict=True)]
        except ValueError:
            raise ProblemError(400, "malformed-cursor", "after is not the `next` of a page") from None


def _paged(sql: str, order: Order, values: int, going_on: bool) -> str:
    """The query as a page: its rows and the place of the last where more follow it."""
    keys = ", ".join(order.by)
    way, back, than = ("DESC", "ASC", "<") if order.falling else ("ASC", "DESC", ">")
    rising, sinking = (", ".join(f"{key} {to}" for key in order.by) for to in (way, back))
    marks = ", ".join(f"${values + n}" for n in range(1, len(order.by) + 1))
    beyond = f"WHERE ({keys}) {than} ({marks})" if going_on else ""
    limit = f"${values + 1 + len(order.by) * going_on}::bigint"
    # Only constants of the services' modules come here, never a word of a request.
    return (
        f"WITH r AS (SELECT * FROM ({sql}) q {beyond} ORDER BY {rising} LIMIT {limit} + 1),"  # noqa: S608
        f" kept AS (SELECT * FROM r ORDER BY {rising} LIMIT {limit})"
        f" SELECT coalesce(json_agg(row_to_json(kept) ORDER BY {rising}), '[]')::text AS items,"
        f" CASE WHEN (SELECT count(*) FROM r) > {limit} THEN"
        f" (SELECT json_build_array({keys})::text FROM kept ORDER BY {sinking} LIMIT 1) END AS last FROM kept"
    )


async def page(
    request: Request, sql: str, *values: Any, order: Order, limit: int, after: str | None
) -> Response:
    """A page of the rows of a query, which itself names neither order nor limit."""
    last = [] if after is None else order.read(after)
    text = _paged(sql, order, len(values), after is not None)
    # The rows never become objects here: Postgres writes them as JSON.
    async with seen(request) as tx:
        row = await tx.fetchrow(text, *values, *last, limit)
    assert row  # noqa: S101  an aggregate has one
    following = f'"{base64.urlsafe_b64encode(row["last"].encode()).decode()}"' if row["last"] else "null"
    return _json(f'{{"items":{row["items"]},"next":{following}}}')


async def rows(request: Request, sql: str, *values: Any) -> Response:
    """All rows of a query that has few, in its own order."""
    async with seen(request) as tx:
        text = await tx.fetchval(
            f"SELECT coalesce(json_agg(r), '[]')::text FROM ({sql}) r",  # noqa: S608 - constants of the services
            *values,
        )
    return _json(f'{{"items":{text},"next":null}}')


async def one(request: Request, sql: str, *values: Any) -> Response:
    """The only row of a query, or a 404 problem."""
    async with seen(request) as tx:
        text = await tx.fetchval(
            f"SELECT row_to_json(r)::text FROM ({sql}) r",  # noqa: S608 - constants of the services
            *values,
        )
    if text is None:
        raise ProblemError(404, "unknown", "there is nothing of this id")
    return _json(text)


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")
