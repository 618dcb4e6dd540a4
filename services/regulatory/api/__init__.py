"""Queries of the regulatory service, plain SQL over its projections."""

from fastapi import APIRouter

from services.regulatory.api import filings, registry

# Each part writes its whole path: who may read a page, and what a reading names, is its route as written.
router = APIRouter()
for part in (filings, registry):
    router.include_router(part.router)
