"""Programmes: how far each product has come, what authorities allow, and the trials under it."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from shared.contracts.trials.programme import ProgrammePhase
from shared.http.answers import Cursor, Limit, Order, Text, one, page

router = APIRouter(prefix="/v1", tags=["queries"])
_BY_ID = Order({"programme_id": UUID})

_PROGRAMMES = """
SELECT programme_id, product, indication, sponsor_name, phase, phase_since, trials, changed_at FROM programme
WHERE ($1::text IS NULL OR phase = $1)
  AND ($2::text IS NULL OR strpos(lower(concat_ws(' ', product, indication, sponsor_name)), lower($2)) > 0)
"""

_PROGRAMME = """
SELECT p.programme_id, p.product, p.comparators, p.indication, p.sponsor_name, p.phase, p.phase_since,
       p.decisions, p.milestones, p.authorisations, p.changed_at,
    (SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.trial_id), '[]') FROM (
        SELECT trial_id, nct, title, phases, status, target FROM trial
        WHERE programme_id = p.programme_id ORDER BY trial_id LIMIT 1000) t) AS trials
FROM programme p WHERE p.programme_id = $1
"""


@router.get("/programmes")
async def programmes(
    request: Request,
    phase: ProgrammePhase | None = None,
    text: Text = None,
    limit: Limit = 50,
    after: Cursor = None,
) -> Response:
    """Programmes by id, a page at a time; `text` is part of product, indication or sponsor."""
    return await page(request, _PROGRAMMES, phase, text, order=_BY_ID, limit=limit, after=after)


@router.get("/programmes/{programme_id}")
async def programme(request: Request, programme_id: UUID) -> Response:
    """A programme: decisions with evidence, preclinical work, authorisations, its first 1,000 trials."""
    return await one(request, _PROGRAMME, programme_id)
