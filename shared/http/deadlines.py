"""The query of deadlines, the same in every service: those it owns, or those of others that it shows."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from shared.http.answers import Cursor, Limit, Order, Page, as_day, page
from shared.rules.deadlines import DeadlineRow

router = APIRouter(prefix="/v1", tags=["queries"])
DeadlineStatus = Literal["armed", "at_risk", "met", "met_late", "missed", "superseded", "cancelled"]
_DUE = Order({"due_on": as_day, "deadline_id": UUID})
_DEADLINES = """
SELECT * FROM deadline
WHERE ($1::uuid IS NULL OR trial_id = $1) AND ($2::uuid IS NULL OR subject_id = $2)
  AND ($3::text[] IS NULL OR status = ANY($3)) AND ($4::date IS NULL OR due_on <= $4)
"""


@router.get("/deadlines", response_model=Page[DeadlineRow])
async def deadlines(
    request: Request,
    trial: UUID | None = None,
    subject: UUID | None = None,
    status: Annotated[list[DeadlineStatus] | None, Query()] = None,
    due_by: date | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """What is due when, by which rule, from which day 0, and who owes it, the next to fall due first."""
    values = (trial, subject, status, due_by)
    return await page(request, _DEADLINES, *values, order=_DUE, limit=limit, after=after)
