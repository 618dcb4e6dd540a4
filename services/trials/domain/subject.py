"""The subject: enrolment, consent and leaving are reported, randomisation and doses are asked for."""

from datetime import datetime
from typing import assert_never

from services.trials.commands.adoption import AdoptSubject
from services.trials.commands.consent import (
    DeclineReconsent,
    RecordConsent,
    RequireReconsent,
    WaiveReconsent,
)
from services.trials.commands.subject import (
    CorrectEnrolment,
    DoseSubject,
    EnrolSubject,
    RandomiseSubject,
    WithdrawSubject,
)
from services.trials.commands.subject_history import RecordSubjectHistory
from services.trials.commands.subject_steps import (
    ChangeSubjectStatus,
    DecideEligibility,
    IdentifyCandidate,
    RecordDose,
    RecordVisit,
    ReportDeath,
    StartScreening,
)
from services.trials.domain import (
    consent,
    dosing,
    reconsent,
    screening,
    subject_history,
    subject_steps,
)
from services.trials.domain.adoption_subject import adopt_subject
from services.trials.domain.misplaced import placed
from services.trials.domain.subject_days import to_come, without_days_to_come
from services.trials.domain.subject_enrolment import correct, enrol
from services.trials.domain.subject_state import Events, Subject, evolve, wake_at
from services.trials.domain.withdrawal import withdraw
from services.trials.projections.consent_guards import SiteConsents
from shared.contracts.message import Facts, Refusal, Wake

__all__ = ["Subject", "SubjectCommand", "decide", "evolve", "wake_at"]

SubjectCommand = (
    AdoptSubject
    | IdentifyCandidate
    | RecordConsent
    | StartScreening
    | DecideEligibility
    | ChangeSubjectStatus
    | EnrolSubject
    | CorrectEnrolment
    | RandomiseSubject
    | DoseSubject
    | RecordDose
    | RecordSubjectHistory
    | RecordVisit
    | RequireReconsent
    | DeclineReconsent
    | WaiveReconsent
    | WithdrawSubject
    | ReportDeath
)


def decide(subject: Subject, command: SubjectCommand | Wake, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    if isinstance(command, Wake):
        return reconsent.overdue(subject, now)
    if refusal := to_come(subject, command, now):
        return refusal
    subject = without_days_to_come(subject, now)
    return placed(subject, command, facts, now, lambda known: _decided(subject, command, known, now))


def _decided(subject: Subject, command: SubjectCommand, facts: Facts, now: datetime) -> Events | Refusal:
    match command:
        case AdoptSubject():
            return adopt_subject(subject, command, facts, now)
        case IdentifyCandidate():
            return subject_steps.identify(subject, command)
        case RecordConsent():
            return consent.signed(subject, command, facts, now)
        case StartScreening():
            return screening.screen(subject, command, facts)
        case DecideEligibility():
            return screening.decide_eligibility(subject, command, facts)
        case ChangeSubjectStatus():
            return subject_steps.change_status(subject, command, facts)
        case EnrolSubject():
            return enrol(subject, command, facts, now)
        case CorrectEnrolment():
            return correct(subject, command, facts, now)
        case RandomiseSubject() | DoseSubject():
            return dosing.treat(subject, command, facts)
        case RecordDose():
            return dosing.given(subject, command, facts, now)
        case RecordSubjectHistory():
            return subject_history.told(subject, command, now)
        case RecordVisit():
            return subject_steps.visited(subject, command, facts, now)
        case RequireReconsent():
            return reconsent.require(subject, command, facts.get(SiteConsents, command.site_id))
        case DeclineReconsent():
            return reconsent.declined(subject, command)
        case WaiveReconsent():
            return reconsent.waived(subject, command)
        case WithdrawSubject():
            return withdraw(subject, command)
        case ReportDeath():
            return subject_steps.died(subject, command)
        case _:
            assert_never(command)
