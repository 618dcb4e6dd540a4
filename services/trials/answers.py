"""How queries of the service answer: rows as JSON that Postgres writes, a problem where there are none."""

import base64
import binascii
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from shared.http.problems import ProblemError

Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]


async def page(request: Request, sql: str, *values: Any, key: str, limit: int) -> Response:
    """A page of rows in the order of `key`, which the query orders by and asks one row too many of.

    The rows never become objects here: Postgres writes them as JSON.
    """
    row = await request.app.state.pool.fetchrow(
        f"WITH r AS ({sql}), kept AS (SELECT * FROM r LIMIT {limit:d})"  # noqa: S608 - constants of api.py
        f" SELECT coalesce((SELECT json_agg(row_to_json(kept)) FROM kept), '[]')::text AS items,"
        f" CASE WHEN (SELECT count(*) FROM r) > {limit:d}"
        f" THEN (SELECT {key}::text FROM kept OFFSET {limit - 1:d}) END AS last",
        *values,
    )
    following = f'"{_cursor(row["last"])}"' if row["last"] else "null"
    return Response(f'{{"items":{row["items"]},"next":{following}}}', media_type="application/json")


async def one(request: Request, sql: str, *values: Any) -> Response:
    """The JSON object that the query makes, or a 404 problem."""
    text = await request.app.state.pool.fetchval(sql, *values)
    if text is None:
        raise ProblemError(404, "unknown", "there is nothing of this id")
    return Response(text, media_type="application/json")


def after(cursor: str | None) -> UUID | None:
    """The last id of the page before; a 400 problem where the cursor is none of ours."""
    if cursor is None:
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, binascii.Error):
        raise ProblemError(400, "malformed-cursor", "after is not the `next` of a page") from None


def _cursor(key: str) -> str:
    return base64.urlsafe_b64encode(UUID(key).bytes).decode()
