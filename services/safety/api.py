"""Queries of safety: cases with their clocks, what they owe and what waits for a person."""

from datetime import date
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response

from shared.http.answers import Cursor, Limit, Order, as_day, one, page

router = APIRouter(prefix="/v1", tags=["queries"])
CaseStatus = Literal["received", "reportable", "not_reportable", "acknowledged"]

_LATEST = Order({"coalesce(received_on, 'infinity')": as_day, "case_id": UUID}, falling=True)
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
"""
_ONE = """
SELECT c.*,
  (SELECT coalesce(json_agg(d ORDER BY d.due_on, d.deadline_id), '[]') FROM deadline d
   WHERE d.subject_id = c.case_id) AS deadlines,
  '/v1/events?stream_id=' || c.case_id AS history,
  (SELECT s.subject_code FROM known_subject s WHERE s.subject_id = c.subject_id) AS subject_code
FROM safety_case c WHERE c.case_id = $1
"""


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
    after: Cursor = None,
) -> Response:
    """Cases, the latest receipt first; `waiting` asks for those with information that nobody has judged."""
    asked = (status, trial, site, subject, serious, received_from, waiting)
    return await page(request, _CASES, *asked, order=_LATEST, limit=limit, after=after)


@router.get("/cases/{case_id}")
async def case(request: Request, case_id: UUID) -> Response:
    """One case: opinions, provisional clocks, obligations with both dates, review deadlines, its history."""
    return await one(request, _ONE, case_id)
