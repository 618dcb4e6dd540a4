"""Queries of retrieval: requests with their legs, custody and service levels, and the funnel of legs."""

from datetime import date
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response

from shared.http.answers import Cursor, Limit, Order, as_day, one, page, rows
from shared.runtime import clock

router = APIRouter(prefix="/v1", tags=["queries"])
RequestStatus = Literal["open", "frozen", "unknown", "complete", "partial", "none", "cancelled"]

_BY_NEED = Order({"coalesce(needed_by, 'infinity')": as_day, "request_id": UUID})
_REQUESTS = """
SELECT * FROM request
WHERE ($1::text IS NULL OR status = $1) AND ($2::uuid IS NULL OR trial_id = $2)
  AND ($3::uuid IS NULL OR case_id = $3) AND ($4::date IS NULL OR needed_by <= $4)
"""
_ONE = """
SELECT r.*,
  (SELECT coalesce(json_agg(to_jsonb(l) - 'leg' ORDER BY l.leg_id), '[]') FROM leg l
   WHERE l.request_id = r.request_id) AS provider_legs,
  (SELECT coalesce(json_agg(c ORDER BY c.seq, c.document_ref), '[]') FROM custody c
   WHERE c.request_id = r.request_id) AS custody,
  (SELECT coalesce(json_agg(d ORDER BY d.due_on, d.deadline_id), '[]') FROM deadline d
   JOIN leg l ON l.leg_id = d.subject_id WHERE l.request_id = r.request_id) AS deadlines,
  '/v1/events?stream_id=' || r.request_id AS history
FROM request r WHERE r.request_id = $1
"""
# Ages in whole days: who looks at the funnel asks what has stood still.
_FUNNEL = """
SELECT l.status, count(*) AS legs, coalesce(sum(l.calls_due), 0) AS calls_due,
       count(*) FILTER (WHERE r.priority = 'urgent') AS urgent,
       count(*) FILTER (WHERE age.days <= 2) AS days_0_2,
       count(*) FILTER (WHERE age.days BETWEEN 3 AND 7) AS days_3_7,
       count(*) FILTER (WHERE age.days BETWEEN 8 AND 15) AS days_8_15,
       count(*) FILTER (WHERE age.days > 15) AS days_over_15,
       max(age.days) AS oldest_days
FROM leg l LEFT JOIN request r USING (request_id),
     LATERAL (SELECT greatest(0, extract(day FROM $1::timestamptz - l.since))::int AS days) age
WHERE $2::uuid IS NULL OR l.trial_id = $2
GROUP BY l.status ORDER BY l.status
"""


@router.get("/requests")
async def list_requests(
    request: Request,
    status: RequestStatus | None = None,
    trial: UUID | None = None,
    case: UUID | None = None,
    needed_by: date | None = None,
    limit: Limit = 100,
    after: Cursor = None,
) -> Response:
    """Requests whose records are needed by that date or earlier, the most pressing first."""
    asked = (status, trial, case, needed_by)
    return await page(request, _REQUESTS, *asked, order=_BY_NEED, limit=limit, after=after)


@router.get("/requests/{request_id}")
async def show_request(request: Request, request_id: UUID) -> Response:
    """A request with its provider legs, the custody of its documents, and its service levels."""
    return await one(request, _ONE, request_id)


@router.get("/funnel")
async def show_funnel(request: Request, trial: UUID | None = None) -> Response:
    """How many legs stand in each state, for how many days, and how many calls are due."""
    return await rows(request, _FUNNEL, clock.now(), trial)
