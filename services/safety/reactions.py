"""What safety does when something happens in it or in another service."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

from services.safety import deaths
from services.safety.commands import (
    RecordDueDiligence,
    RecordNewInformation,
    RecordSafetyReportStatus,
    RequestFollowUp,
)
from services.safety.deadlines import arm_review, meet_review
from services.safety.guards import KnownSubject, KnownTrial
from shared.contracts.deadline import DeadlineArmed
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.regulatory import (
    ReportOpened,
    ReportReanchored,
    SafetyReportAcknowledged,
    SafetyReportFiled,
)
from shared.contracts.retrieval import RecordsReceived, RequestCompleted
from shared.contracts.safety import CaseOpened, InformationReviewed, NewInformationReceived
from shared.contracts.trials.keeping import SubjectErased
from shared.contracts.trials.subject import SubjectDied
from shared.rules.deadlines import Owner
from shared.rules.ledger_rows import ObligationOwners
from shared.rules.ownership import MakesOwners, handed_on, needs_to_hand_on, owners_of
from shared.rules.vault_commands import CloseVault

OfOwn = NewInformationReceived | InformationReviewed | CaseOpened | DeadlineArmed
OfTrials = SubjectErased | SubjectDied | MakesOwners


def needs_of_own(message: Recorded[OfOwn]) -> tuple[Need, ...]:
    """The trial and its ledger say who owns a deadline, the sponsor or the CRO (21 CFR 312.52)."""
    match message.data:
        case NewInformationReceived(trial_id=trial_id):
            return (Need(KnownTrial, (trial_id,)), Need(ObligationOwners, (trial_id,)))
        case CaseOpened(subject_id=subject):
            return (Need(KnownSubject, (subject,)), Need(deaths.SubjectCases, (subject,)))
        case _:
            return _needs_to_hand_on(message)


def react_to_own(message: Recorded[OfOwn], facts: Facts) -> list[Command]:
    """New information starts the clock of its review, the review stops it; a death may be known before."""
    match message.data:
        case NewInformationReceived() as event:
            return [arm_review(event, owners_of(event.trial_id, facts, _plan(facts, event.trial_id)))]
        case InformationReviewed() as event:
            return [meet_review(event)]
        case CaseOpened() as event:
            return [*deaths.known_before(event, message.time, facts)]
        case _:
            return _handed_on(message, facts)


def react_to_regulatory(
    message: Recorded[ReportOpened | ReportReanchored | SafetyReportFiled | SafetyReportAcknowledged],
    facts: Facts,
) -> list[Command]:
    """An open report asks for follow-up, once a case; what becomes of reports is told to their case."""
    match message.data:
        case ReportOpened() | ReportReanchored() as event:
            return [RequestFollowUp(case_id=event.case_id, trial_id=event.trial_id)]
        case SafetyReportFiled() as event:
            return [_status(event, event.case_id, "filed", event.filed_on)]
        case SafetyReportAcknowledged(case_id=case_id) as event if case_id is not None:
            return [_status(event, case_id, "acknowledged", event.receipt_on)]
        case _:
            return []


def needs_of_trials(message: Recorded[OfTrials]) -> tuple[Need, ...]:
    """What is open, where an event makes somebody its owner; the cases of a subject who died."""
    if isinstance(message.data, SubjectDied):
        return (Need(deaths.SubjectCases, (message.data.subject_id,)),)
    return _needs_to_hand_on(message)


def react_to_trials(message: Recorded[OfTrials], facts: Facts) -> list[Command]:
    """The erasure of a subject closes their vault. Owners of obligations get what they owe.

    A subject's death is new information on each of their cases; whether it matters a person judges.
    """
    match message.data:
        case SubjectErased(trial_id=trial, subject_id=subject):
            return [CloseVault(trial_id=trial, subject_id=subject)]
        case SubjectDied(subject_id=subject):
            return [*deaths.told(subject, message.time, facts)]
        case _:
            return _handed_on(message, facts)


def react_to_retrieval(message: Recorded[RecordsReceived | RequestCompleted], facts: Facts) -> list[Command]:
    """Records of a case are new information from the day they were received; a vain search is noted."""
    match message.data:
        case RecordsReceived(case_id=case_id) as event if case_id is not None:
            trial_id = event.trial_id or message.trial_id
            if trial_id is None:
                return []
            return [
                RecordNewInformation(
                    case_id=case_id,
                    trial_id=trial_id,
                    info_id=message.id,
                    source="retrieval",
                    received_on=event.received_on,
                    zone=event.zone,
                    pages=event.pages,
                    sha256=event.sha256,
                    document_ref=event.document_ref,
                )
            ]
        case RequestCompleted(case_id=case_id, outcome="none") as event if case_id is not None:
            return [
                RecordDueDiligence(
                    case_id=case_id,
                    trial_id=event.trial_id,
                    request_id=event.request_id,
                    outcome=event.outcome,
                )
            ]
        case _:
            return []


def _needs_to_hand_on(message: Recorded[Any]) -> tuple[Need, ...]:
    needs = needs_to_hand_on(message)
    return (Need(KnownTrial, (message.trial_id,)), *needs) if needs else ()


def _handed_on(message: Recorded[Any], facts: Facts) -> list[Command]:
    return [given for _, given in handed_on(message, facts, _plan(facts, message.trial_id))]


def _plan(facts: Facts, trial_id: UUID | None) -> Owner | None:
    trial = facts.get(KnownTrial, trial_id)
    return Owner(trial.owner, trial.owner_id) if trial and trial.owner else None


def _status(
    event: SafetyReportFiled | SafetyReportAcknowledged,
    case_id: UUID,
    status: Literal["filed", "acknowledged"],
    on: date,
) -> Command:
    return RecordSafetyReportStatus(
        case_id=case_id,
        trial_id=event.trial_id,
        report_id=event.report_id,
        status=status,
        on=on,
        case_version=event.case_version,
        obligation_code=event.obligation_code,
    )
