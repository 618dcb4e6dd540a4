"""Decisions about a whole request: opening, urgency, withdrawal, holds, cancelling."""

from datetime import date, datetime
from typing import assert_never

from services.retrieval.commands import (
    AdoptRequest,
    CancelRequest,
    FreezeRequest,
    NoteDeath,
    NoteWithdrawal,
    OpenRequest,
    ReprioritiseRequest,
    RequestCommand,
    ThawRequest,
)
from services.retrieval.domain.adoption import adopt, as_opened
from services.retrieval.domain.ending import end_leg
from services.retrieval.domain.state import AT_CUSTODIAN, UNSENT, Leg, Request
from services.retrieval.legal_basis import BASES
from services.retrieval.projections.guards import ScopeHolds, SubjectAccess
from shared.contracts import retrieval as r
from shared.contracts.message import Facts, Refusal
from shared.rules.dates import local_date
from shared.rules.packs import pack


def decide(
    state: Request, command: RequestCommand, facts: Facts, now: datetime
) -> list[r.RequestEvent] | Refusal:
    """The events of a command about the whole request."""
    match command:
        case AdoptRequest():
            return adopt(state, command, _open(as_opened(command), facts, now), now)
        case OpenRequest():
            return [] if state.request_id else _open(command, facts, now)
        case ReprioritiseRequest():
            return _reprioritise(state, command)
        case CancelRequest():
            return _cancel(state, command)
        case NoteWithdrawal():
            return _withdraw(state)
        case NoteDeath(died_on=day):
            return _died(state, day)
        case FreezeRequest(hold_id=hold):
            new = state.request_id and state.research and hold not in state.frozen_by
            return [r.RequestFrozen(**state.about(), hold_id=hold)] if new else []
        case ThawRequest(hold_id=hold):
            return [r.RequestThawed(**state.about(), hold_id=hold)] if hold in state.frozen_by else []
        case _:
            assert_never(command)


def needed_by(legal_due: date | None, operational_due: date | None) -> date | None:
    """Two days before the earlier of both dates; None where neither is known."""
    due = min((day for day in (legal_due, operational_due) if day), default=None)
    return pack("internal").lead_of("records_needed_by").dates(due)[0] if due else None


def _open(command: OpenRequest, facts: Facts, now: datetime) -> list[r.RequestEvent]:
    about = command.model_dump(include={"request_id", "trial_id", "site_id", "subject_id", "case_id"})
    events: list[r.RequestEvent] = [
        r.RequestOpened(
            **about,
            purpose=command.purpose,
            priority=command.priority,
            needed_by=needed_by(command.legal_due, command.operational_due),
            followup_id=command.followup_id,
            questions=command.questions,
            opened_on=local_date(now, command.zone),
            zone=command.zone,
        )
    ]
    access = facts.get(SubjectAccess, command.subject_id)
    if access and access.withdrawn:
        events.append(r.AccessWithdrawn(**about))
    if access and access.died_on:
        events.append(r.SubjectDeathNoted(**about, died_on=access.died_on))
    if command.purpose != "safety_followup":
        rows = (facts.get(ScopeHolds, s) for s in (command.trial_id, command.site_id, command.subject_id))
        holds = {hold for row in rows if row for hold in row.holds}
        events += [r.RequestFrozen(**about, hold_id=hold) for hold in sorted(holds)]
    return events


def _reprioritise(state: Request, command: ReprioritiseRequest) -> list[r.RequestEvent] | Refusal:
    if state.request_id is None:
        return Refusal("unknown_request", "no such record request was opened")
    days = (state.needed_by, needed_by(command.legal_due, command.operational_due))
    sooner = min((day for day in days if day), default=None)
    priority: r.Priority = "urgent" if "urgent" in (state.priority, command.priority) else "routine"
    questions = state.questions + tuple(q for q in command.questions if q not in state.questions)
    if (sooner, priority, questions) == (state.needed_by, state.priority, state.questions):
        return []
    return [
        r.RequestReprioritised(
            **state.about(),
            followup_id=command.followup_id,
            priority=priority,
            needed_by=sooner,
            questions=questions,
        )
    ]


def _cancel(state: Request, command: CancelRequest) -> list[r.RequestEvent] | Refusal:
    if state.request_id is None:
        return Refusal("unknown_request", "no such record request was opened")
    if state.cancelled or state.outcome:
        return []
    events: list[r.RequestEvent] = [r.RequestCancelled(**state.about(), reason=command.reason)]
    for leg in state.legs.values():
        if not leg.ended:
            events += end_leg(state, leg, command.reason, "request_cancelled")
    return events


def _withdraw(state: Request) -> list[r.RequestEvent]:
    """Records in hand were lawfully obtained and go on; what is still to come is not (0.11)."""
    if state.request_id is None or state.access_withdrawn:
        return []
    events: list[r.RequestEvent] = [r.AccessWithdrawn(**state.about())]
    for leg in state.legs.values():
        if not leg.arrivals and leg.status in UNSENT | AT_CUSTODIAN and rests_on_the_patient(leg):
            events += end_leg(state, leg, "access_withdrawn", "access_withdrawn")
    return events


def _died(state: Request, day: date) -> list[r.RequestEvent]:
    """No leg ends by it; what is not sent yet may need a representative's word, or another basis."""
    if state.request_id is None or state.died_on is not None:
        return []
    again = [
        leg.leg_id
        for leg in state.legs.values()
        if leg.status in UNSENT and leg.basis and rests_on_the_patient(leg)
    ]
    return [r.SubjectDeathNoted(**state.about(), died_on=day, legs=tuple(again))]


def rests_on_the_patient(leg: Leg) -> bool:
    """Whether the leg's basis is the patient's own will, or not signed yet."""
    return leg.basis is None or BASES[leg.basis].personal
