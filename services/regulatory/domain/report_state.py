"""What is remembered of a safety report, and how its events change that."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, assert_never
from uuid import UUID

from shared.contracts.message import Command
from shared.contracts.regulatory import (
    ReportAssigned,
    ReportEvent,
    ReportNotRequired,
    ReportOpened,
    ReportReanchored,
    SafetyReportAcknowledged,
    SafetyReportFiled,
    SafetyReportRejected,
)

Status = Literal["open", "awaiting_ack", "acknowledged", "rejected", "not_required"]
Answer = tuple[str, str, date]


@dataclass(frozen=True)
class SafetyReport:
    """State of one report. `answers` are those of the authority, each counted once."""

    opened: ReportOpened | None = None
    status: Status | None = None
    deadlines: tuple[UUID, ...] = ()
    attempts: int = 0
    filed_on: date | None = None
    acknowledged: SafetyReportAcknowledged | None = None
    answers: frozenset[Answer] = frozenset()
    organisation: UUID | None = None


def evolve(state: SafetyReport, event: ReportEvent) -> SafetyReport:
    """The state after an event."""
    match event:
        case ReportOpened(deadlines=ids):
            status = "open" if state.status in (None, "not_required") else state.status
            owes = event.organisation_id
            return replace(state, opened=event, deadlines=ids, status=status, organisation=owes)
        case ReportAssigned(organisation_id=to):
            return replace(state, organisation=to)
        case ReportReanchored(deadlines=ids):
            return replace(state, deadlines=ids)
        case ReportNotRequired():
            return replace(state, status="not_required")
        case SafetyReportFiled(attempt=attempt, filed_on=day):
            status = "acknowledged" if state.acknowledged else "awaiting_ack"
            return replace(state, attempts=attempt, filed_on=day, status=status)
        case SafetyReportAcknowledged(receipt_on=day, ack_code=code):
            first = state.acknowledged or event
            answers = state.answers | {answer_key(state, event.message_ref, code, day)}
            return replace(state, acknowledged=first, status="acknowledged", answers=answers)
        case SafetyReportRejected(rejected_on=day):
            status = "acknowledged" if state.acknowledged else "rejected"
            answers = state.answers | {answer_key(state, event.message_ref, "rejected", day)}
            return replace(state, status=status, answers=answers)
        case _:
            assert_never(event)


def held_by(state: SafetyReport, _: Command | None) -> UUID | None:
    """The organisation that owes the report in the sponsor's place."""
    return state.organisation


def answer_key(state: SafetyReport, message_ref: str | None, code: str, on: date) -> Answer:
    """What makes an answer the same as one heard before: the message it is about, its code and its date."""
    return message_ref or f"attempt {state.attempts}", code, on
