"""Queries of retrieval: requests with their legs, custody and service levels, and the funnel of legs."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from shared.http import identity
from shared.http.problems import ProblemError
from shared.runtime import clock

router = APIRouter(prefix="/v1", tags=["queries"], dependencies=[Depends(identity.actor)])
Limit = Annotated[int, Query(ge=1, le=1000)]
RequestStatus = Literal["open", "frozen", "unknown", "complete", "partial", "none", "cancelled"]
DeadlineStatus = Literal["armed", "at_risk", "met", "met_late", "missed", "superseded", "cancelled"]

_REQUESTS = """
SELECT * FROM request
WHERE ($1::text IS NULL OR status = $1) AND ($2::uuid IS NULL OR trial_id = $2)
  AND ($3::uuid IS NULL OR case_id = $3) AND ($4::date IS NULL OR needed_by <= $4)
  AND ($5::uuid IS NULL OR request_id > $5)
ORDER BY request_id LIMIT $6
"""
_ONE = """
SELECT r.*,
  (SELECT coalesce(json_agg(to_jsonb(l) - 'leg' ORDER BY l.leg_id), '[]') FROM leg l
   WHERE l.request_id = r.request_id) AS provider_legs,
  (SELECT coalesce(json_agg(c ORDER BY c.seq, c.document_ref), '[]') FROM custody c
   WHERE c.request_id = r.request_id) AS custody,
  (SELECT coalesce(json_agg(d ORDER BY d.due_on, d.deadline_id), '[]') FROM deadline d
   JOIN leg l ON l.leg_id = d.subject_id WHERE l.request_id = r.request_id) AS deadlines
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
_DEADLINES = """
SELECT * FROM deadline
WHERE ($1::text[] IS NULL OR status = ANY($1)) AND ($2::uuid IS NULL OR trial_id = $2)
  AND ($3::uuid IS NULL OR subject_id = $3) AND ($4::date IS NULL OR due_on <= $4)
ORDER BY due_on, deadline_id LIMIT $5
"""


async def _items(request: Request, sql: str, *values: Any) -> Response:
    text = await request.app.state.pool.fetchval(
        f"SELECT coalesce(json_agg(r), '[]')::text FROM ({sql}) r",  # noqa: S608 - the constants above
        *values,
    )
    return Response(f'{{"items":{text}}}', media_type="application/json")


@router.get("/requests")
async def list_requests(
    request: Request,
    status: RequestStatus | None = None,
    trial: UUID | None = None,
    case: UUID | None = None,
    needed_by: date | None = None,
    after: UUID | None = None,
    limit: Limit = 100,
) -> Response:
    """Requests whose records are needed by that date or earlier; `after` continues behind a request id."""
    return await _items(request, _REQUESTS, status, trial, case, needed_by, after, limit)


@router.get("/requests/{request_id}")
async def show_request(request: Request, request_id: UUID) -> Response:
    """A request with its provider legs, the custody of its documents, and its service levels."""
    text = await request.app.state.pool.fetchval(
        f"SELECT row_to_json(r)::text FROM ({_ONE}) r",  # noqa: S608 - the constant above
        request_id,
    )
    if text is None:
        raise ProblemError(404, "unknown-request", "there is no such record request")
    return Response(text, media_type="application/json")


@router.get("/funnel")
async def show_funnel(request: Request, trial: UUID | None = None) -> Response:
    """How many legs stand in each state, for how many days, and how many calls are due."""
    return await _items(request, _FUNNEL, clock.now(), trial)


@router.get("/deadlines")
async def list_deadlines(
    request: Request,
    status: Annotated[list[DeadlineStatus] | None, Query()] = None,
    trial: UUID | None = None,
    subject: UUID | None = None,
    due_by: date | None = None,
    limit: Limit = 100,
) -> Response:
    """The service levels of legs, the earliest due first; `subject` is a leg."""
    return await _items(request, _DEADLINES, status, trial, subject, due_by, limit)
