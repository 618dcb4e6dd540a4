"""How queries answer: rows as JSON that Postgres writes, and the words a query may filter by."""

from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel

from shared.http.problems import ProblemError

T = TypeVar("T")
ReviewStatus = Literal[
    "draft",
    "submitted",
    "pre_review",
    "clarification_requested",
    "under_review",
    "modifications_required",
    "post_review",
    "deferred",
    "approved",
    "disapproved",
    "withdrawn",
]
ApprovalStatus = Literal["active", "expiring", "lapsed", "renewed", "terminated", "closed"]
ReportStatus = Literal["open", "awaiting_ack", "acknowledged", "rejected", "not_required"]
DeadlineStatus = Literal["armed", "at_risk", "met", "met_late", "missed", "superseded", "cancelled"]
Limit = Annotated[int, Query(ge=1, le=1000)]


class Items(BaseModel, Generic[T]):
    """Rows of one kind, in the order that the query names."""

    items: list[T]


async def items(request: Request, sql: str, *values: Any) -> Response:
    """The rows of a query, in its order."""
    # Postgres writes the JSON itself: no row becomes an object in between.
    text = await request.app.state.pool.fetchval(
        f"SELECT coalesce(json_agg(row_to_json(r)), '[]')::text FROM ({sql}) r",  # noqa: S608 - constants below
        *values,
    )
    return Response(f'{{"items":{text}}}', media_type="application/json")


async def one(request: Request, sql: str, id_: UUID) -> Response:
    """The row of this id, or a 404 problem."""
    text = await request.app.state.pool.fetchval(
        f"SELECT row_to_json(r)::text FROM ({sql}) r",  # noqa: S608 - constants below
        id_,
    )
    if text is None:
        raise ProblemError(404, "unknown", "there is nothing of this id")
    return Response(text, media_type="application/json")
