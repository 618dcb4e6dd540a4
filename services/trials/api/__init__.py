"""Queries of the trials service, plain SQL over its projections, and the import of other systems' records."""

from fastapi import APIRouter

from services.trials.api import imports, keeping, portfolio, sites, subjects, trials

# Each part writes its whole path: who may read a page, and what a reading names, is its route as written.
router = APIRouter()
for part in (
    portfolio,
    trials,
    sites,
    subjects,
    keeping,
    imports,
):
    router.include_router(part.router)
