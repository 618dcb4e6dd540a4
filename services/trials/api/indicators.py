"""Risk indicators of a trial: its plan, what they are, their values, runs, source data verification."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from services.trials.rules.kri import DEFINITIONS, FEWEST_SITES, INDICATORS, LEAST_EXPECTED, TAIL, Indicator
from shared.contracts.trials.kri import Kri, Verdict
from shared.http.answers import Cursor, Limit, Order, as_instant, one, page
from shared.http.seen import seen

router = APIRouter(prefix="/v1", tags=["queries"])
_BY_SITE = Order({"site_id": UUID})
_BY_SITE_AND_KRI = Order({"site_id": UUID, "kri": str})
_LATEST = Order({"coalesce(started_at, 'infinity'::timestamptz)": as_instant, "run_id": UUID}, falling=True)

_SDV = """
SELECT c.site_id, c.trial_id, p.sdv_percent, entered AS forms_entered, verified AS forms_verified,
       c.fields_verified,
       CASE WHEN p.sdv_percent IS NOT NULL
            THEN greatest(ceil(entered * p.sdv_percent / 100.0)::bigint - verified, 0) END AS backlog
FROM site_counters c LEFT JOIN monitoring_plan p USING (trial_id), LATERAL (
    SELECT coalesce(sum((value ->> 'forms_entered')::bigint), 0) AS entered,
           greatest(coalesce(sum((value ->> 'forms_verified')::bigint), 0), c.forms_verified) AS verified
    FROM jsonb_each(c.data)) sums
WHERE c.trial_id = $1
"""


class Definitions(BaseModel):
    """What the indicators are: one text for all trials, told by its version."""

    version: str
    tails: dict[str, float]
    fewest_sites: int
    least_expected: float
    indicators: dict[Kri, Indicator]


@router.get("/trials/{trial_id}/indicators")
async def indicators(
    request: Request,
    trial_id: UUID,
    site: UUID | None = None,
    kri: Kri | None = None,
    verdict: Verdict | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """The last value of each indicator at each site: counts, limits, verdict, since when it is breached."""
    sql = """SELECT * FROM indicator WHERE trial_id = $1 AND ($2::uuid IS NULL OR site_id = $2)
        AND ($3::text IS NULL OR kri = $3) AND ($4::text IS NULL OR verdict = $4)"""
    values = (trial_id, site, kri, verdict)
    return await page(request, sql, *values, order=_BY_SITE_AND_KRI, limit=limit, after=after)


@router.get("/trials/{trial_id}/indicators/definitions")
async def definitions(request: Request, trial_id: UUID) -> Definitions:
    """What each indicator counts, which way is bad, how it is judged, by which source."""
    async with seen(request):  # nothing of the database, and asked for like any other page
        pass
    return Definitions(
        version=DEFINITIONS,
        tails=TAIL,
        fewest_sites=FEWEST_SITES,
        least_expected=LEAST_EXPECTED,
        indicators=INDICATORS,
    )


@router.get("/trials/{trial_id}/indicator-runs")
async def indicator_runs(
    request: Request, trial_id: UUID, limit: Limit = 50, after: Cursor = None
) -> Response:
    """Central-monitoring runs, the latest first: by whom, data cut, definitions, over-dispersion."""
    sql = "SELECT * FROM indicator_run WHERE trial_id = $1"
    return await page(request, sql, trial_id, order=_LATEST, limit=limit, after=after)


@router.get("/trials/{trial_id}/monitoring-plan")
async def monitoring_plan(request: Request, trial_id: UUID) -> Response:
    """How the trial is watched."""
    return await one(request, "SELECT * FROM monitoring_plan WHERE trial_id = $1", trial_id)


@router.get("/trials/{trial_id}/source-data-verification")
async def source_data_verification(
    request: Request, trial_id: UUID, limit: Limit = 200, after: Cursor = None
) -> Response:
    """Forms entered, verified and still to be verified at each site; without a plan there is no backlog."""
    return await page(request, _SDV, trial_id, order=_BY_SITE, limit=limit, after=after)
