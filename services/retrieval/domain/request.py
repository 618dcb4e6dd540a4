"""The decider of a record request: each command to its part, and what its events make of the whole."""

from datetime import datetime
from typing import assert_never

from services.retrieval.commands import (
    AcknowledgeLeg,
    AddLeg,
    AdoptRequest,
    ApproveFee,
    AssignLeg,
    CancelLeg,
    CancelRequest,
    CloseLegWithoutRecords,
    DeliverRecords,
    DisputeFee,
    FailQualityControl,
    FreezeRequest,
    NoteDeath,
    NoteWithdrawal,
    OpenRequest,
    PassQualityControl,
    QuoteFee,
    ReceiveRecords,
    RecordFeePayment,
    RecordFollowUp,
    RecordRedaction,
    RejectLegalBasis,
    ReportLegUnroutable,
    ReprioritiseRequest,
    RerouteLeg,
    RetrievalCommand,
    RevokeAuthorization,
    SendLeg,
    SubmitLegalBasis,
    ThawRequest,
    VerifyLegalBasis,
    Wake,
)
from services.retrieval.domain import answer, basis, opening, records, route
from services.retrieval.domain.ending import completion
from services.retrieval.domain.state import Request
from shared.contracts.message import Facts, Refusal
from shared.contracts.retrieval import AboutLeg, LegAssigned, RequestEvent


def decide(
    state: Request, command: RetrievalCommand, facts: Facts, now: datetime
) -> list[RequestEvent] | Refusal:
    """The events that a command causes; repeating what is done causes none."""
    events = _part(state, command, facts, now)
    if isinstance(events, Refusal):
        return events
    told = [_with_its_vendor(state, event) for event in events]
    return told + completion(state, told, now) if told else []


def _with_its_vendor(state: Request, event: RequestEvent) -> RequestEvent:
    """Every event of a leg says which vendor has the leg."""
    leg = state.legs.get(event.leg_id) if isinstance(event, AboutLeg) else None
    if leg is None or leg.organisation is None or isinstance(event, LegAssigned):
        return event
    return event.model_copy(update={"organisation_id": leg.organisation})


def _part(
    state: Request, command: RetrievalCommand, facts: Facts, now: datetime
) -> list[RequestEvent] | Refusal:
    match command:
        case (
            AdoptRequest()
            | OpenRequest()
            | ReprioritiseRequest()
            | CancelRequest()
            | NoteWithdrawal()
            | NoteDeath()
            | FreezeRequest()
            | ThawRequest()
        ):
            return opening.decide(state, command, facts, now)
        case SubmitLegalBasis() | VerifyLegalBasis() | RejectLegalBasis() | RevokeAuthorization():
            return basis.decide(state, command, now)
        case AddLeg() | AssignLeg() | CancelLeg() | SendLeg() | ReportLegUnroutable() | RerouteLeg():
            return route.decide(state, command, now)
        case (
            AcknowledgeLeg()
            | RecordFollowUp()
            | QuoteFee()
            | ApproveFee()
            | DisputeFee()
            | RecordFeePayment()
        ):
            return answer.decide(state, command)
        case (
            ReceiveRecords()
            | PassQualityControl()
            | FailQualityControl()
            | RecordRedaction()
            | DeliverRecords()
            | CloseLegWithoutRecords()
        ):
            return records.decide(state, command, facts, now)
        case Wake():
            return route.look(state, now)
        case _:
            assert_never(command)
