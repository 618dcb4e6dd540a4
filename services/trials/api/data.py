"""How far the data of a trial are, and the import of what its capture system counts."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import TypeAdapter

from services.trials.domain.data_lock import preconditions
from services.trials.imports.run.counts import IMPORTED, CountsSummary, import_counts
from services.trials.projections.trial_data import TrialData
from shared.http import bodies, identity
from shared.http.answers import Cursor, Limit, Order, one, page
from shared.http.identity import Principal
from shared.http.problems import ProblemError, described
from shared.http.seen import seen

router = APIRouter(prefix="/v1")
_DATA = TypeAdapter(TrialData)
_BY_SITE = Order({"site_id": UUID, "source": str})

# Of a trial that is seen: its row of data, or none while nothing was told of them.
_TRIAL_DATA = """
SELECT row_to_json(d)::text FROM trial t LEFT JOIN trial_data d USING (trial_id) WHERE t.trial_id = $1
"""
_SITES = """
SELECT c.*, s.name, s.country, c.queries_opened - c.queries_closed AS queries_open,
       c.forms_expected - c.forms_entered AS forms_missing, c.forms_entered - c.forms_verified AS sdv_backlog
FROM data_counts c LEFT JOIN site s USING (site_id) WHERE c.trial_id = $1
"""


@router.get("/trials/{trial_id}/data", tags=["queries"])
async def data(request: Request, trial_id: UUID) -> dict[str, Any]:
    """The way to the lock: status, last visit, master file, and each precondition with what is missing now.

    `latest_lock` are the preconditions as the latest lock was signed.
    """
    async with seen(request) as tx:
        found = await tx.fetchrow(_TRIAL_DATA, trial_id)
    if found is None:
        raise ProblemError(404, "unknown", "there is nothing of this id")
    row = _DATA.validate_json(found[0]) if found[0] else TrialData(trial_id)
    told: dict[str, Any] = _DATA.dump_python(
        row, mode="json", exclude={"counts", "enrolling", "preconditions"}
    )
    latest = [was.model_dump(mode="json") for was in row.preconditions]
    now = [was.model_dump(mode="json") for was in preconditions(row)]
    return told | {"sites_counted": len(row.counts), "preconditions": now, "latest_lock": latest}


@router.get("/trials/{trial_id}/data/sites", tags=["queries"])
async def data_of_sites(
    request: Request, trial_id: UUID, limit: Limit = 200, after: Cursor = None
) -> Response:
    """The latest counts of each site, by the systems that count, with what is open."""
    return await page(request, _SITES, trial_id, order=_BY_SITE, limit=limit, after=after)


@router.get("/trials/{trial_id}/crf", tags=["queries"])
async def forms(request: Request, trial_id: UUID) -> Response:
    """The case report forms of the trial, each version with the protocol that it is for."""
    return await one(request, "SELECT * FROM trial_forms WHERE trial_id = $1", trial_id)


@router.post(
    "/imports/data-counts",
    tags=["commands"],
    responses=described(408, 415),
    openapi_extra={"requestBody": {"required": True, "content": {kind: {} for kind in IMPORTED}}},
)
async def import_data_counts(
    request: Request, asking: Annotated[Principal, Depends(identity.principal)]
) -> CountsSummary:
    """Import what a capture system counts: CSV, a row a site and day (docs/howto/data-counts.md).

    Each row is imported, unchanged or rejected with line, field and rule. Sending it again changes nothing.
    """
    actor = identity.permit(request, asking, "trials.imports")
    bodies.refuse_other_than(request, *IMPORTED)
    upload = bodies.upload_of(request)
    return await import_counts(request.app.state.executor, upload, actor, asking.grants)
