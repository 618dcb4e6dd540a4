"""Sites of a trial."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from shared.http.answers import Cursor, Limit, Order, Text, one, page

router = APIRouter(prefix="/v1", tags=["queries"])
_BY_ID = Order({"site_id": UUID})

_SITES = """
SELECT s.*, coalesce(g.enrolled, 0) AS enrolled FROM site s LEFT JOIN site_guard g USING (site_id)
WHERE s.trial_id = $1 AND ($2::text IS NULL OR s.status = $2)
"""


@router.get("/trials/{trial_id}/sites")
async def sites(
    request: Request, trial_id: UUID, status: Text = None, limit: Limit = 200, after: Cursor = None
) -> Response:
    """Sites of a trial with their gates and their count."""
    return await page(request, _SITES, trial_id, status, order=_BY_ID, limit=limit, after=after)


@router.get("/trials/{trial_id}/sites/{site_id}")
async def site(request: Request, trial_id: UUID, site_id: UUID) -> Response:
    """One site with its gates, what stops it, and its count."""
    return await one(request, f"{_SITES} AND s.site_id = $3", trial_id, None, site_id)
