"""Reviews, approvals, reports, holds and INDs: rows as JSON made by Postgres."""

from datetime import date
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.regulatory.projections import (
    ApprovalRow,
    ClinicalHoldRow,
    IndRow,
    ReportRow,
    ReviewRow,
    TrialHoldRow,
)
from shared.http.answers import Cursor, Limit, Order, Page, as_day, as_instant, one, page

router = APIRouter(prefix="/v1", tags=["queries"])
ReviewStatus = Literal[
    "draft",
    "submitted",
    "pre_review",
    "clarification_requested",
    "under_review",
    "modifications_required",
    "post_review",
    "deferred",
    "approved",
    "disapproved",
    "withdrawn",
]
ApprovalStatus = Literal["active", "expiring", "lapsed", "renewed", "terminated", "closed"]
ReportStatus = Literal["open", "awaiting_ack", "acknowledged", "rejected", "not_required"]

# A row may begin with an event that does not know the day yet: it counts as the latest.
_REVIEWS = Order({"changed_at": as_instant, "review_id": UUID}, falling=True)
_APPROVALS = Order({"coalesce(expires_on, 'infinity')": as_day, "approval_id": UUID})
_REPORTS = Order({"coalesce(least(legal_due, operational_due), 'infinity')": as_day, "report_id": UUID})
_HOLDS = Order({"coalesce(received_on, 'infinity')": as_day, "hold_id": UUID}, falling=True)
_TRIAL_HOLDS = Order({"coalesce(since, 'infinity')": as_day, "hold_id": UUID}, falling=True)
_INDS = Order({"coalesce(receipt_on, 'infinity')": as_day, "ind_id": UUID}, falling=True)


@router.get("/reviews", response_model=Page[ReviewRow])
async def reviews(
    request: Request,
    trial: UUID | None = None,
    site: UUID | None = None,
    status: ReviewStatus | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Ethics reviews, the latest change first."""
    sql = (
        "SELECT * FROM review WHERE ($1::uuid IS NULL OR trial_id = $1)"
        " AND ($2::uuid IS NULL OR site_ids ? ($2::uuid)::text) AND ($3::text IS NULL OR status = $3)"
    )
    return await page(request, sql, trial, site, status, order=_REVIEWS, limit=limit, after=after)


@router.get("/reviews/{review_id}", response_model=ReviewRow)
async def review(request: Request, review_id: UUID) -> Response:
    """One ethics review."""
    return await one(request, "SELECT * FROM review WHERE review_id = $1", review_id)


@router.get("/approvals", response_model=Page[ApprovalRow])
async def approvals(
    request: Request,
    trial: UUID | None = None,
    site: UUID | None = None,
    status: ApprovalStatus | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Ethics approvals, the next to expire first."""
    sql = (
        "SELECT * FROM approval WHERE ($1::uuid IS NULL OR trial_id = $1)"
        " AND ($2::uuid IS NULL OR site_ids ? ($2::uuid)::text) AND ($3::text IS NULL OR status = $3)"
    )
    return await page(request, sql, trial, site, status, order=_APPROVALS, limit=limit, after=after)


@router.get("/reports", response_model=Page[ReportRow])
async def reports(
    request: Request,
    case: UUID | None = None,
    trial: UUID | None = None,
    status: ReportStatus | None = None,
    due_by: date | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Safety reports, the next to fall due first. `due_by` compares the earlier of both dates."""
    sql = (
        "SELECT * FROM report WHERE ($1::uuid IS NULL OR case_id = $1)"
        " AND ($2::uuid IS NULL OR trial_id = $2) AND ($3::text IS NULL OR status = $3)"
        " AND ($4::date IS NULL OR least(legal_due, operational_due) <= $4)"
    )
    return await page(request, sql, case, trial, status, due_by, order=_REPORTS, limit=limit, after=after)


@router.get("/reports/{report_id}", response_model=ReportRow)
async def report(request: Request, report_id: UUID) -> Response:
    """One safety report."""
    return await one(request, "SELECT * FROM report WHERE report_id = $1", report_id)


@router.get("/holds", response_model=Page[ClinicalHoldRow])
async def holds(
    request: Request,
    trial: UUID | None = None,
    open: bool | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Clinical holds, the latest first; `open` asks for those not lifted, or for those lifted."""
    sql = (
        "SELECT * FROM clinical_hold WHERE ($1::uuid IS NULL OR trial_ids ? ($1::uuid)::text)"
        " AND ($2::boolean IS NULL OR (lifted_on IS NULL) = $2)"
    )
    return await page(request, sql, trial, open, order=_HOLDS, limit=limit, after=after)


@router.get("/trial-holds", response_model=Page[TrialHoldRow])
async def trial_holds(
    request: Request, trial: UUID | None = None, limit: Limit = 200, after: Cursor = None
) -> Response:
    """All holds that trials applied, whatever their source."""
    sql = "SELECT * FROM trial_hold WHERE ($1::uuid IS NULL OR trial_id = $1)"
    return await page(request, sql, trial, order=_TRIAL_HOLDS, limit=limit, after=after)


@router.get("/inds", response_model=Page[IndRow])
async def inds(
    request: Request, trial: UUID | None = None, limit: Limit = 200, after: Cursor = None
) -> Response:
    """INDs with day 30 of their review and the trials they are in effect for."""
    sql = "SELECT * FROM ind WHERE ($1::uuid IS NULL OR trial_ids ? ($1::uuid)::text)"
    return await page(request, sql, trial, order=_INDS, limit=limit, after=after)
