"""Recruitment: campaigns with what they cost, support that sites ask for, subjects who may leave."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from shared.contracts.trials.recruitment import RiskLevel
from shared.http.answers import Cursor, Limit, Order, Text, page

router = APIRouter(prefix="/v1", tags=["queries"])
_BY_CAMPAIGN = Order({"campaign_id": UUID})
_BY_REQUEST = Order({"request_id": UUID})
_BY_RISK = Order({"score": int, "subject_id": UUID, "site_id": UUID}, falling=True)
# Shares of nothing are no number: none before the first referral, consent or enrolment.
_CAMPAIGNS = """
SELECT *, spend / nullif(enrolled, 0) AS cost_per_enrolled, spend / nullif(referrals, 0) AS cost_per_referral,
       round(consented::numeric / nullif(referrals, 0), 4)::float8 AS consented_by_referral,
       round(enrolled::numeric / nullif(consented, 0), 4)::float8 AS enrolled_by_consented
FROM campaign WHERE ($1::uuid IS NULL OR trial_id = $1) AND ($2::text IS NULL OR channel = $2)
"""
_SUPPORT = """
SELECT * FROM support_request
WHERE trial_id = $1 AND ($2::uuid IS NULL OR site_id = $2) AND ($3::bool IS NULL OR overdue = $3)
"""
_RISKS = """
SELECT * FROM retention_risk
WHERE trial_id = $1 AND ($2::uuid IS NULL OR site_id = $2) AND ($3::text IS NULL OR level = $3)
"""


@router.get("/campaigns")
async def campaigns(
    request: Request,
    trial: UUID | None = None,
    channel: Text = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Outreach campaigns with referrals, consents, enrolments and their cost in minor units."""
    return await page(request, _CAMPAIGNS, trial, channel, order=_BY_CAMPAIGN, limit=limit, after=after)


@router.get("/trials/{trial_id}/support-requests")
async def support_requests(
    request: Request,
    trial_id: UUID,
    site: UUID | None = None,
    overdue: bool | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """What sites of a trial have asked for."""
    values = (trial_id, site, overdue)
    return await page(request, _SUPPORT, *values, order=_BY_REQUEST, limit=limit, after=after)


@router.get("/trials/{trial_id}/retention-risks")
async def retention_risks(
    request: Request,
    trial_id: UUID,
    site: UUID | None = None,
    level: Annotated[RiskLevel | None, Query()] = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Subjects who may leave, the highest score first, each factor with its weight."""
    return await page(request, _RISKS, trial_id, site, level, order=_BY_RISK, limit=limit, after=after)
