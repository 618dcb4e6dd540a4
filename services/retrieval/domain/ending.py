"""How a leg ends without being delivered, and what the request's outcome is when all legs have ended."""

from datetime import datetime

from services.retrieval.domain.evolve import evolve
from services.retrieval.domain.state import STOPPED, UNSENT, Leg, Request
from shared.contracts import retrieval as r
from shared.rules.dates import local_date


def end_leg(state: Request, leg: Leg, reason: str, seal: r.SealReason) -> list[r.RequestEvent]:
    """Cancel an open leg; records in hand are sealed and the leg is quarantined."""
    sealed: list[r.RequestEvent] = [
        r.RecordsSealed(
            **state.about(),
            leg_id=leg.leg_id,
            reason=seal,
            received_on=arrival.received_on,
            zone=arrival.zone,
            **arrival.document.model_dump(),
        )
        for arrival in leg.arrivals
    ]
    cancelled = r.LegCancelled(
        **state.about(),
        leg_id=leg.leg_id,
        reason=reason,
        was_sent=leg.status not in UNSENT,
        quarantined=bool(sealed),
        first_sent_on=leg.first_sent_on,
    )
    return [*sealed, cancelled]


def outcome_of(state: Request) -> r.Outcome | None:
    """Derived from the legs; None while one is open, or none exists and nobody cancelled the request."""
    legs = state.legs.values()
    if not all(leg.ended for leg in legs) or not (legs or state.cancelled):
        return None
    delivered = sum(leg.delivered for leg in legs)
    if delivered:
        return "complete" if all(leg.status == "delivered" for leg in legs) else "partial"
    if all(leg.status in STOPPED for leg in legs):
        return "cancelled"
    return "none"


def days_of(state: Request, now: datetime, *legs: Leg) -> tuple[int, int]:
    """Calendar days since the request was opened, gross, and net of the longest wait for the client."""
    today = local_date(now, state.zone)
    gross = (today - (state.opened_on or today)).days
    waits = [leg.waited + ((today - leg.waiting_since).days if leg.waiting_since else 0) for leg in legs]
    return gross, gross - max(waits, default=0)


def completion(before: Request, events: list[r.RequestEvent], now: datetime) -> list[r.RequestEvent]:
    """What the events make of the whole: completed when the last leg ends, reopened when one goes on."""
    after = before
    for event in events:
        after = evolve(after, event)
    if after.request_id is None:
        return []
    outcome = outcome_of(after)
    if outcome and not before.outcome:
        legs = after.legs.values()
        gross, net = days_of(after, now, *legs)
        return [
            r.RequestCompleted(
                **after.about(),
                purpose=after.purpose,
                outcome=outcome,
                legs=len(legs),
                delivered=sum(leg.delivered for leg in legs),
                days_gross=gross,
                days_net=net,
            )
        ]
    if before.outcome and outcome is None:
        going_on = next(leg.leg_id for leg in after.legs.values() if not leg.ended)
        return [r.RequestReopened(**after.about(), purpose=after.purpose, leg_id=going_on)]
    return []
