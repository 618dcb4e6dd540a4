"""The safety report's decider: opened, released by a person, judged by the authority's receipt date."""

from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.regulatory.commands import (
    AssignReport,
    CancelReport,
    FileSafetyReport,
    OpenReport,
    ReanchorReport,
    RecordAcknowledgement,
    ReportCommand,
)
from services.regulatory.deadlines import deadlines_of
from services.regulatory.domain.report_answers import NAMES, answered, named
from services.regulatory.domain.report_state import SafetyReport, evolve, held_by
from shared.contracts.deadline import Clock
from shared.contracts.message import Facts, Refusal
from shared.contracts.regulatory import (
    ReportAssigned,
    ReportEvent,
    ReportNotRequired,
    ReportOpened,
    ReportReanchored,
    SafetyReportFiled,
)
from shared.rules.dates import local_date

__all__ = ["SafetyReport", "decide", "evolve", "held_by"]


def decide(
    state: SafetyReport, command: ReportCommand, facts: Facts, now: datetime
) -> list[ReportEvent] | Refusal:
    """The events of a command; repeating what is done gives none. Only the release can be refused."""
    match command:
        case OpenReport():
            return _open(state, command)
        case ReanchorReport(former=former):
            return _reanchor(state, command.legal, command.operational) if former == state.deadlines else []
        case CancelReport():
            return _cancel(state, command)
        case AssignReport(report_id=report, organisation_id=to):
            if state.opened is None or state.organisation == to:
                return []
            trial = state.opened.trial_id
            return [ReportAssigned(report_id=report, trial_id=trial, organisation_id=to)]
        case FileSafetyReport():
            return _file(state, command, now)
        case RecordAcknowledgement():
            return answered(state, command)
        case _:
            assert_never(command)


def _open(state: SafetyReport, command: OpenReport) -> list[ReportEvent]:
    """Open it, or open it again where it was not owed; other clocks re-anchor a report that is open."""
    ids = deadlines_of(command.report_id, command.legal, command.operational)
    if ids == state.deadlines and state.status != "not_required":
        return []
    if state.opened is not None and state.status != "not_required":
        return _reanchor(state, command.legal, command.operational)
    opened = ReportOpened(
        **command.model_dump(exclude={"legal", "operational"}),
        legal_due=command.legal.due_on,
        operational_due=command.operational.due_on,
        zone=command.legal.zone,
        deadlines=ids,
    )
    return [opened, *_met_already(state, opened, ids)]


def _reanchor(state: SafetyReport, legal: Clock, operational: Clock) -> list[ReportEvent]:
    opened = state.opened
    if opened is None or state.status == "not_required":
        return []
    ids = deadlines_of(opened.report_id, legal, operational)
    if ids == state.deadlines:
        return []
    event = ReportReanchored(
        report_id=opened.report_id,
        case_id=opened.case_id,
        trial_id=opened.trial_id,
        legal=legal,
        operational=operational,
        deadlines=ids,
        supersedes=state.deadlines,
    )
    return [event, *_met_already(state, opened, ids)]


def _met_already(state: SafetyReport, opened: ReportOpened, ids: tuple[UUID, ...]) -> list[ReportEvent]:
    """A receipt that the authority stated before meets the deadlines that the report has now."""
    stated = state.acknowledged
    return [named(opened, stated, deadlines=ids, breaks=())] if stated else []


def _cancel(state: SafetyReport, command: CancelReport) -> list[ReportEvent]:
    opened = state.opened
    if opened is None or state.status not in ("open", "rejected") or command.deadlines != state.deadlines:
        return []
    return [
        ReportNotRequired(
            report_id=opened.report_id,
            case_id=opened.case_id,
            trial_id=opened.trial_id,
            reason=command.reason,
            deadlines=state.deadlines,
        )
    ]


def _file(state: SafetyReport, command: FileSafetyReport, now: datetime) -> list[ReportEvent] | Refusal:
    opened = state.opened
    if opened is None:
        return Refusal("report.unknown", "no report has this id", field="report_id")
    if state.status == "not_required":
        return Refusal("report.not_required", "the report is not owed any more", state.status)
    if state.status == "awaiting_ack" or (state.status == "acknowledged" and state.attempts):
        return []
    return [
        SafetyReportFiled(
            **opened.model_dump(include=NAMES),
            filed_on=local_date(now, opened.zone),
            attempt=state.attempts + 1,
            message_ref=command.message_ref,
            deadlines=state.deadlines,
            breaks=("report.filed_after_acknowledgement",) if state.acknowledged else (),
        )
    ]
