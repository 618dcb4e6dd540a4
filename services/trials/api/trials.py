"""One trial, and what may be done in it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from services.trials.api.past import AsOf, rebuilt
from services.trials.api.permissions import permissions
from services.trials.api.trial_page import TRIAL
from shared.http.answers import one

router = APIRouter(prefix="/v1", tags=["queries"])
router.add_api_route("/trials/{trial_id}/permissions", permissions)


@router.get("/trials/nct/{nct}")
async def trial_by_nct(request: Request, nct: Annotated[str, Path(pattern=r"^NCT[0-9]{8}$")]) -> Response:
    """The trial that bears the registry's number."""
    return await one(request, f"{TRIAL} t.nct = $1", nct)


@router.get("/trials/{trial_id}")
async def trial(request: Request, trial_id: UUID, as_of: AsOf = None) -> Response:
    """One trial: lifecycle, holds, countries, sites, enrolment, deadlines, registry record, history.

    With `as_of`, as it was; deadlines are other services' facts, of which there are then none.
    """
    sql, values = await rebuilt(request, trial_id, as_of, f"{TRIAL} t.trial_id = $1", trial_id)
    return await one(request, sql, *values)
