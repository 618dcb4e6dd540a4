"""The state of a record request after an event."""

from dataclasses import replace
from typing import assert_never

from services.retrieval.domain.evolve_leg import moved
from services.retrieval.domain.state import Leg, Request
from shared.contracts import retrieval as r


def evolve(state: Request, event: r.RequestEvent) -> Request:
    """Reports that break a rule move no leg: they are stored, and that is all."""
    match event:
        case r.AboutLeg():
            return _leg_event(state, event)
        case r.RequestOpened():
            return _opened(state, event)
        case r.RequestReprioritised(priority=priority, needed_by=day, questions=questions):
            return replace(state, priority=priority, needed_by=day, questions=questions)
        case r.RequestFrozen(hold_id=hold):
            return replace(state, frozen_by=state.frozen_by | {hold})
        case r.RequestThawed(hold_id=hold):
            return replace(state, frozen_by=state.frozen_by - {hold})
        case r.AccessWithdrawn():
            return replace(state, access_withdrawn=True)
        case r.SubjectDeathNoted(died_on=day, legs=legs):
            return replace(state, died_on=day, review=frozenset(legs))
        case r.AuthorizationRevoked():
            known = {leg: replace(state.legs[leg], revoked=True) for leg in event.legs if leg in state.legs}
            return replace(state, legs={**state.legs, **known})
        case r.RequestCancelled():
            return replace(state, cancelled=True)
        case r.RequestCompleted(outcome=outcome):
            return replace(state, outcome=outcome)
        case r.RequestReopened():
            return replace(state, outcome=None)
        case _:
            assert_never(event)


def _opened(state: Request, event: r.RequestOpened) -> Request:
    return replace(
        state,
        request_id=event.request_id,
        trial_id=event.trial_id,
        site_id=event.site_id,
        subject_id=event.subject_id,
        case_id=event.case_id,
        purpose=event.purpose,
        priority=event.priority,
        needed_by=event.needed_by,
        questions=event.questions,
        zone=event.zone,
        opened_on=event.opened_on,
        adopted=event.adopted_from is not None,
    )


def _leg_event(state: Request, event: r.BasisEvent | r.RouteEvent | r.FeeEvent | r.RecordsEvent) -> Request:
    if isinstance(event, r.LegAdded):
        return replace(state, legs={**state.legs, event.leg_id: added(event)})
    leg = state.legs.get(event.leg_id)
    if leg is None:
        if isinstance(event, r.RecordsSealed):
            return replace(state, strays=state.strays | {event.document_ref})
        return state
    looked_at = isinstance(event, r.LegalBasisVerified | r.LegalBasisRejected | r.LegCancelled)
    review = state.review - {event.leg_id} if looked_at else state.review
    return replace(state, legs={**state.legs, event.leg_id: moved(leg, event)}, review=review)


def added(event: r.LegAdded) -> Leg:
    """A leg begins as a draft that knows its scope."""
    return Leg(
        leg_id=event.leg_id,
        custodian=event.custodian,
        custodian_kind=event.custodian_kind,
        custodian_state=event.custodian_state,
        record_types=event.record_types,
        range_from=event.range_from,
        range_to=event.range_to,
        fee_limit=event.fee_limit_minor,
        fee_currency=event.fee_currency,
    )
