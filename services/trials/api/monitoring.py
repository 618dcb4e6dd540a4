"""How the sites of a trial are monitored: visits, action items, remote reviews, corrective actions."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Request, Response

from shared.contracts.trials.capa import CapaStatus
from shared.contracts.trials.monitoring import VisitStatus
from shared.http.answers import Cursor, Limit, Order, Text, as_day, page

router = APIRouter(prefix="/v1", tags=["queries"])
_DUE = Order({"coalesce(planned_on, conducted_on, 'infinity'::date)": as_day, "visit_id": UUID})
_ITEMS_DUE = Order({"coalesce(due_on, 'infinity'::date)": as_day, "item_id": UUID, "visit_id": UUID})
_BY_CAPA, _BY_REVIEW = Order({"capa_id": UUID}), Order({"review_id": UUID})


@router.get("/trials/{trial_id}/monitoring-visits")
async def monitoring_visits(
    request: Request,
    trial_id: UUID,
    site: UUID | None = None,
    status: VisitStatus | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Monitoring visits by the day they are planned for, with findings and counts of the last report."""
    sql = """SELECT * FROM monitoring_visit WHERE trial_id = $1
        AND ($2::uuid IS NULL OR site_id = $2) AND ($3::text IS NULL OR status = $3)"""
    return await page(request, sql, trial_id, site, status, order=_DUE, limit=limit, after=after)


@router.get("/trials/{trial_id}/action-items")
async def action_items(
    request: Request,
    trial_id: UUID,
    site: UUID | None = None,
    owner: Text = None,
    due_before: date | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Action items of approved visit reports, the first due first; `due_before` leaves out what is done."""
    sql = """SELECT * FROM action_item WHERE trial_id = $1
        AND ($2::uuid IS NULL OR site_id = $2) AND ($3::text IS NULL OR owner = $3)
        AND ($4::date IS NULL OR (due_on < $4 AND status <> 'done'))"""
    return await page(
        request, sql, trial_id, site, owner, due_before, order=_ITEMS_DUE, limit=limit, after=after
    )


@router.get("/trials/{trial_id}/remote-reviews")
async def remote_reviews(
    request: Request, trial_id: UUID, limit: Limit = 200, after: Cursor = None
) -> Response:
    """Access to redacted documents: to whom, for how long, what was read and found, whether it ended."""
    sql = "SELECT * FROM remote_review WHERE trial_id = $1"
    return await page(request, sql, trial_id, order=_BY_REVIEW, limit=limit, after=after)


@router.get("/trials/{trial_id}/capas")
async def capas(
    request: Request,
    trial_id: UUID,
    status: CapaStatus | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Corrective and preventive actions with their plans, checks and days."""
    sql = "SELECT * FROM capa WHERE trial_id = $1 AND ($2::text IS NULL OR status = $2)"
    return await page(request, sql, trial_id, status, order=_BY_CAPA, limit=limit, after=after)
