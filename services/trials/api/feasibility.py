"""Feasibility of sites: the questionnaires of a trial, and a site's score as it comes out now."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter

from services.trials.domain.feasibility_score import factors, score
from services.trials.projections.facilities import RegistryRecord
from services.trials.projections.feasibility import FeasibilityRow
from shared.http.answers import Cursor, Limit, Order, Text, page
from shared.http.problems import ProblemError
from shared.http.seen import seen
from shared.runtime import clock
from shared.runtime.database import Pool

router = APIRouter(prefix="/v1", tags=["queries"])
_BY_ID = Order({"site_id": UUID})
_ROW = TypeAdapter(FeasibilityRow)
_RECORD = TypeAdapter(RegistryRecord)

_LISTED = """
SELECT f.site_id, f.trial_id, s.name, s.status AS site_status, f.status, f.sent_on, f.due_on, f.received_on,
    f.score, f.covered, f.capacity, f.outcome, f.completed_on
FROM feasibility f LEFT JOIN site s USING (site_id)
WHERE ($1::uuid IS NULL OR f.trial_id = $1) AND ($2::text IS NULL OR f.status = $2)
"""


@router.get("/feasibility")
async def feasibilities(
    request: Request,
    trial_id: UUID | None = None,
    status: Text = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Questionnaires with their due days and the scores that were fixed."""
    return await page(request, _LISTED, trial_id, status, order=_BY_ID, limit=limit, after=after)


@router.get("/feasibility/{site_id}")
async def feasibility(request: Request, site_id: UUID) -> dict[str, Any]:
    """A site's score of now, each factor with weight, value and inputs; beside it what was fixed.

    Without a questionnaire the registry's records alone make it, by their default weights.
    """
    async with seen(request) as tx:
        known = await tx.fetchval("SELECT EXISTS (SELECT FROM site WHERE site_id = $1)", site_id)
        found = await tx.fetchval(
            "SELECT row_to_json(f)::text FROM feasibility f WHERE site_id = $1", site_id
        )
    if not known:  # out of the transaction: whoever asks for what is not there leaves a row, too
        raise ProblemError(404, "unknown", "there is no such site")
    row = _ROW.validate_json(found) if found else FeasibilityRow(site_id)
    record = await _record(request.app.state.pool, site_id)
    parts = factors(row.questions, row.answers, row.weights or {}, record, clock.now().date())
    mean, covered = score(parts)
    return {"site_id": site_id, "score": mean, "covered": covered, "factors": parts, "fixed": row}


async def _record(pool: Pool, site_id: UUID) -> RegistryRecord | None:
    """The registry's figures are public: they count all its records, whichever trials the reader sees."""
    text = await pool.fetchval(
        "SELECT row_to_json(r)::text FROM registry_record r WHERE site_id = $1", site_id
    )
    return _RECORD.validate_json(text) if text else None
