"""Trials: the portfolio, one trial, and what may be done in it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from services.trials.permission_query import permissions
from shared.contracts.trials.trial import TrialStatus
from shared.http.answers import Cursor, Limit, Order, Text, one, page

router = APIRouter(prefix="/v1", tags=["queries"])
router.add_api_route("/trials/{trial_id}/permissions", permissions)
_BY_ID = Order({"trial_id": UUID})

_TRIAL = """
SELECT t.*, '/v1/events?trial_id=' || t.trial_id AS history,
    jsonb_build_object(
        'status', t.status, 'reason', t.status_reason,
        'holds', (SELECT coalesce(jsonb_agg(to_jsonb(h) ORDER BY h.since, h.hold_id), '[]')
                  FROM hold h WHERE h.trial_id = t.trial_id AND h.status = 'open')) AS lifecycle,
    (SELECT coalesce(jsonb_object_agg(s.status, s.n), '{}') FROM (
        SELECT coalesce(status, 'unknown') AS status, count(*) AS n FROM site
        WHERE trial_id = t.trial_id GROUP BY 1) s) AS sites,
    coalesce((SELECT enrolled FROM trial_count c WHERE c.trial_id = t.trial_id), 0) AS enrolled,
    (SELECT count(*) FROM deviation d WHERE d.trial_id = t.trial_id AND NOT d.annulled
        AND (d.holds = '[]' OR d.category <> 'enrolment' OR jsonb_array_length(d.rules) > 1 OR EXISTS (
            SELECT FROM hold h WHERE d.holds ? h.hold_id::text AND h.status <> 'annulled'))) AS deviations,
    (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.due_on, x.deadline_id), '[]')
     FROM deadline x WHERE x.trial_id = t.trial_id) AS deadlines
FROM trial t WHERE """

_TRIALS = """
SELECT t.trial_id, t.nct, t.title, t.sponsor_name, t.phases, t.status, t.registry_status, t.basis,
       t.target, coalesce(c.enrolled, 0) AS enrolled, t.changed_at,
       (SELECT count(*) FROM hold h WHERE h.trial_id = t.trial_id AND h.status = 'open') AS open_holds
FROM trial t LEFT JOIN trial_count c USING (trial_id)
WHERE ($1::text IS NULL OR t.status = $1) AND ($2::text IS NULL OR t.phases ? $2)
  AND ($3::text IS NULL OR strpos(lower(concat_ws(' ', t.title, t.nct, t.sponsor_name)), lower($3)) > 0)
"""

_BY_IDENTIFIER = """
SELECT * FROM trial WHERE identifiers @> jsonb_build_array(jsonb_build_object('value', $1::text))
"""


@router.get("/trials")
async def trials(
    request: Request,
    status: TrialStatus | None = None,
    phase: Annotated[Text, Query(description="a registry phase, such as PHASE2")] = None,
    text: Annotated[Text, Query(description="part of title, number or sponsor")] = None,
    identifier: Annotated[Text, Query(description="one trial by any identifier")] = None,
    limit: Limit = 50,
    after: Cursor = None,
) -> Response:
    """Trials by id, a page at a time; `identifier` finds the trial that bears it exactly."""
    sql, values = (_TRIALS, (status, phase, text)) if identifier is None else (_BY_IDENTIFIER, (identifier,))
    return await page(request, sql, *values, order=_BY_ID, limit=limit, after=after)


@router.get("/trials/nct/{nct}")
async def trial_by_nct(request: Request, nct: Annotated[str, Path(pattern=r"^NCT[0-9]{8}$")]) -> Response:
    """The trial that bears the registry's number."""
    return await one(request, f"{_TRIAL} t.nct = $1", nct)


@router.get("/trials/{trial_id}")
async def trial(request: Request, trial_id: UUID) -> Response:
    """One trial: lifecycle, open holds, sites by status, enrolment, deadlines, registry record, history."""
    return await one(request, f"{_TRIAL} t.trial_id = $1", trial_id)
