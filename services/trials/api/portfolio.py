"""The portfolio: trials by what is asked of them, in the order that is asked for."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from shared.contracts.trials.trial import TrialStatus
from shared.http.answers import Cursor, Limit, Order, Text, as_instant
from shared.http.sheets import SHEET, Form, listed
from shared.runtime import clock

router = APIRouter(prefix="/v1", tags=["queries"])
Sort = Literal["id", "name", "changed", "enrolled"]
_ORDERS: dict[Sort, Order] = {
    "id": Order({"trial_id": UUID}),
    # As the index has it: of a long title the beginning, which also keeps the cursor short.
    "name": Order({"lower(left(coalesce(title, ''), 60))": str, "trial_id": UUID}),
    "changed": Order({"coalesce(changed_at, 'epoch'::timestamptz)": as_instant, "trial_id": UUID}, True),
    "enrolled": Order({"enrolled": int, "trial_id": UUID}, True),
}

_TRIALS = """
SELECT t.trial_id, t.nct, t.title, t.sponsor_name, t.phases, t.status, t.registry_status, t.basis,
       t.conditions, t.target, coalesce(c.enrolled, 0) AS enrolled, t.changed_at,
       (SELECT count(*) FROM hold h WHERE h.trial_id = t.trial_id AND h.status = 'open') AS open_holds,
       (SELECT count(*) FROM deadline d
        WHERE d.trial_id = t.trial_id AND d.status = 'missed') AS missed_deadlines
FROM trial t LEFT JOIN trial_count c USING (trial_id) WHERE true
"""
# The part of the target that a straight line from the first to the last planned enrolment has reached today;
# all of it after the last day, and once accrual is closed. Target and days are those set for the whole trial;
# what is not set, its plan and the registry's start and primary completion. Without target, or without days
# while it accrues, no trial is behind, nor one that was not approved, was withdrawn or has no lifecycle.
_BEHIND = """
EXISTS (
    SELECT FROM (
        SELECT coalesce(c.enrolled, 0) AS enrolled, coalesce(x.target, t.target) AS target,
            coalesce(x.first_on, t.start_on) AS first_on,
            coalesce(x.last_on, t.primary_completion_on) AS last_on
        FROM (SELECT) one LEFT JOIN (
            SELECT x.* FROM enrolment_targets e,
                jsonb_to_recordset(e.stated) x(level text, target integer, first_on date, last_on date)
            WHERE e.trial_id = t.trial_id AND x.level = 'trial') x ON true) p
    WHERE p.enrolled < p.target
      AND t.status NOT IN ('draft', 'in_review', 'disapproved', 'withdrawn', 'registry_only') AND (
        t.status IN (
            'closed_accrual', 'closed_accrual_intervention', 'completed', 'admin_completed', 'archived')
        OR p.enrolled < p.target * CASE WHEN {0}::date >= p.last_on THEN 1 WHEN {0}::date <= p.first_on THEN 0
            ELSE ({0}::date - p.first_on)::numeric / (p.last_on - p.first_on) END))
"""


_BEARS = "t.identifiers @> jsonb_build_array(jsonb_build_object('value', {0}::text))"
_TEXT = "strpos(lower(concat_ws(' ', t.title, t.nct, t.sponsor_name)), lower({0})) > 0"


_HELD = "EXISTS (SELECT FROM hold h WHERE h.trial_id = t.trial_id AND h.status = 'open')"
_LATE = "EXISTS (SELECT FROM deadline d WHERE d.trial_id = t.trial_id AND d.status = {0})"
_OWNED = "SELECT trial_id FROM es.trial WHERE sponsor_id = ANY ($1)"


def _asked(given: Sequence[tuple[str, Any]]) -> tuple[str, list[Any]]:
    """The conditions that are asked for, and their values; {0} is a condition's own value.

    One that is not asked for does not stand in the query: plans are made once and for any value, and by one
    that allows for none no index is used.
    """
    known = [(condition, value) for condition, value in given if value is not None]
    conditions = [condition.format(f"${n}") for n, (condition, _) in enumerate(known, 1)]
    return "".join(f" AND ({condition})" for condition in conditions), [value for _, value in known]


@router.get("/trials", responses=SHEET)
async def trials(
    request: Request,
    status: TrialStatus | None = None,
    phase: Annotated[Text, Query(description="a registry phase, such as PHASE2")] = None,
    text: Annotated[Text, Query(description="part of title, number or sponsor")] = None,
    identifier: Annotated[Text, Query(description="one trial by any identifier")] = None,
    sponsor: Annotated[Text, Query(description="part of the sponsor's name")] = None,
    country: Annotated[Text, Query(description="with a site there: as its sites name it")] = None,
    condition: Annotated[Text, Query(description="part of a condition that is studied")] = None,
    site_status: Annotated[Text, Query(description="with a site of this status (in that country)")] = None,
    holds: Annotated[bool | None, Query(description="with an open hold, or without")] = None,
    deadlines: Annotated[
        Literal["missed", "at_risk"] | None, Query(description="with a deadline of this status")
    ] = None,
    behind: Annotated[bool | None, Query(description="behind its enrolment target, or not")] = None,
    sort: Annotated[Sort, Query(description="name rises; changed and enrolled fall")] = "id",
    form: Form = None,
    limit: Limit = 50,
    after: Cursor = None,
) -> Response:
    """Trials a page at a time, or all of them as CSV; each filter leaves those that also meet the others.

    Behind is who has enrolled less than the target's share of the time between the first and the last planned
    enrolment (a straight line, UTC days; days that nobody set are the registry's start and primary
    completion), or than the target once accrual is closed; not one that was not approved, or was withdrawn.
    """
    today = None if behind is None else clock.now().date()
    where, values = _asked(
        (
            ("t.status = {0}", status),
            ("t.phases ? {0}", phase),
            (_TEXT, text),
            (_BEARS, identifier),
            ("strpos(lower(t.sponsor_name), lower({0})) > 0", sponsor),
            ("strpos(lower(t.conditions::text), lower({0})) > 0", condition),
            (f"{_HELD} = {{0}}", holds),
            (_LATE, deadlines),
            (_BEHIND if behind else f"NOT {_BEHIND}", today),
            (_site(country, site_status), [country, site_status] if country or site_status else None),
            ("t.trial_id = ANY ({0}::uuid[])", await _reached(request)),
        )
    )
    return await listed(
        request, f"{_TRIALS}{where}", *values, order=_ORDERS[sort], limit=limit, after=after, form=form
    )


def _site(country: str | None, status: str | None) -> str:
    """That the trial has a site which is as asked; {0} holds the country and the status."""
    of_it = ["s.country = ({0}::text[])[1]"] * bool(country) + ["s.status = ({0}::text[])[2]"] * bool(status)
    return f"EXISTS (SELECT FROM site s WHERE s.trial_id = t.trial_id AND {' AND '.join(of_it)})"


async def _reached(request: Request) -> list[UUID] | None:
    """The trials of whoever does not reach everything, lest the row policy be asked about every trial."""
    grants = request.state.principal.grants
    if grants.everything:
        return None
    owned = await request.app.state.pool.fetch(_OWNED, list(grants.sponsors)) if grants.sponsors else ()
    return [*grants.trials, *grants.sites.values(), *(row["trial_id"] for row in owned)]
