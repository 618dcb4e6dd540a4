"""Queries of the trials service, plain SQL over its projections, and the import of registry records."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.trials.imports import IMPORTED, Summary, import_records
from services.trials.permission_query import permissions
from shared.contracts.trials import TrialStatus
from shared.http import bodies, identity
from shared.http.answers import Cursor, Limit, Order, Text, as_day, as_instant, one, page
from shared.http.identity import Principal
from shared.http.problems import described

router = APIRouter(prefix="/v1", tags=["queries"])
router.add_api_route("/trials/{trial_id}/permissions", permissions)

_TRIAL_ORDER = Order({"trial_id": UUID})
_SITE_ORDER = Order({"site_id": UUID})
_SUBJECT_ORDER = Order({"subject_id": UUID})
_ASKED = Order({"coalesce(requested_at, 'infinity')": as_instant, "subject_id": UUID}, falling=True)
_LATEST = Order({"coalesce(occurred_on, 'infinity')": as_day, "deviation_id": UUID}, falling=True)

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

_SITES = """
SELECT s.*, coalesce(g.enrolled, 0) AS enrolled FROM site s LEFT JOIN site_guard g USING (site_id)
WHERE s.trial_id = $1 AND ($2::text IS NULL OR s.status = $2)
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
    return await page(request, sql, *values, order=_TRIAL_ORDER, limit=limit, after=after)


@router.get("/trials/nct/{nct}")
async def trial_by_nct(request: Request, nct: Annotated[str, Path(pattern=r"^NCT[0-9]{8}$")]) -> Response:
    """The trial that bears the registry's number."""
    return await one(request, f"{_TRIAL} t.nct = $1", nct)


@router.get("/trials/{trial_id}")
async def trial(request: Request, trial_id: UUID) -> Response:
    """One trial: lifecycle, open holds, sites by status, enrolment, deadlines, registry record, history."""
    return await one(request, f"{_TRIAL} t.trial_id = $1", trial_id)


@router.get("/trials/{trial_id}/sites")
async def sites(
    request: Request, trial_id: UUID, status: Text = None, limit: Limit = 200, after: Cursor = None
) -> Response:
    """Sites of a trial with their gates and their count."""
    return await page(request, _SITES, trial_id, status, order=_SITE_ORDER, limit=limit, after=after)


@router.get("/trials/{trial_id}/subjects")
async def subjects(
    request: Request, trial_id: UUID, site: UUID | None = None, limit: Limit = 200, after: Cursor = None
) -> Response:
    """Subjects of a trial, by their codes alone."""
    sql = "SELECT * FROM subject WHERE trial_id = $1 AND ($2::uuid IS NULL OR site_id = $2)"
    return await page(request, sql, trial_id, site, order=_SUBJECT_ORDER, limit=limit, after=after)


@router.get("/trials/{trial_id}/deviations")
async def deviations(request: Request, trial_id: UUID, limit: Limit = 200, after: Cursor = None) -> Response:
    """Deviations of a trial, the latest first; annulled ones stay visible."""
    sql = "SELECT * FROM deviation WHERE trial_id = $1"
    return await page(request, sql, trial_id, order=_LATEST, limit=limit, after=after)


@router.get("/trials/{trial_id}/retention")
async def retention(request: Request, trial_id: UUID) -> Response:
    """By which rules the trial's records are kept, until which day, and its legal holds."""
    return await one(request, "SELECT * FROM retention WHERE trial_id = $1", trial_id)


@router.get("/trials/{trial_id}/erasures")
async def erasures(request: Request, trial_id: UUID, limit: Limit = 200, after: Cursor = None) -> Response:
    """Erasures of the trial's subjects, the latest asked for first: who asked, who agreed."""
    sql = "SELECT * FROM erasure WHERE trial_id = $1"
    return await page(request, sql, trial_id, order=_ASKED, limit=limit, after=after)


@router.post(
    "/imports/ctgov",
    tags=["commands"],
    responses=described(408, 415),
    openapi_extra={"requestBody": {"required": True, "content": {kind: {} for kind in IMPORTED}}},
)
async def import_ctgov(
    request: Request, asking: Annotated[Principal, Depends(identity.principal)]
) -> Summary:
    """Import ClinicalTrials.gov records: API v2 as lines, array or page, or the legacy XML, as one stream.

    Each record is imported, unchanged or rejected with its reason. Sending it again changes nothing.
    """
    actor = identity.permit(request, asking, "trials.imports")
    bodies.refuse_other_than(request, *IMPORTED)
    upload = bodies.upload_of(request)
    return await import_records(request.app.state.executor, upload, actor, asking.grants)
