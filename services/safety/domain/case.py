"""The case: from the report of an adverse event to the acknowledgement of every report that it obliges to."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from services.safety.commands import (
    AdoptCase,
    AssessCase,
    CaseCommand,
    CorrectAdverseEvent,
    RecordDueDiligence,
    RecordNewInformation,
    RecordSafetyReportStatus,
    ReportAdverseEvent,
    RequestFollowUp,
    ReviewNewInformation,
)
from services.safety.domain import adoption, assessment, follow_up, information, intake
from services.safety.domain.state import AdverseEvent, Case
from shared.contracts.message import Facts, Refusal
from shared.contracts.safety import (
    AdverseEventCorrected,
    AdverseEventReceived,
    CaseAssessed,
    CaseNotReportable,
    CaseOpened,
    CaseReportable,
    CaseVersionCreated,
    DueDiligenceRecorded,
    FollowUpRequested,
    InformationReviewed,
    NewInformationReceived,
    ReportAcknowledged,
    ReportFiled,
    SafetyEvent,
)

# Who has to say that a report arrived: an investigator's acknowledgement is an indicator, no condition (0.7).
_NOT_AUTHORITIES = frozenset({"investigators"})


def decide(case: Case, command: CaseCommand, facts: Facts, now: datetime) -> list[SafetyEvent] | Refusal:
    """The events of a command, or why a signed act is refused; what is reported is never refused."""
    match command:
        case ReportAdverseEvent():
            return intake.report(case, command, facts, now)
        case CorrectAdverseEvent():
            return intake.correct(case, command, facts, now)
        case AdoptCase():
            return adoption.adopt(case, command, now)
        case AssessCase():
            return assessment.assess(case, command, now)
        case RecordNewInformation():
            return information.receive(case, command, now)
        case ReviewNewInformation():
            return information.review(case, command, now)
        case RequestFollowUp():
            return follow_up.request_follow_up(case, command)
        case RecordSafetyReportStatus():
            return follow_up.record_status(case, command)
        case RecordDueDiligence():
            return follow_up.record_due_diligence(case, command)
        case _:
            assert_never(command)


def evolve(case: Case, event: SafetyEvent) -> Case:
    """The case after an event."""
    match event:
        case AdverseEventReceived():
            told = AdverseEvent.of(event)
            adopted = case.adopted or event.adopted_from is not None
            return replace(case, event=case.event or told, reports=case.reports | {told}, adopted=adopted)
        case CaseOpened() if case.event is not None:
            opened = replace(case.event, received_on=event.received_on)
            return replace(case, event=opened, clocks=event.clocks, version=1)
        case AdverseEventCorrected():
            return _corrected(case, event)
        case CaseAssessed():
            return case.assessed(event)
        case CaseReportable():
            return _reportable(case, event)
        case CaseNotReportable():
            return _not_reportable(case, event)
        case NewInformationReceived():
            return replace(case, information=(*case.information, event))
        case InformationReviewed():
            return replace(case, reviewed=case.reviewed | {(event.info_id, event.significant)})
        case CaseVersionCreated():
            latest = max(event.new_info_on, case.latest_on or event.new_info_on)
            return replace(case, version=event.version, latest_on=latest)
        case FollowUpRequested():
            return replace(case, asked=(event.legal_due, event.operational_due))
        case ReportFiled():
            return replace(case, told=case.told | {(event.report_id, "filed")})
        case ReportAcknowledged():
            done = (event.case_version or 0, event.obligation_code or "")
            known = case.told | {(event.report_id, "acknowledged")}
            return replace(case, told=known, acknowledged=case.acknowledged | {done})
        case DueDiligenceRecorded():
            return replace(case, searched=case.searched | {event.request_id})
        case _:
            return case


def _corrected(case: Case, event: AdverseEventCorrected) -> Case:
    moved = {owed.code: owed for owed in event.obligations}
    return replace(
        case,
        event=AdverseEvent.of(event),
        corrections=case.corrections | {event.correction_id},
        clocks=event.clocks,
        obligations=tuple(moved.get(owed.code, owed) for owed in case.obligations),
    )


def _not_reportable(case: Case, event: CaseNotReportable) -> Case:
    gone = (owed.code for owed in event.withdrawn)
    return replace(
        case,
        determination="not_reportable",
        clocks=(),
        obligations=(),
        taken_back=(*case.taken_back, *gone),
        owed=frozenset(),
    )


def _reportable(case: Case, event: CaseReportable) -> Case:
    gone = {owed.code for owed in event.withdrawn}
    authorities = (owed for owed in event.obligations if owed.destination not in _NOT_AUTHORITIES)
    owed = frozenset((event.version, owed.code) for owed in authorities)
    return replace(
        case,
        determination="reportable",
        settled=case.settled | set(event.settled),
        clocks=case.clocks if event.kind == "follow_up" else (),
        obligations=(*(o for o in case.obligations if o.code not in gone), *event.obligations),
        taken_back=(*case.taken_back, *sorted(gone)),
        owed=frozenset(pair for pair in case.owed if pair[1] not in gone) | owed,
    )
