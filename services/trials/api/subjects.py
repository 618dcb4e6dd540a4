"""Subjects of a trial, by their codes, its deviations and its holds."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.trials.api.past import AsOf, rebuilt
from shared.contracts.trials.subject import SubjectStatus
from shared.http.answers import Cursor, Limit, Order, as_day, page
from shared.http.sheets import SHEET, Form, listed

router = APIRouter(prefix="/v1", tags=["queries"])
_BY_ID = Order({"subject_id": UUID})
_LATEST = Order({"coalesce(occurred_on, 'infinity')": as_day, "deviation_id": UUID}, falling=True)
_SINCE = Order({"coalesce(since, 'infinity')": as_day, "hold_id": UUID}, falling=True)


_SUBJECTS = """
SELECT * FROM subject WHERE trial_id = $1 AND ($2::uuid IS NULL OR site_id = $2)
    AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR reconsent = $4)
    AND ($5::text IS NULL OR subject_code = $5)
"""


@router.get("/trials/{trial_id}/subjects", responses=SHEET)
async def subjects(
    request: Request,
    trial_id: UUID,
    site: UUID | None = None,
    status: SubjectStatus | None = None,
    reconsent: Literal["required", "overdue", "declined"] | None = None,
    code: Annotated[str | None, Query(max_length=64, pattern="^[^\\x00]*$")] = None,
    as_of: AsOf = None,
    form: Form = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Subjects of a trial, by their codes alone."""
    asked = (trial_id, site, status, reconsent, code)
    sql, values = await rebuilt(request, trial_id, as_of, _SUBJECTS, *asked)
    return await listed(request, sql, *values, order=_BY_ID, limit=limit, after=after, form=form)


@router.get("/trials/{trial_id}/deviations", responses=SHEET)
async def deviations(
    request: Request,
    trial_id: UUID,
    as_of: AsOf = None,
    form: Form = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Deviations of a trial, the latest first; annulled ones stay visible."""
    sql, values = await rebuilt(
        request, trial_id, as_of, "SELECT * FROM deviation WHERE trial_id = $1", trial_id
    )
    return await listed(request, sql, *values, order=_LATEST, limit=limit, after=after, form=form)


@router.get("/trials/{trial_id}/holds")
async def holds(
    request: Request, trial_id: UUID, as_of: AsOf = None, limit: Limit = 200, after: Cursor = None
) -> Response:
    """Holds of a trial, the latest first: open, lifted and annulled ones."""
    sql, values = await rebuilt(request, trial_id, as_of, "SELECT * FROM hold WHERE trial_id = $1", trial_id)
    return await page(request, sql, *values, order=_SINCE, limit=limit, after=after)
