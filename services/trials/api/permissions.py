"""May I? What other systems ask before they screen, consent, randomise, dose or ship (domain.md 0.6)."""

from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query, Request
from pydantic import TypeAdapter

from services.trials.domain.permissions import answer, closed_by, holds_on, on_arms
from services.trials.projections.guards import SiteGuard, SubjectGuard, TrialGuard
from shared.http.problems import ProblemError
from shared.http.seen import seen
from shared.runtime.database import Pool

G = TypeVar("G", TrialGuard, SiteGuard, SubjectGuard)
_TRIAL_GUARD = TypeAdapter(TrialGuard)
_SITE_GUARD = TypeAdapter(SiteGuard)
_SUBJECT_GUARD = TypeAdapter(SubjectGuard)

_SEEN = """
SELECT EXISTS (SELECT FROM trial_guard WHERE trial_id = $1)
   AND ($2::uuid IS NULL OR EXISTS (SELECT FROM site WHERE site_id = $2 AND trial_id = $1))
   AND ($3::uuid IS NULL OR EXISTS (SELECT FROM subject WHERE subject_id = $3 AND trial_id = $1))
"""


async def permissions(
    request: Request,
    trial_id: UUID,
    site: UUID | None = None,
    subject: UUID | None = None,
    arm: Annotated[str | None, Query(max_length=64)] = None,
) -> dict[str, Any]:
    """May I? Each effect with the holds that forbid it now, for the trial and the site or subject named.

    `closed`: what the status of trial or site forbids beside them; `arms`: the holds on single arms alone.
    Who does not see one of them is told nothing; who sees them is told of every hold on them.
    """
    async with seen(request) as tx:
        known = await tx.fetchval(_SEEN, trial_id, site, subject)
    if not known:  # out of the transaction: who asks for what is not there leaves a row, too
        raise ProblemError(404, "unknown", "there is no such trial, or no such site or subject in it")
    pool = request.app.state.pool
    trial_row = await _guard(pool, _TRIAL_GUARD, "trial", trial_id)
    site_row = await _guard(pool, _SITE_GUARD, "site", site)
    subject_row = await _guard(pool, _SUBJECT_GUARD, "subject", subject)
    if trial_row is None or (site and (site_row is None or site_row.trial_id != trial_id)):
        raise ProblemError(404, "unknown", "there is no such trial, or no such site in it")
    holds = [hold for hold in holds_on(trial_row, site_row, subject_row, arm) if hold.open]
    return {
        "trial_id": trial_id,
        "site_id": site,
        "subject_id": subject,
        "trial_status": trial_row.status,
        "site_status": site_row.status if site_row else None,
        "permissions": answer(holds),
        "closed": closed_by(trial_row.status, site_row.status if site_row else None),
        "arms": on_arms(trial_row),
        "holds": [{"hold_id": h.hold_id, "source": h.source, "since": h.since} for h in holds],
    }


async def _guard(pool: Pool, row: TypeAdapter[G], name: str, key: UUID | None) -> G | None:
    sql = f"SELECT row_to_json(g)::text FROM {name}_guard g WHERE {name}_id = $1"  # noqa: S608 - three names
    text = await pool.fetchval(sql, key) if key else None
    return row.validate_json(text) if text else None
