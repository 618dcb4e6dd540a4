"""The page of what registries know of trials, and what they still have to be told."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.regulatory.projections import RegistryRow
from shared.http.answers import Cursor, Limit, Order, Page, as_day, page

router = APIRouter(prefix="/v1", tags=["queries"])
_NEXT = Order({"coalesce(next_due, 'infinity')": as_day, "record_id": UUID})


@router.get("/registry-records", response_model=Page[RegistryRow])
async def registry_records(
    request: Request, trial: UUID | None = None, limit: Limit = 200, after: Cursor = None
) -> Response:
    """What registries were told of trials and are owed, the next duty to fall due first."""
    sql = "SELECT * FROM registry_record WHERE ($1::uuid IS NULL OR trial_id = $1)"
    return await page(request, sql, trial, order=_NEXT, limit=limit, after=after)
