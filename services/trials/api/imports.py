"""Imports of records of other systems."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from services.trials.imports import IMPORTED, Summary, import_records
from shared.http import bodies, identity
from shared.http.identity import Principal
from shared.http.problems import described

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
