"""The subject: enrolment is reported, randomisation and dosing are asked for, withdrawal is reported."""

from datetime import date, datetime
from typing import assert_never
from uuid import uuid5

from services.trials.commands.subject import (
    CorrectEnrolment,
    DoseSubject,
    EnrolSubject,
    RandomiseSubject,
    WithdrawSubject,
)
from services.trials.domain.breaks import Breaks, enrolment_breaks
from services.trials.domain.permissions import holds_on, refusal_under
from services.trials.domain.subject_state import Events, Subject, evolve
from services.trials.projections.guards import SiteGuard, SubjectGuard, TrialGuard
from services.trials.rules import NAMESPACE
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.hold import Effect
from shared.contracts.trials.subject import (
    SubjectDosingReleased,
    SubjectEnrolled,
    SubjectEnrolmentCorrected,
    SubjectRandomised,
    SubjectWithdrawn,
)

__all__ = ["Subject", "SubjectCommand", "decide", "evolve"]

SubjectCommand = EnrolSubject | CorrectEnrolment | RandomiseSubject | DoseSubject | WithdrawSubject


def decide(subject: Subject, command: SubjectCommand | Wake, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case EnrolSubject():
            return _enrol(subject, command, facts, now)
        case CorrectEnrolment():
            return _correct(subject, command, facts, now)
        case RandomiseSubject():
            if subject.randomised_on:
                return []
            ids = {"trial_id": command.trial_id, "site_id": command.site_id, "subject_id": command.subject_id}
            return _refusal(subject, command, facts, "randomise") or [
                SubjectRandomised(**ids, randomised_on=command.randomised_on)
            ]
        case DoseSubject():
            if command.dose_on in subject.doses:
                return []
            ids = {"trial_id": command.trial_id, "site_id": command.site_id, "subject_id": command.subject_id}
            return _refusal(subject, command, facts, "dose") or [
                SubjectDosingReleased(**ids, dose_on=command.dose_on)
            ]
        case WithdrawSubject():
            return _withdraw(subject, command)
        case Wake():
            return []
        case _:
            assert_never(command)


def _enrol(subject: Subject, command: EnrolSubject, facts: Facts, now: datetime) -> Events:
    found = enrolment_breaks(command, facts, now)
    if subject.enrolled_on is None:
        enrolled = SubjectEnrolled(**command.model_dump(), breaks=found.rules)
        return [enrolled, *_deviation(subject, command, "enrolment", found, command.enrolled_on)]
    if (subject.code, subject.enrolled_on) == (command.subject_code, command.enrolled_on):
        return []
    # A second, differing report corrects nothing: a person has to say which one is true.
    contradicted = Breaks(("enrolment.contradicted",))
    said = f"{command.subject_code}|{command.enrolled_on}"
    return _deviation(subject, command, "contradiction", contradicted, command.enrolled_on, said)


def _correct(subject: Subject, command: CorrectEnrolment, facts: Facts, now: datetime) -> Events:
    if (subject.code, subject.enrolled_on) == (command.subject_code, command.enrolled_on):
        return []
    found = enrolment_breaks(command, facts, now)
    told = command.model_dump() | {"former_on": subject.enrolled_on}
    events: Events = [SubjectEnrolmentCorrected(**told, breaks=found.rules)]
    if subject.deviation and not found.rules:
        trial_id = command.trial_id
        annulled = DeviationAnnulled(
            deviation_id=subject.deviation,
            trial_id=trial_id,
            site_id=command.site_id,
            reason="enrolment.corrected",
        )
        events.append(annulled)
    if not subject.deviation:
        events += _deviation(subject, command, "enrolment", found, command.enrolled_on)
    return events


def _refusal(
    subject: Subject, command: RandomiseSubject | DoseSubject, facts: Facts, effect: Effect
) -> Refusal | None:
    trial = facts.get(TrialGuard, command.trial_id)
    site = facts.get(SiteGuard, command.site_id)
    if refusal := refusal_under(holds_on(trial, site, facts.get(SubjectGuard, command.subject_id)), effect):
        return refusal
    if subject.enrolled_on is None:
        return Refusal("subject.not_enrolled", "the subject is not enrolled", None, "subject_id")
    if "intervention" in subject.withdrawn:
        return Refusal("subject.withdrawn", "the subject withdrew from the intervention", "withdrawn")
    # A suspension follows its holds a moment later: they were asked above, not it.
    if site is None or site.activated_on is None:
        return Refusal("site.not_active", "the site is not active", site.status if site else None)
    return None


def _withdraw(subject: Subject, command: WithdrawSubject) -> Events:
    if subject.withdrawn >= set(command.scopes):
        return []
    found = Breaks(() if subject.enrolled_on else ("subject.not_enrolled",))
    withdrawn = SubjectWithdrawn(**command.model_dump(), breaks=found.rules)
    return [withdrawn, *_deviation(subject, command, "withdrawal", found, command.withdrawn_on)]


def _deviation(
    subject: Subject, command: SubjectCommand, category: str, found: Breaks, on: date, mark: str = ""
) -> Events:
    if not found.rules:
        return []
    name = f"deviation|{command.subject_id}|{category}|{mark or len(subject.reported)}"
    deviation_id = uuid5(NAMESPACE, name)
    if deviation_id in subject.reported:
        return []
    return [
        DeviationReported(
            deviation_id=deviation_id,
            trial_id=command.trial_id,
            site_id=command.site_id,
            subject_id=command.subject_id,
            category=category,
            rules=found.rules,
            holds=found.holds,
            occurred_on=on,
        )
    ]
