"""Queries of the trials service, plain SQL over its projections, and the import of other systems' records."""

from fastapi import APIRouter

from services.trials.api import enrolment, imports, keeping, sites, subjects, trials

# Each part writes its whole path: who may read a page, and what a reading names, is its route as written.
router = APIRouter()
for part in (trials, sites, subjects, enrolment, keeping, imports):
    router.include_router(part.router)
