"""Enrolment against target with the day to come, and the diversity of those who enrolled."""

import asyncio
import json
from dataclasses import asdict
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import TypeAdapter

from services.trials.domain.diversity import gaps, shown_as
from services.trials.domain.progress import SiteProgress, progress
from services.trials.projections.enrolment import SubgroupCounts, SubgroupTarget
from services.trials.projections.enrolment_guards import EnrolmentTargets
from shared.http.problems import ProblemError
from shared.http.seen import seen
from shared.rules.dates import local_date
from shared.runtime import clock

router = APIRouter(prefix="/v1", tags=["queries"])
_SITES = TypeAdapter(list[SiteProgress])
_TARGETS = TypeAdapter(EnrolmentTargets)
_GOALS = TypeAdapter(list[SubgroupTarget])
_COUNTS = TypeAdapter(list[SubgroupCounts])

_PROGRESS = """
SELECT coalesce(json_agg(r ORDER BY r.country, r.name, r.site_id), '[]')::text FROM (
    SELECT s.site_id, s.name, s.country, s.status, s.activated_on, s.changed_at::date AS told_on,
        coalesce(c.screened, 0) AS screened, coalesce(c.eligible, 0) AS eligible,
        coalesce(c.failed, 0) AS failed, coalesce(c.enrolled, 0) AS enrolled,
        coalesce(f.reasons, '{}') AS reasons
    FROM site s
    LEFT JOIN (
        SELECT site_id, count(screened_on) AS screened, count(*) FILTER (WHERE eligible) AS eligible,
            count(*) FILTER (WHERE NOT eligible) AS failed, count(enrolled_on) AS enrolled
        FROM subject WHERE trial_id = $1 GROUP BY site_id) c USING (site_id)
    LEFT JOIN (
        SELECT site_id, json_object_agg(code, n) AS reasons FROM (
            SELECT site_id, code, count(*) AS n FROM subject, jsonb_array_elements_text(failed) code
            WHERE trial_id = $1 GROUP BY site_id, code) x GROUP BY site_id) f USING (site_id)
    WHERE s.trial_id = $1 AND (s.status IS DISTINCT FROM 'identified' OR c.site_id IS NOT NULL)) r
"""
_PLANNED = "SELECT row_to_json(t)::text FROM enrolment_targets t WHERE trial_id = $1"
_REACHED = """
SELECT coalesce(json_agg(r ORDER BY r.level, r.scope), '[]')::text FROM (
    SELECT level, scope, target, enrolled, reached_on FROM target_reached
    WHERE trial_id = $1 AND (level <> 'site' OR scope = ANY ($2::text[]))) r
"""
_GOAL_ROWS = """
SELECT coalesce(json_agg(t ORDER BY t.dimension, t.band), '[]')::text FROM subgroup_target t
WHERE trial_id = $1
"""
_COUNT_ROWS = """
SELECT coalesce(json_agg(c ORDER BY c.scope), '[]')::text FROM subgroup_counts c WHERE trial_id = $1
"""


@router.get("/trials/{trial_id}/enrolment")
async def enrolment(request: Request, trial_id: UUID) -> dict[str, Any]:
    """Target, counts, screen failures and the forecast of the trial and its countries; counts of its sites.

    The sums are those of the whole trial; of the sites whoever asks sees those they reach. The forecast is an
    80 % interval by the Poisson-gamma model (Anisimov & Fedorov 2007) at the pace of today's sites.
    """
    async with seen(request) as tx:
        status = await tx.fetchval("SELECT status FROM trial WHERE trial_id = $1", trial_id)
        known = await tx.fetchval("SELECT EXISTS (SELECT FROM trial WHERE trial_id = $1)", trial_id)
        reached = {row[0] for row in await tx.fetch("SELECT site_id FROM site WHERE trial_id = $1", trial_id)}
    if not known:
        raise ProblemError(404, "unknown", "there is no such trial")
    pool = request.app.state.pool
    sites = _SITES.validate_json(await pool.fetchval(_PROGRESS, trial_id))
    planned = await pool.fetchval(_PLANNED, trial_id)
    targets = _TARGETS.validate_json(planned) if planned else EnrolmentTargets(trial_id)
    today = local_date(clock.now(), "UTC")
    # A trial of a thousand sites is a tenth of a second of arithmetic.
    found = await asyncio.to_thread(progress, sites, targets, today, status == "active")
    found["sites"] = [site for site in found["sites"] if site["site_id"] in reached]
    told = await pool.fetchval(_REACHED, trial_id, [str(site) for site in reached])
    return {"trial_id": trial_id, "as_of": today, **found, "reached": json.loads(told)}


@router.get("/trials/{trial_id}/diversity")
async def diversity(request: Request, trial_id: UUID) -> dict[str, Any]:
    """Goals by subgroup with what is lacking, and the counts behind them; small ones as "<5"."""
    async with seen(request) as tx:
        known = await tx.fetchval("SELECT EXISTS (SELECT FROM trial WHERE trial_id = $1)", trial_id)
        goals = _GOALS.validate_json(await tx.fetchval(_GOAL_ROWS, trial_id))
        counts = _COUNTS.validate_json(await tx.fetchval(_COUNT_ROWS, trial_id))
    if not known:
        raise ProblemError(404, "unknown", "there is no such trial")
    whole = next((count for count in counts if not count.scope), None)
    return {
        "trial_id": trial_id,
        "goals": [asdict(gap) for gap in gaps(goals, whole)],
        "counts": [
            asdict(count)
            | {"shown": shown_as(count.enrolled)}
            | {"counts": [c.model_dump() | {"shown": shown_as(c.n, c.withheld)} for c in count.counts]}
            for count in counts
        ],
    }
