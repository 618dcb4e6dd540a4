"""Subjects of a trial, by their codes, and its deviations."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from shared.contracts.trials.subject import SubjectStatus
from shared.http.answers import Cursor, Limit, Order, as_day, page

router = APIRouter(prefix="/v1", tags=["queries"])
_BY_ID = Order({"subject_id": UUID})
_LATEST = Order({"coalesce(occurred_on, 'infinity')": as_day, "deviation_id": UUID}, falling=True)


_SUBJECTS = """
SELECT * FROM subject WHERE trial_id = $1 AND ($2::uuid IS NULL OR site_id = $2)
    AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR reconsent = $4)
    AND ($5::text IS NULL OR subject_code = $5)
"""


@router.get("/trials/{trial_id}/subjects")
async def subjects(
    request: Request,
    trial_id: UUID,
    site: UUID | None = None,
    status: SubjectStatus | None = None,
    reconsent: Literal["required", "overdue", "declined"] | None = None,
    code: Annotated[str | None, Query(max_length=64, pattern="^[^\\x00]*$")] = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Subjects of a trial, by their codes alone."""
    asked = (trial_id, site, status, reconsent, code)
    return await page(request, _SUBJECTS, *asked, order=_BY_ID, limit=limit, after=after)


@router.get("/trials/{trial_id}/deviations")
async def deviations(request: Request, trial_id: UUID, limit: Limit = 200, after: Cursor = None) -> Response:
    """Deviations of a trial, the latest first; annulled ones stay visible."""
    sql = "SELECT * FROM deviation WHERE trial_id = $1"
    return await page(request, sql, trial_id, order=_LATEST, limit=limit, after=after)
