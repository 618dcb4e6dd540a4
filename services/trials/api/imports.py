"""Imports of records of other systems."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from services.trials.imports.run.ctgov import IMPORTED, Summary, import_records
from services.trials.imports.run.sdtm import IMPORTED as TABLES
from services.trials.imports.run.sdtm import SdtmSummary, import_sdtm
from services.trials.imports.run.usdm import IMPORTED as DOCUMENT
from services.trials.imports.run.usdm import LIMIT, Options, UsdmSummary, import_usdm
from shared.contracts.trials.design import Assignment
from shared.contracts.trials.trial import Route
from shared.http import bodies, identity
from shared.http.identity import Principal
from shared.http.problems import described
from shared.rules.dates import ZoneName

router = APIRouter(prefix="/v1", tags=["commands"])


@router.post(
    "/imports/ctgov",
    responses=described(408, 415),
    openapi_extra={"requestBody": {"required": True, "content": {kind: {} for kind in IMPORTED}}},
)
async def import_ctgov(
    request: Request, asking: Annotated[Principal, Depends(identity.principal)]
) -> Summary:
    """Import ClinicalTrials.gov records: API v2 as lines, array or page, or the legacy XML, as one stream.

    Each record is imported, unchanged or rejected with its reason. Sending it again changes nothing.
    """
    actor = identity.permit(request, asking, "trials.imports")
    bodies.refuse_other_than(request, *IMPORTED)
    upload = bodies.upload_of(request)
    return await import_records(request.app.state.executor, upload, actor, asking.grants)


@router.post(
    "/imports/sdtm",
    responses=described(408, 415),
    openapi_extra={"requestBody": {"required": True, "content": {kind: {} for kind in TABLES}}},
)
async def import_tables(
    request: Request,
    asking: Annotated[Principal, Depends(identity.principal)],
    trial_id: UUID,
    zone: Annotated[ZoneName | None, Query(description="of sites that the trial has not yet")] = None,
) -> SdtmSummary:
    """Import the subjects of a trial from SDTM: DM, DS, EX and SV as CSV, one after the other.

    Each subject's history is imported, unchanged or rejected (docs/howto/imports.md); again changes nothing.
    """
    actor = identity.permit(request, asking, "trials.imports")
    bodies.refuse_other_than(request, *TABLES)
    upload = bodies.upload_of(request)
    return await import_sdtm(request.app.state.executor, upload, trial_id, zone, actor, asking.grants)


@router.post(
    "/imports/usdm",
    responses=described(400, 408, 413, 415),
    openapi_extra={"requestBody": {"required": True, "content": {kind: {} for kind in DOCUMENT}}},
)
async def import_study(
    request: Request,
    asking: Annotated[Principal, Depends(identity.principal)],
    trial_id: Annotated[UUID | None, Query(description="a trial known here; else it is registered")] = None,
    route: Route = "other",
    assignment: Annotated[Assignment | None, Query(description="where the file does not say")] = None,
) -> UsdmSummary:
    """Import a study's definition from USDM v4 JSON: the trial, its protocol versions and their designs.

    Signed acts are not made by it. What the file has and is not kept is told. Again changes nothing.
    """
    actor = identity.permit(request, asking, "trials.imports")
    bodies.refuse_other_than(request, *DOCUMENT)
    content = b"".join([chunk async for chunk in bodies.upload_of(request, LIMIT)])
    bodies.refuse_deeper(content, 64)
    options = Options(trial_id, route, assignment)
    return await import_usdm(request.app.state.executor, content, options, actor, asking.grants)
