"""Who carries each obligation of a trial's sponsor."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Request, Response

from shared.http.answers import rows
from shared.rules.obligations import NAMES, obligations

router = APIRouter(prefix="/v1", tags=["queries"])

# Where the ledger has not spoken, or not yet on that day, the organisation of the plan has what follows it.
_OBLIGATIONS = """
SELECT o.name AS obligation, o.title, o.citation, o.verified, o.deadlines,
    CASE WHEN said.spoken THEN said.organisation_id
         WHEN o.follows_plan THEN t.owner_id END AS organisation_id,
    CASE WHEN said.spoken THEN 'ledger'
         WHEN o.follows_plan AND t.owner_id IS NOT NULL THEN 'plan' ELSE 'not transferred' END AS by,
    r.zone, coalesce(r.periods, '[]') AS periods
FROM unnest($2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[], $8::text[])
    WITH ORDINALITY o(name, title, citation, verified, follows_plan, deadlines, n)
LEFT JOIN obligation r ON r.trial_id = $1 AND r.obligation = o.name
LEFT JOIN trial t ON t.trial_id = $1
CROSS JOIN LATERAL (
    SELECT r.spoken, r.organisation_id WHERE $7::date IS NULL
    UNION ALL
    SELECT bool_or(coalesce(p.since, p.until) <= $7),
        (array_agg(p.organisation_id) FILTER (WHERE p.since <= $7 AND coalesce(p.until > $7, true)))[1]
    FROM jsonb_to_recordset(r.periods) p(organisation_id uuid, since date, until date)
    HAVING $7::date IS NOT NULL) said
WHERE t.trial_id IS NOT NULL OR r.trial_id IS NOT NULL ORDER BY o.n
"""


@router.get("/trials/{trial_id}/obligations")
async def trial_obligations(request: Request, trial_id: UUID, on: date | None = None) -> Response:
    """Every obligation with the organisation that carries it now, or on a day; null is the sponsor.

    `by` says why: the ledger, the plan of the trial, or that it was never transferred in writing. `periods`
    is what the ledger says: a day in none of them is the sponsor's, and one before the first the plan's. One
    without `since` came by the plan and was taken back. `deadlines`: the codes it covers.
    """
    known = [obligations()[name] for name in NAMES]
    return await rows(
        request,
        _OBLIGATIONS,
        trial_id,
        list(NAMES),
        [one.title for one in known],
        [one.citation for one in known],
        [one.verified for one in known],
        [one.default for one in known],
        on,
        [", ".join(one.deadlines) for one in known],
    )
