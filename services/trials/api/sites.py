"""Sites of a trial, and how long their steps took."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.trials.api.past import AsOf, rebuilt
from shared.http.answers import Cursor, Limit, Order, Text, one, rows
from shared.http.sheets import SHEET, Form, listed

router = APIRouter(prefix="/v1", tags=["queries"])
_BY_ID = Order({"site_id": UUID})

_SITES = """
SELECT s.*, coalesce(g.enrolled, 0) AS enrolled FROM site s LEFT JOIN site_guard g USING (site_id)
WHERE s.trial_id = $1 AND ($2::text IS NULL OR s.status = $2)
"""
_TIMES = """
SELECT c.site_id, s.name, c.country, c.selected_on, c.approved_on, c.contract_on, c.activated_on,
       f.first_subject_on,
       c.activated_on - c.approved_on AS approval_to_activation,
       c.activated_on - c.selected_on AS selection_to_activation,
       c.contract_on - c.selected_on AS selection_to_contract,
       f.first_subject_on - c.activated_on AS activation_to_first_subject
FROM cycle_time c LEFT JOIN site s USING (site_id)
LEFT JOIN LATERAL (
    SELECT min(enrolled_on) AS first_subject_on FROM subject u WHERE u.site_id = c.site_id) f ON true
WHERE c.trial_id = $1
"""
# Hyndman and Fan's type 7, linear between the two nearest values:
# Sample quantiles in statistical packages, The American Statistician 50(4), 1996, 361-365.
_QUARTILES = f"""
SELECT x.country, GROUPING(x.country) = 1 AS whole_trial, m.measure, count(m.days) AS sites,
       percentile_cont(0.25) WITHIN GROUP (ORDER BY m.days) AS first_quartile,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY m.days) AS median,
       percentile_cont(0.75) WITHIN GROUP (ORDER BY m.days) AS third_quartile
FROM ({_TIMES}) x CROSS JOIN LATERAL (VALUES
    ('approval_to_activation', x.approval_to_activation),
    ('selection_to_activation', x.selection_to_activation),
    ('selection_to_contract', x.selection_to_contract),
    ('activation_to_first_subject', x.activation_to_first_subject)) m(measure, days)
GROUP BY GROUPING SETS ((x.country, m.measure), (m.measure)) HAVING count(m.days) > 0
ORDER BY 2 DESC, x.country, m.measure
"""  # noqa: S608 - a constant


@router.get("/trials/{trial_id}/sites", responses=SHEET)
async def sites(
    request: Request,
    trial_id: UUID,
    status: Text = None,
    as_of: AsOf = None,
    form: Form = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """Sites of a trial with their gates and their count."""
    sql, values = await rebuilt(request, trial_id, as_of, _SITES, trial_id, status)
    return await listed(request, sql, *values, order=_BY_ID, limit=limit, after=after, form=form)


@router.get("/trials/{trial_id}/sites/{site_id}")
async def site(request: Request, trial_id: UUID, site_id: UUID) -> Response:
    """One site with its gates, what stops it, and its count."""
    return await one(request, f"{_SITES} AND s.site_id = $3", trial_id, None, site_id)


@router.get("/trials/{trial_id}/cycle-times", responses=SHEET)
async def cycle_times(
    request: Request,
    trial_id: UUID,
    as_of: AsOf = None,
    form: Form = None,
    limit: Limit = 200,
    after: Cursor = None,
) -> Response:
    """How many days a selected site's steps took, by its local dates; null where a step has not come.

    The approval is the earliest day of evidence for its gate, the contract the earliest execution of an
    agreement, or without one the earliest day of evidence, the first subject the earliest enrolment.
    """
    sql, values = await rebuilt(request, trial_id, as_of, _TIMES, trial_id)
    return await listed(request, sql, *values, order=_BY_ID, limit=limit, after=after, form=form)


@router.get("/trials/{trial_id}/cycle-times/quartiles")
async def quartiles(request: Request, trial_id: UUID) -> Response:
    """Median and quartiles of each step in days, of the whole trial and by country; both ends are known.

    Between two values they are linear (Hyndman and Fan 1996, type 7).
    """
    return await rows(request, _QUARTILES, trial_id)
