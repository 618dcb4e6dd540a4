"""The authority's answers to a safety report: each stored once, marked where it does not fit."""

from typing import Any, TypeVar

from services.regulatory.commands import RecordAcknowledgement
from services.regulatory.domain.report_state import SafetyReport, answer_key
from shared.contracts.regulatory import (
    ReportEvent,
    ReportOpened,
    SafetyReportAcknowledged,
    SafetyReportRejected,
)

NAMES = {"report_id", "case_id", "trial_id", "case_version", "kind", "obligation_code", "destination"}
A = TypeVar("A", SafetyReportAcknowledged, SafetyReportRejected)


def answered(state: SafetyReport, command: RecordAcknowledgement) -> list[ReportEvent]:
    """The answer as an event; the first acceptance stands, what contradicts it is stored beside it."""
    known, opened = state.acknowledged, state.opened
    said = (command.receipt_on, command.ack_code)
    if known is not None and said == (known.receipt_on, known.ack_code):
        return []
    if answer_key(state, command.message_ref, command.ack_code, command.receipt_on) in state.answers:
        return []
    if command.ack_code == "rejected":
        rejected = SafetyReportRejected(
            report_id=command.report_id,
            trial_id=command.trial_id,
            rejected_on=command.receipt_on,
            errors=command.errors,
            message_ref=command.message_ref,
        )
        breaks = _breaks(state, "report.rejected_after_acceptance")
        return [named(opened, rejected, breaks=breaks)]
    accepted = SafetyReportAcknowledged(
        report_id=command.report_id,
        trial_id=command.trial_id,
        receipt_on=command.receipt_on,
        ack_code=command.ack_code,
        message_ref=command.message_ref,
    )
    meets = state.deadlines if known is None else ()
    return [named(opened, accepted, deadlines=meets, breaks=_breaks(state, "report.receipt_contradicts"))]


def named(opened: ReportOpened | None, answer: A, **more: Any) -> A:
    """The answer with the names of the report that it is about, where that is known."""
    names = opened.model_dump(include=NAMES - {"kind"}) if opened else {}
    return answer.model_copy(update=names | more)


def _breaks(state: SafetyReport, after_acceptance: str) -> tuple[str, ...]:
    """The rules that an answer at this moment does not keep."""
    if state.opened is None:
        return ("report.unknown",)
    early = () if state.attempts else ("report.answered_before_filing",)
    return (*early, after_acceptance) if state.acknowledged else early
