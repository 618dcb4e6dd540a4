"""Queries of safety: cases with their clocks, what they owe and what waits for a person."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from shared.http import identity
from shared.http.problems import ProblemError

router = APIRouter(prefix="/v1", tags=["queries"], dependencies=[Depends(identity.actor)])
Limit = Annotated[int, Query(ge=1, le=1000)]
CaseStatus = Literal["received", "reportable", "not_reportable", "acknowledged"]
DeadlineStatus = Literal["armed", "at_risk", "met", "met_late", "missed", "superseded", "cancelled"]

# Day 0 and the earliest date of each list: what a person on duty sorts by.
_CASES = """
SELECT c.*, least(
    (SELECT min((k->>'due_on')::date) FROM jsonb_array_elements(c.clocks) k),
    (SELECT min((o->'operational'->>'due_on')::date) FROM jsonb_array_elements(c.obligations) o)
  ) AS next_due
FROM safety_case c
WHERE ($1::text IS NULL OR status = $1) AND ($2::uuid IS NULL OR trial_id = $2)
  AND ($3::uuid IS NULL OR site_id = $3) AND ($4::uuid IS NULL OR subject_id = $4)
  AND ($5::boolean IS NULL OR serious = $5) AND ($6::date IS NULL OR received_on >= $6)
  AND ($7::boolean IS NULL OR (jsonb_array_length(waiting) > 0) = $7)
ORDER BY received_on DESC, case_id LIMIT $8
"""
_ONE = """
SELECT c.*,
  (SELECT coalesce(json_agg(d ORDER BY d.due_on, d.deadline_id), '[]') FROM deadline d
   WHERE d.subject_id = c.case_id) AS deadlines,
  '/v1/events?stream_id=' || c.case_id AS history,
  (SELECT s.subject_code FROM known_subject s WHERE s.subject_id = c.subject_id) AS subject_code
FROM safety_case c WHERE c.case_id = $1
"""
_DEADLINES = """
SELECT * FROM deadline
WHERE ($1::text[] IS NULL OR status = ANY($1)) AND ($2::uuid IS NULL OR trial_id = $2)
  AND ($3::uuid IS NULL OR subject_id = $3) AND ($4::date IS NULL OR due_on <= $4)
ORDER BY due_on, deadline_id LIMIT $5
"""


async def _items(request: Request, sql: str, *values: Any) -> Response:
    # Postgres writes the JSON: no row becomes an object in between.
    text = await request.app.state.pool.fetchval(
        f"SELECT coalesce(json_agg(r), '[]')::text FROM ({sql}) r",  # noqa: S608 - the constants above
        *values,
    )
    return Response(f'{{"items":{text}}}', media_type="application/json")


@router.get("/cases")
async def cases(
    request: Request,
    status: CaseStatus | None = None,
    trial: UUID | None = None,
    site: UUID | None = None,
    subject: UUID | None = None,
    serious: bool | None = None,
    received_from: date | None = None,
    waiting: bool | None = None,
    limit: Limit = 200,
) -> Response:
    """Cases, the latest receipt first; `waiting` asks for those with information that nobody has judged."""
    return await _items(request, _CASES, status, trial, site, subject, serious, received_from, waiting, limit)


@router.get("/cases/{case_id}")
async def case(request: Request, case_id: UUID) -> Response:
    """One case: opinions, provisional clocks, obligations with both dates, review deadlines, its history."""
    text = await request.app.state.pool.fetchval(
        f"SELECT row_to_json(r)::text FROM ({_ONE}) r",  # noqa: S608 - the constant above
        case_id,
    )
    if text is None:
        raise ProblemError(404, "unknown", "there is no case of this id")
    return Response(text, media_type="application/json")


@router.get("/deadlines")
async def deadlines(
    request: Request,
    trial: UUID | None = None,
    subject: UUID | None = None,
    status: Annotated[list[DeadlineStatus] | None, Query()] = None,
    due_by: date | None = None,
    limit: Limit = 200,
) -> Response:
    """Deadlines that safety owns, the next to fall due first."""
    return await _items(request, _DEADLINES, status, trial, subject, due_by, limit)
