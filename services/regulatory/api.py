"""Queries of the regulatory service: plain SQL over its projections, rows as JSON made by Postgres."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.regulatory.answers import (
    ApprovalStatus,
    DeadlineStatus,
    Items,
    Limit,
    ReportStatus,
    ReviewStatus,
    items,
    one,
)
from services.regulatory.projections import (
    ApprovalRow,
    ClinicalHoldRow,
    IndRow,
    ReportRow,
    ReviewRow,
    TrialHoldRow,
)
from shared.http import identity
from shared.rules.deadlines import DeadlineRow

router = APIRouter(prefix="/v1", tags=["queries"], dependencies=[Depends(identity.actor)])


@router.get("/reviews", response_model=Items[ReviewRow])
async def reviews(
    request: Request,
    trial: UUID | None = None,
    site: UUID | None = None,
    status: ReviewStatus | None = None,
    limit: Limit = 200,
) -> Response:
    """Ethics reviews, the latest change first."""
    return await items(
        request,
        "SELECT * FROM review WHERE ($1::uuid IS NULL OR trial_id = $1)"
        " AND ($2::uuid IS NULL OR site_ids ? ($2::uuid)::text) AND ($3::text IS NULL OR status = $3)"
        " ORDER BY changed_at DESC, review_id LIMIT $4",
        trial,
        site,
        status,
        limit,
    )


@router.get("/reviews/{review_id}", response_model=ReviewRow)
async def review(request: Request, review_id: UUID) -> Response:
    """One ethics review."""
    return await one(request, "SELECT * FROM review WHERE review_id = $1", review_id)


@router.get("/approvals", response_model=Items[ApprovalRow])
async def approvals(
    request: Request,
    trial: UUID | None = None,
    site: UUID | None = None,
    status: ApprovalStatus | None = None,
    limit: Limit = 200,
) -> Response:
    """Ethics approvals, the next to expire first."""
    return await items(
        request,
        "SELECT * FROM approval WHERE ($1::uuid IS NULL OR trial_id = $1)"
        " AND ($2::uuid IS NULL OR site_ids ? ($2::uuid)::text) AND ($3::text IS NULL OR status = $3)"
        " ORDER BY expires_on, approval_id LIMIT $4",
        trial,
        site,
        status,
        limit,
    )


@router.get("/reports", response_model=Items[ReportRow])
async def reports(
    request: Request,
    case: UUID | None = None,
    trial: UUID | None = None,
    status: ReportStatus | None = None,
    due_by: date | None = None,
    limit: Limit = 200,
) -> Response:
    """Safety reports, the next to fall due first. `due_by` compares the earlier of both dates."""
    return await items(
        request,
        "SELECT * FROM report WHERE ($1::uuid IS NULL OR case_id = $1)"
        " AND ($2::uuid IS NULL OR trial_id = $2) AND ($3::text IS NULL OR status = $3)"
        " AND ($4::date IS NULL OR least(legal_due, operational_due) <= $4)"
        " ORDER BY least(legal_due, operational_due), report_id LIMIT $5",
        case,
        trial,
        status,
        due_by,
        limit,
    )


@router.get("/reports/{report_id}", response_model=ReportRow)
async def report(request: Request, report_id: UUID) -> Response:
    """One safety report."""
    return await one(request, "SELECT * FROM report WHERE report_id = $1", report_id)


@router.get("/deadlines", response_model=Items[DeadlineRow])
async def deadlines(
    request: Request,
    trial: UUID | None = None,
    subject: UUID | None = None,
    status: Annotated[list[DeadlineStatus] | None, Query()] = None,
    due_by: date | None = None,
    limit: Limit = 200,
) -> Response:
    """The deadline board: what is due when, by which rule, from which day 0, and who owes it."""
    return await items(
        request,
        "SELECT * FROM deadline WHERE ($1::uuid IS NULL OR trial_id = $1)"
        " AND ($2::uuid IS NULL OR subject_id = $2) AND ($3::text[] IS NULL OR status = ANY($3))"
        " AND ($4::date IS NULL OR due_on <= $4) ORDER BY due_on, deadline_id LIMIT $5",
        trial,
        subject,
        status,
        due_by,
        limit,
    )


@router.get("/holds", response_model=Items[ClinicalHoldRow])
async def holds(
    request: Request, trial: UUID | None = None, open: bool | None = None, limit: Limit = 200
) -> Response:
    """Clinical holds, the latest first; `open` asks for those not lifted, or for those lifted."""
    return await items(
        request,
        "SELECT * FROM clinical_hold WHERE ($1::uuid IS NULL OR trial_ids ? ($1::uuid)::text)"
        " AND ($2::boolean IS NULL OR (lifted_on IS NULL) = $2) ORDER BY received_on DESC, hold_id LIMIT $3",
        trial,
        open,
        limit,
    )


@router.get("/trial-holds", response_model=Items[TrialHoldRow])
async def trial_holds(request: Request, trial: UUID | None = None, limit: Limit = 200) -> Response:
    """All holds that trials applied, whatever their source."""
    return await items(
        request,
        "SELECT * FROM trial_hold WHERE ($1::uuid IS NULL OR trial_id = $1)"
        " ORDER BY since DESC, hold_id LIMIT $2",
        trial,
        limit,
    )


@router.get("/inds", response_model=Items[IndRow])
async def inds(request: Request, trial: UUID | None = None, limit: Limit = 200) -> Response:
    """INDs with day 30 of their review and the trials they are in effect for."""
    return await items(
        request,
        "SELECT * FROM ind WHERE ($1::uuid IS NULL OR trial_ids ? ($1::uuid)::text)"
        " ORDER BY receipt_on DESC, ind_id LIMIT $2",
        trial,
        limit,
    )
