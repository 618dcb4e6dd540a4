"""Engagements of organisations, and what each is worth by the events of the asker's own trials."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.trials.api.scorecard import organisation_scorecard
from shared.contracts.trials.engagement import EngagementStatus
from shared.http.answers import Cursor, Limit, Order, page

router = APIRouter(prefix="/v1", tags=["queries"])
router.add_api_route("/organisations/{organisation_id}/scorecard", organisation_scorecard)
_BY_ID = Order({"engagement_id": UUID})

_ENGAGEMENTS = """
SELECT e.*, e.of_trial AS trial_id, e.of_programme AS programme_id, e.organisation AS organisation_id
FROM engagement e
WHERE ($1::uuid IS NULL OR e.of_trial = $1) AND ($2::uuid IS NULL OR e.organisation = $2)
  AND ($3::text IS NULL OR e.status = $3)
"""


@router.get("/engagements")
async def engagements(
    request: Request,
    trial_id: UUID | None = None,
    organisation_id: UUID | None = None,
    status: EngagementStatus | None = None,
    limit: Limit = 100,
    after: Cursor = None,
) -> Response:
    """Engagements by id: of a trial, of an organisation, in a status."""
    values = (trial_id, organisation_id, status)
    return await page(request, _ENGAGEMENTS, *values, order=_BY_ID, limit=limit, after=after)
