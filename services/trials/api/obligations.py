"""Who carries each obligation of a trial's sponsor."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Request, Response

from shared.http.answers import rows
from shared.rules.obligations import NAMES, obligations

router = APIRouter(prefix="/v1", tags=["queries"])

# Where the ledger has not spoken, the organisation of the trial's plan has what follows the plan.
_OBLIGATIONS = """
SELECT o.name AS obligation, o.title, o.citation, o.verified, o.deadlines,
    CASE WHEN $7::date IS NULL AND r.spoken THEN r.organisation_id
         WHEN on_day.organisation_id IS NOT NULL THEN on_day.organisation_id
         WHEN o.follows_plan AND NOT coalesce(r.spoken, false) THEN t.owner_id END AS organisation_id,
    CASE WHEN r.spoken OR on_day.organisation_id IS NOT NULL THEN 'ledger'
         WHEN o.follows_plan AND t.owner_id IS NOT NULL THEN 'plan' ELSE 'not transferred' END AS by,
    r.zone, coalesce(r.periods, '[]') AS periods
FROM unnest($2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[], $8::text[])
    WITH ORDINALITY o(name, title, citation, verified, follows_plan, deadlines, n)
LEFT JOIN obligation r ON r.trial_id = $1 AND r.obligation = o.name
LEFT JOIN trial t ON t.trial_id = $1
LEFT JOIN LATERAL (
    SELECT (p ->> 'organisation_id')::uuid AS organisation_id FROM jsonb_array_elements(r.periods) p
    WHERE (p ->> 'since')::date <= $7 AND coalesce((p ->> 'until')::date > $7, true)) on_day ON true
WHERE t.trial_id IS NOT NULL OR r.trial_id IS NOT NULL ORDER BY o.n
"""


@router.get("/trials/{trial_id}/obligations")
async def trial_obligations(request: Request, trial_id: UUID, on: date | None = None) -> Response:
    """Every obligation with the organisation that carries it now, or on a day; null is the sponsor.

    `by` says why: the ledger, the plan of the trial, or that it was never transferred in writing. `periods`
    is its history, without a gap: a day in none of them is the sponsor's. `deadlines`: the codes it covers.
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
