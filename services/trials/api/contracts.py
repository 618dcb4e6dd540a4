"""Contracts with sites: where each negotiation stands, for how long, and whose turn it is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from shared.contracts.trials.site_contract import ContractStatus, Party
from shared.http.answers import Cursor, Limit, Order, page
from shared.runtime import clock

router = APIRouter(prefix="/v1", tags=["queries"])
_BY_ID = Order({"contract_id": UUID})

# Each step lasts until the next one, the last one until the end or today; all in calendar days.
_CONTRACTS = """
SELECT c.contract_id, c.trial_id, c.site_id, s.name AS site, c.kind, c.status, c.to_act, c.opened_on, c.since,
    c.ended_on, c.effective_on, c.expires_on, c.document_ref, c.reason,
    coalesce(c.ended_on, $1::date) - c.opened_on AS days,
    CASE WHEN c.ended_on IS NULL THEN $1::date - c.since END AS days_in_step,
    (SELECT jsonb_agg(x.step || jsonb_build_object('days', x.until - (x.step ->> 'on')::date) ORDER BY x.n)
     FROM (SELECT e.step, e.n, coalesce(lead((e.step ->> 'on')::date) OVER (ORDER BY e.n),
                                        c.ended_on, $1::date) AS until
           FROM jsonb_array_elements(c.steps) WITH ORDINALITY e(step, n)) x) AS steps
FROM site_contract c LEFT JOIN site s USING (site_id)
WHERE ($2::uuid IS NULL OR c.trial_id = $2) AND ($3::uuid IS NULL OR c.site_id = $3)
  AND ($4::text IS NULL OR c.status = $4) AND ($5::text IS NULL OR c.to_act = $5)
"""


@router.get("/contracts")
async def contracts(
    request: Request,
    trial_id: UUID | None = None,
    site: UUID | None = None,
    status: ContractStatus | None = None,
    to_act: Annotated[Party | None, Query(description="whose turn it is")] = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Contracts with each step and its age in days; the day of today is that of UTC."""
    asked = (clock.now().date(), trial_id, site, status, to_act)
    return await page(request, _CONTRACTS, *asked, order=_BY_ID, limit=limit, after=after)
