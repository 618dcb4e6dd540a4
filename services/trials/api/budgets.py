"""Budgets: plan against actual, what is due, invoices. Sums are by currency, in its minor unit."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from shared.http.answers import Cursor, Limit, Order, as_day, one, page

router = APIRouter(prefix="/v1", tags=["queries"])
_BY_SITE = Order({"site_id": UUID, "currency": str})
_BY_CAUSE = Order(
    {"reached_on": as_day, "site_id": UUID, "cause": UUID, "line": str, "trial_id": UUID}, falling=True
)
_LATEST = Order({"coalesce(invoiced_on, 'infinity')": as_day, "invoice_id": UUID}, falling=True)

# What each site's money is, an entry a figure: planned, reached, invoiced, approved or paid.
_ENTRIES = """
SELECT trial_id, site_id, l->>'currency' AS currency, 'planned' AS what,
       (l->>'amount_minor')::numeric * (l->>'planned')::numeric AS amount
FROM site_budget, jsonb_array_elements(lines) l
UNION ALL SELECT trial_id, site_id, currency, 'reached', amount_minor FROM payable WHERE line <> ''
UNION ALL SELECT trial_id, site_id, currency, 'invoiced', amount_minor FROM invoice WHERE currency IS NOT NULL
UNION ALL SELECT trial_id, site_id, approved_currency, 'approved', approved_minor FROM invoice
    WHERE approved_currency IS NOT NULL
UNION ALL SELECT trial_id, site_id, p->>'currency', 'paid', (p->>'amount_minor')::numeric
    FROM invoice, jsonb_array_elements(payments) p
"""
_SUMS = ", ".join(
    f"coalesce(sum(e.amount) FILTER (WHERE e.what = '{what}'), 0) AS {what}"
    for what in ("planned", "reached", "invoiced", "approved", "paid")
)

_SITES = f"""
SELECT e.trial_id, e.site_id, s.name, s.country, e.currency, {_SUMS}
FROM ({_ENTRIES}) e LEFT JOIN site s USING (site_id)
WHERE ($1::uuid IS NULL OR e.trial_id = $1) AND ($2::uuid IS NULL OR e.site_id = $2)
GROUP BY e.trial_id, e.site_id, s.name, s.country, e.currency
"""  # noqa: S608 - constants of this module

_TRIAL = f"""
SELECT t.trial_id, b.version, b.effective_from, b.document_ref, b.agreed_by,
    (SELECT coalesce(json_agg(x ORDER BY x.currency), '[]') FROM (
        SELECT e.currency, {_SUMS} FROM ({_ENTRIES}) e WHERE e.trial_id = t.trial_id GROUP BY 1) x) AS sites,
    (SELECT coalesce(json_agg(x ORDER BY x.country, x.currency), '[]') FROM (
        SELECT s.country, e.currency, {_SUMS} FROM ({_ENTRIES}) e LEFT JOIN site s USING (site_id)
        WHERE e.trial_id = t.trial_id GROUP BY 1, 2) x) AS countries,
    (SELECT coalesce(json_agg(x ORDER BY x.category, x.currency), '[]') FROM (
        SELECT category, currency, sum(planned) AS planned, sum(actual) AS actual FROM (
            SELECT l->>'category' AS category, l->>'currency' AS currency,
                   (l->>'amount_minor')::numeric AS planned, 0 AS actual FROM jsonb_array_elements(b.lines) l
            UNION ALL SELECT c.key, a.key, 0, a.value::numeric
                FROM jsonb_each(b.spent) c, jsonb_each_text(c.value) a
            UNION ALL SELECT 'site_payments', currency, 0, amount_minor FROM payable
                WHERE trial_id = t.trial_id AND line <> '') y
        GROUP BY 1, 2) x) AS categories
FROM trial t LEFT JOIN trial_budget b USING (trial_id) WHERE t.trial_id = $1
"""  # noqa: S608 - constants of this module

_SITE = """
SELECT b.site_id, b.trial_id, b.version, b.effective_from, b.document_ref, b.agreed_by,
    (SELECT json_agg(to_jsonb(l) || jsonb_build_object(
        'reached', (SELECT count(*) FROM payable p
            WHERE p.trial_id = b.trial_id AND p.site_id = b.site_id AND p.line = l->>'code'),
        'reached_minor', (SELECT coalesce(sum(p.amount_minor), 0) FROM payable p
            WHERE p.trial_id = b.trial_id AND p.site_id = b.site_id AND p.line = l->>'code'
              AND p.currency = l->>'currency')))
     FROM jsonb_array_elements(b.lines) l) AS lines,
    (SELECT count(*) FROM payable p
     WHERE p.trial_id = b.trial_id AND p.site_id = b.site_id AND p.line = '') AS unpriced
FROM site_budget b WHERE b.site_id = $1
"""

_PAYABLES = """
SELECT * FROM payable WHERE ($1::uuid IS NULL OR trial_id = $1) AND ($2::uuid IS NULL OR site_id = $2)
  AND ($3::boolean IS NULL OR (line = '') = $3)
"""
_INVOICES = """
SELECT * FROM invoice WHERE ($1::uuid IS NULL OR trial_id = $1) AND ($2::text IS NULL OR status = $2)
"""


@router.get("/budgets")
async def budgets(
    request: Request,
    trial_id: UUID | None = None,
    site_id: UUID | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Plan against actual of sites, a row a site and currency."""
    return await page(request, _SITES, trial_id, site_id, order=_BY_SITE, limit=limit, after=after)


@router.get("/budgets/trials/{trial_id}")
async def budget_of_trial(request: Request, trial_id: UUID) -> Response:
    """A trial's money: by category of the sponsor's budget, by country, and its sites together."""
    return await one(request, _TRIAL, trial_id)


@router.get("/budgets/sites/{site_id}")
async def budget_of_site(request: Request, site_id: UUID) -> Response:
    """The budget agreed last with a site: how many units of each line are due so far."""
    return await one(request, _SITE, site_id)


@router.get("/budgets/payables")
async def payables(
    request: Request,
    trial_id: UUID | None = None,
    site_id: UUID | None = None,
    unpriced: Annotated[
        bool | None, Query(description="only what has no price yet, or only what has")
    ] = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """What is due, the latest first, each with the event or report that it rests on."""
    values = (trial_id, site_id, unpriced)
    return await page(request, _PAYABLES, *values, order=_BY_CAUSE, limit=limit, after=after)


@router.get("/budgets/invoices")
async def invoices(
    request: Request,
    trial_id: UUID | None = None,
    status: Literal["invoiced", "approved", "paid"] | None = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Invoices of sites, the latest first, each with its approval and payments."""
    return await page(request, _INVOICES, trial_id, status, order=_LATEST, limit=limit, after=after)
