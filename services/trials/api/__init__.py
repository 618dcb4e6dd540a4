"""Queries of the trials service, plain SQL over its projections, and the import of other systems' records."""

from fastapi import APIRouter

from services.trials.api import budgets, data, imports, keeping, sites, subjects, trials

# Each part writes its whole path: who may read a page, and what a reading names, is its route as written.
router = APIRouter()
for part in (
    trials,
    sites,
    subjects,
    keeping,
    imports,
    budgets,
    data,
):
    router.include_router(part.router)
