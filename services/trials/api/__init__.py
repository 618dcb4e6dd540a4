"""Queries of the trials service, plain SQL over its projections, and the import of other systems' records."""

from fastapi import APIRouter

from services.trials.api import (
    budgets,
    contracts,
    countries,
    data,
    engagements,
    enrolment,
    feasibility,
    feeds,
    imports,
    indicators,
    investigators,
    keeping,
    matching,
    monitoring,
    obligations,
    portfolio,
    programmes,
    protocol,
    recruitment,
    sites,
    subjects,
    trials,
)

# Each part writes its whole path: who may read a page, and what a reading names, is its route as written.
router = APIRouter()
_PARTS = (
    trials,
    sites,
    subjects,
    keeping,
    imports,
    feeds,
    matching,
    recruitment,
    feasibility,
    contracts,
    investigators,
    enrolment,
    programmes,
    countries,
    protocol,
    engagements,
    obligations,
    monitoring,
    indicators,
    budgets,
    data,
    portfolio,
)
for part in _PARTS:
    router.include_router(part.router)
