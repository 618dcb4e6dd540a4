"""The query of readings, the same in every service: who read what, and what they reached."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel

from shared.http.answers import Cursor, Limit, Order, Page, Text, as_instant, page

router = APIRouter(prefix="/v1", tags=["operations"])
_LATEST = Order({"at": as_instant, "reading_id": UUID}, falling=True)
# What else a reader reaches is no business of who does not reach everything: it names other sponsors.
_READINGS = """
SELECT at, reading_id, actor, to_jsonb(roles) AS roles, page, path, to_jsonb(ids) AS ids, parameters,
       CASE WHEN (SELECT es.everything()) THEN jsonb_build_object(
           'everything', everything, 'restricted', restricted, 'sponsors', sponsors, 'trials', trials,
           'sites', sites, 'organisations', organisations) END AS reached,
       request_id
FROM es.readings WHERE true"""


class Reached(BaseModel):
    """What the reader reached; `restricted`: also what would reveal an allocation."""

    everything: bool
    restricted: bool
    sponsors: list[UUID]
    trials: list[UUID]
    sites: list[UUID]
    organisations: list[UUID]


class ReadingRow(BaseModel):
    """One answered query. `parameters` has null for a text, and `reached` is told to who reaches everything.

    To others `ids` are those of theirs, and `parameters` has null for another.
    """

    at: datetime
    reading_id: UUID
    actor: str
    roles: list[str]
    page: str
    path: str
    ids: list[UUID]
    parameters: dict[str, Any]
    reached: Reached | None
    request_id: str


@router.get("/readings", response_model=Page[ReadingRow])
async def readings(
    request: Request,
    id: Annotated[UUID | None, Query(description="a trial, case, request …: what a query named")] = None,
    actor: Text = None,
    since: AwareDatetime | None = None,
    until: Annotated[AwareDatetime | None, Query(description="before this moment")] = None,
    limit: Limit = 100,
    after: Cursor = None,
) -> Response:
    """Who read what, the latest first; this query leaves a reading too.

    What an unblinded role read is shown to unblinded roles alone.
    """
    # A condition only where it is asked for, so that an index serves it. OFFSET 0: to find what names one id,
    # nobody goes by time through all that was ever read.
    # By `named` there is one, by `ids` nothing is found that is not shown.
    asked = {
        "named @> ARRAY[${0}::uuid] AND ids @> ARRAY[${0}::uuid]": id,
        "actor = ${}": actor,
        "at >= ${}": since,
        "at < ${}": until,
    }
    given = {condition: value for condition, value in asked.items() if value is not None}
    conditions = "".join(f" AND {condition.format(n)}" for n, condition in enumerate(given, 1))
    sql = f"{_READINGS}{conditions}{' OFFSET 0' if id else ''}"
    return await page(request, sql, *given.values(), order=_LATEST, limit=limit, after=after)
