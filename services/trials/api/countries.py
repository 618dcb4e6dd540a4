"""A trial in its countries."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from shared.contracts.trials.country import CountryStatus
from shared.http.answers import Cursor, Limit, Order, page

router = APIRouter(prefix="/v1", tags=["queries"])
_BY_ID = Order({"country_id": UUID})


@router.get("/trials/{trial_id}/countries")
async def countries(
    request: Request,
    trial_id: UUID,
    status: CountryStatus | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Countries of a trial: status, days planned and achieved, the day by which a question is answered."""
    sql = "SELECT * FROM country WHERE trial_id = $1 AND ($2::text IS NULL OR status = $2)"
    return await page(request, sql, trial_id, status, order=_BY_ID, limit=limit, after=after)
