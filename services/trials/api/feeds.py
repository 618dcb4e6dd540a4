"""Feeds of other systems: what was due and what came."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from shared.http.answers import Cursor, Limit, Order, page

router = APIRouter(prefix="/v1", tags=["queries"])
_BY_ID = Order({"feed_id": UUID})
_FEEDS = """
SELECT *, round(received::numeric / nullif(expected, 0), 4)::float8 AS completeness FROM feed
WHERE trial_id = $1 AND ($2::uuid IS NULL OR site_id = $2) AND ($3::uuid IS NULL OR subject_id = $3)
"""


@router.get("/trials/{trial_id}/feeds")
async def feeds(
    request: Request,
    trial_id: UUID,
    site: UUID | None = None,
    subject: UUID | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Feeds of a trial's subjects; `completeness` is readings received by readings due, a ratio."""
    return await page(request, _FEEDS, trial_id, site, subject, order=_BY_ID, limit=limit, after=after)
