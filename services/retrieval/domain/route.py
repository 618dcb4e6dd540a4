"""Decisions about a leg's way to its custodian: added, sent, chased, escalated, unroutable."""

from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from services.retrieval import cadence
from services.retrieval.commands import (
    AddLeg,
    AssignLeg,
    CancelLeg,
    ReportLegUnroutable,
    RerouteLeg,
    RouteCommand,
    SendLeg,
)
from services.retrieval.commands.fields import OfLeg
from services.retrieval.domain.ending import end_leg
from services.retrieval.domain.state import UNANSWERED, Leg, Request
from shared.contracts import retrieval as r
from shared.contracts.message import Command, Refusal
from shared.rules.dates import local_date


def decide(state: Request, command: RouteCommand, now: datetime) -> list[r.RequestEvent] | Refusal:
    """The events of a command about a leg's way."""
    leg = state.legs.get(command.leg_id)
    match command:
        case AddLeg():
            return _add(state, command)
        case ReportLegUnroutable():
            return _unroutable(state, leg, command)
        case _ if leg is None:
            return Refusal("unknown_leg", "the request has no such leg")
        case AssignLeg(organisation_id=to):
            return _assign(state, leg, to)
        case CancelLeg(reason=reason):
            return [] if leg.ended else end_leg(state, leg, reason, "leg_cancelled")
        case RerouteLeg(contact_ref=contact):
            if leg.status == "verified" and leg.contact == contact:
                return []
            if leg.status != "unroutable":
                return Refusal("not_unroutable", "the custodian can be reached", leg.status)
            return [r.LegRerouted(**state.about(), leg_id=leg.leg_id, contact_ref=contact)]
        case SendLeg():
            return _send(state, leg, command, now)
        case _:
            assert_never(command)


def held_by(state: Request, command: Command | None) -> UUID | None:
    """The vendor that has the leg which the command is about; none hands on what it was handed."""
    if not isinstance(command, OfLeg) or isinstance(command, AssignLeg):
        return None
    leg = state.legs.get(command.leg_id)
    return leg.organisation if leg else None


def look(state: Request, now: datetime) -> list[r.RequestEvent]:
    """What the passing of time makes of legs that no custodian has answered."""
    events: list[r.RequestEvent] = []
    for leg in _chased(state):
        sent_at = leg.sent_at or now
        day = cadence.last_day(state.priority, leg.day, sent_at, now)
        if day is None:
            continue
        about = {**state.about(), "leg_id": leg.leg_id}
        due_at = sent_at + timedelta(days=day)
        events.append(r.LegFollowUpDue(**about, day=day, due_at=due_at, missed=leg.due))
        if day >= cadence.escalation_day(state.priority) and leg.status != "escalated":
            events.append(r.LegEscalated(**about, day=day))
    return events


def wake_at(state: Request) -> datetime | None:
    """UTC: the next day of a cadence; None while no custodian owes an answer, or under a hold."""
    return min(
        (
            leg.sent_at + timedelta(days=cadence.next_day(state.priority, leg.day))
            for leg in _chased(state)
            if leg.sent_at
        ),
        default=None,
    )


def _chased(state: Request) -> list[Leg]:
    return [] if state.frozen_by else [leg for leg in state.legs.values() if leg.status in UNANSWERED]


def _add(state: Request, command: AddLeg) -> list[r.RequestEvent] | Refusal:
    if state.request_id is None:
        return Refusal("unknown_request", "no such record request was opened")
    if command.leg_id in state.legs:
        return []
    if state.cancelled:
        return Refusal("request_cancelled", "the request was cancelled", "cancelled")
    scope = command.model_dump(exclude={"trial_id", "request_id"})
    return [r.LegAdded(**state.about(), **scope)]


def _assign(state: Request, leg: Leg, to: UUID) -> list[r.RequestEvent] | Refusal:
    if leg.organisation == to:
        return []
    if leg.ended:
        return Refusal("leg_ended", "a leg that has ended is not handed on", leg.status)
    others = {one.organisation for one in state.legs.values() if one.organisation and one is not leg}
    return [
        r.LegAssigned(
            **state.about(),
            leg_id=leg.leg_id,
            organisation_id=to,
            holders=tuple(sorted(others | {to})),
            first_sent_on=leg.first_sent_on,
        )
    ]


def _unroutable(state: Request, leg: Leg | None, command: ReportLegUnroutable) -> list[r.RequestEvent]:
    if leg and leg.status == "unroutable":
        return []
    about = state.about() if state.request_id else {"request_id": command.request_id}
    reachable = leg is not None and leg.status == "verified"
    breaks = () if reachable else ("unknown_leg" if leg is None else f"leg_{leg.status}",)
    return [r.LegUnroutable(**about, leg_id=command.leg_id, reason=command.reason, breaks=breaks)]


def _send(state: Request, leg: Leg, command: SendLeg, now: datetime) -> list[r.RequestEvent] | Refusal:
    today = local_date(now, state.zone)
    if leg.status in UNANSWERED:
        return []
    if leg.basis is None or leg.status not in ("verified", "qc_failed"):
        return Refusal("basis_not_verified", "a person must accept the legal basis first", leg.status)
    if leg.expires_on is not None and leg.expires_on < today:
        return Refusal("authorization_expired", f"the last valid day was {leg.expires_on}", leg.status)
    if state.frozen_by:
        holds = ", ".join(sorted(map(str, state.frozen_by)))
        return Refusal("hold", f"retrieving records for research is on hold: {holds}", leg.status)
    return [
        r.LegSent(
            **state.about(),
            leg_id=leg.leg_id,
            custodian=leg.custodian,
            method=command.method,
            attempt=leg.attempt + 1,
            sent_on=today,
            sent_at=now,
            zone=state.zone,
            rerequest_of=leg.failed,
        )
    ]
