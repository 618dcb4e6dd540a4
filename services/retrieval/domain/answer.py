"""Decisions about what a custodian answers before records come: acknowledgements, calls, fees."""

from typing import Any, assert_never

from services.retrieval.commands import (
    AcknowledgeLeg,
    AnswerCommand,
    ApproveFee,
    DisputeFee,
    QuoteFee,
    RecordFeePayment,
    RecordFollowUp,
)
from services.retrieval.domain.state import AT_CUSTODIAN, UNANSWERED, Leg, LegStatus, Request
from shared.contracts import retrieval as r
from shared.contracts.message import Refusal


def decide(state: Request, command: AnswerCommand) -> list[r.RequestEvent] | Refusal:
    """Reports are stored and marked where they do not fit; approving or disputing a fee is a request."""
    leg = state.legs.get(command.leg_id)
    about: dict[str, Any] = state.about() if state.request_id else {"request_id": command.request_id}
    about["leg_id"] = command.leg_id
    match command:
        case AcknowledgeLeg(acknowledged_on=day):
            breaks = _breaks(leg, UNANSWERED)
            if leg and leg.status in AT_CUSTODIAN and breaks:
                return []  # the custodian has answered already
            return [r.LegAcknowledged(**about, acknowledged_on=day, breaks=breaks)]
        case RecordFollowUp(method=method):
            calls = leg.calls + 1 if leg else 1
            breaks = _breaks(leg, AT_CUSTODIAN) + (("hold",) if state.frozen_by else ())
            return [r.LegFollowedUp(**about, method=method, follow_up=calls, breaks=breaks)]
        case QuoteFee():
            return _quote(leg, command, about)
        case RecordFeePayment():
            return [r.FeePaid(**about, breaks=_breaks(leg, frozenset({"fee_approved"})))]
        case ApproveFee() | DisputeFee():
            return _answer(leg, command, about)
        case _:
            assert_never(command)


def _breaks(leg: Leg | None, expected: frozenset[LegStatus]) -> tuple[str, ...]:
    """The rule that a report breaks: it names the state in which it found the leg."""
    if leg is None:
        return ("unknown_leg",)
    return () if leg.status in expected else (f"leg_{leg.status}",)


def _quote(leg: Leg | None, command: QuoteFee, about: dict[str, Any]) -> list[r.RequestEvent]:
    quote = command.model_dump(include={"amount_minor", "currency", "cap_minor"})
    above = command.cap_minor is not None and command.amount_minor > command.cap_minor
    breaks = _breaks(leg, AT_CUSTODIAN)
    events: list[r.RequestEvent] = [r.FeeQuoted(**about, **quote, above_cap=above, breaks=breaks)]
    if leg is None or breaks or above:
        return events
    if leg.fee == (command.amount_minor, command.currency, above) and leg.status == "fee_quoted":
        return []
    if command.currency == leg.fee_currency and command.amount_minor <= leg.fee_limit:
        amount, currency = command.amount_minor, command.currency
        events.append(r.FeeApproved(**about, amount_minor=amount, currency=currency, automatic=True))
    return events


def _answer(
    leg: Leg | None, command: ApproveFee | DisputeFee, about: dict[str, Any]
) -> list[r.RequestEvent] | Refusal:
    wanted: LegStatus = "fee_approved" if isinstance(command, ApproveFee) else "fee_disputed"
    if leg is None:
        return Refusal("unknown_leg", "the request has no such leg")
    if leg.status == wanted:
        return []
    if leg.fee is None or leg.status not in ("fee_quoted", "fee_disputed"):
        return Refusal("no_fee_quoted", "no fee waits for an answer", leg.status)
    if isinstance(command, DisputeFee):
        return [r.FeeDisputed(**about, reason=command.reason)]
    amount, currency, above_cap = leg.fee
    if above_cap:
        return Refusal(
            "statutory_cap", "the fee is above what the state's law allows: dispute it", leg.status
        )
    return [r.FeeApproved(**about, amount_minor=amount, currency=currency)]
