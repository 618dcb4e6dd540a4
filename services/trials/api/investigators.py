"""The people of sites, by identifiers alone: roles, tasks, qualifications and when these end."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from shared.http.answers import Cursor, Limit, Order, Text, page

router = APIRouter(prefix="/v1", tags=["queries"])
_BY_ID = Order({"investigator_id": UUID})

_INVESTIGATORS = """
SELECT i.*, s.name AS site,
    (SELECT min((q.value ->> 'valid_to')::date) FROM jsonb_each(i.qualifications) q) AS first_end
FROM investigator i LEFT JOIN site s USING (site_id)
WHERE ($1::uuid IS NULL OR i.trial_id = $1) AND ($2::uuid IS NULL OR i.site_id = $2)
  AND ($3::text IS NULL
       OR i.identifiers @> jsonb_build_array(jsonb_build_object('value', $3::text)))
  AND ($4::date IS NULL OR EXISTS (
      SELECT FROM jsonb_each(i.qualifications) q WHERE (q.value ->> 'valid_to')::date <= $4))
"""


@router.get("/investigators")
async def investigators(
    request: Request,
    trial_id: UUID | None = None,
    site: UUID | None = None,
    identifier: Annotated[Text, Query(description="one person by any identifier, at every site")] = None,
    ending_by: Annotated[date | None, Query(description="with a qualification that ends by this day")] = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """People with their qualifications; one person at two sites is two rows with the same identifiers."""
    asked = (trial_id, site, identifier, ending_by)
    return await page(request, _INVESTIGATORS, *asked, order=_BY_ID, limit=limit, after=after)
