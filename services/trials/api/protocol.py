"""The protocol of a trial: its versions, which is in force where, urgent changes, design and statistics."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from shared.http.answers import Cursor, Limit, Order, one, page
from shared.rules.dates import Day

router = APIRouter(prefix="/v1", tags=["queries"])
# A cursor is texts: padded, the place of a version sorts as the number does.
_BY_VERSION = Order({"lpad(ordinal::text, 9, '0')": str, "version": str})
_BY_SITE = Order({"site_id": UUID})
_BY_CHANGE = Order({"change_id": UUID})
_BY_NAME = Order({"version": str})
_BY_INPUT = Order({"input_id": UUID})

_VERSIONS = """
SELECT p.*, f.sites, f.in_force_from
FROM protocol_version p CROSS JOIN LATERAL (
    SELECT count(*) AS sites, min(v.effective_on) AS in_force_from
    FROM site_protocol s, jsonb_to_recordset(s.versions) AS v(version text, effective_on date, until date)
    WHERE s.trial_id = p.trial_id AND v.version = p.version
      AND (v.until IS NULL OR v.until >= v.effective_on)) f
WHERE p.trial_id = $1
"""

_SITES = """
SELECT s.site_id, s.country, v.*
FROM site_protocol s, jsonb_to_recordset(s.versions) AS v(
    version text, ordinal integer, effective_on date, until date, irb_approval uuid, urgent boolean)
WHERE s.trial_id = $1 AND ($2::uuid IS NULL OR s.site_id = $2)
  AND v.effective_on <= $3::date AND (v.until IS NULL OR v.until >= $3::date)
"""

_OPEN = """
SELECT * FROM urgent_change WHERE trial_id = $1 AND (NOT $2::boolean
    OR board_told_on IS NULL AND board_citation IS NOT NULL
    OR authority_told_on IS NULL AND authority_citation IS NOT NULL)
"""


@router.get("/trials/{trial_id}/protocol")
async def protocol(request: Request, trial_id: UUID, limit: Limit = 200, after: Cursor = None) -> Response:
    """Versions of the trial's protocol, the first first: what authorities and boards have of each.

    `sites` counts those where it is or was in force, from `in_force_from` on at the first of them.
    """
    return await page(request, _VERSIONS, trial_id, order=_BY_VERSION, limit=limit, after=after)


@router.get("/trials/{trial_id}/protocol/sites")
async def sites_in_force(
    request: Request,
    trial_id: UUID,
    on: Annotated[Day, Query(description="the local day at the site")],
    site: UUID | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """The version in force at each site on a local day, as known today; sites without one are left out."""
    return await page(request, _SITES, trial_id, site, on, order=_BY_SITE, limit=limit, after=after)


@router.get("/trials/{trial_id}/protocol/urgent-changes")
async def urgent_changes(
    request: Request,
    trial_id: UUID,
    untold: Annotated[bool, Query(description="only those of which no notice is known")] = False,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Changes made at once against a hazard: by when, and when, board and authority were told."""
    return await page(request, _OPEN, trial_id, untold, order=_BY_CHANGE, limit=limit, after=after)


@router.get("/trials/{trial_id}/design")
async def design(request: Request, trial_id: UUID, limit: Limit = 50, after: Cursor = None) -> Response:
    """The design of each protocol version: arms, epochs, encounters, masking; never who is in which arm."""
    sql = "SELECT * FROM design WHERE trial_id = $1"
    return await page(request, sql, trial_id, order=_BY_NAME, limit=limit, after=after)


@router.get("/trials/{trial_id}/statistics")
async def statistics(request: Request, trial_id: UUID, limit: Limit = 200, after: Cursor = None) -> Response:
    """Signed sample sizes with their assumptions, each beside the figure of our own formula."""
    sql = "SELECT * FROM design_input WHERE trial_id = $1"
    return await page(request, sql, trial_id, order=_BY_INPUT, limit=limit, after=after)


@router.get("/trials/{trial_id}/statistics/plans")
async def plans(request: Request, trial_id: UUID) -> Response:
    """Versions of the statistical analysis plan, and the milestones that they had to come before."""
    return await one(request, "SELECT * FROM analysis_plan WHERE trial_id = $1", trial_id)
