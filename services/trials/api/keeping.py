"""How long the records of a trial are kept, and erasures."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from shared.http.answers import Cursor, Limit, Order, as_instant, one, page

router = APIRouter(prefix="/v1", tags=["queries"])
_ASKED = Order({"coalesce(requested_at, 'infinity')": as_instant, "subject_id": UUID}, falling=True)


@router.get("/trials/{trial_id}/retention")
async def retention(request: Request, trial_id: UUID) -> Response:
    """By which rules the trial's records are kept, until which day, and its legal holds."""
    return await one(request, "SELECT * FROM retention WHERE trial_id = $1", trial_id)


@router.get("/trials/{trial_id}/erasures")
async def erasures(request: Request, trial_id: UUID, limit: Limit = 200, after: Cursor = None) -> Response:
    """Erasures of the trial's subjects, the latest asked for first: who asked, who agreed."""
    sql = "SELECT * FROM erasure WHERE trial_id = $1"
    return await page(request, sql, trial_id, order=_ASKED, limit=limit, after=after)
