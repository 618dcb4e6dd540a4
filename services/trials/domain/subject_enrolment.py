"""The enrolment of a subject: kept as it is told, marked with what stood against it, and corrected."""

from datetime import datetime

from services.trials.commands.subject import CorrectEnrolment, EnrolSubject
from services.trials.domain import consent, subject_steps
from services.trials.domain.breaks import Breaks, deviation, enrolment_breaks
from services.trials.domain.subject_state import Events, Subject, evolve
from services.trials.projections.consent_guards import SiteConsents
from shared.contracts.message import Facts
from shared.contracts.trials.deviation import DeviationAnnulled
from shared.contracts.trials.subject import SubjectEnrolled, SubjectEnrolmentCorrected


def enrol(subject: Subject, command: EnrolSubject, facts: Facts, now: datetime) -> Events:
    day, known = command.enrolled_on, facts.get(SiteConsents, command.site_id)
    if subject.enrolled_on is None:
        found = enrolment_breaks(subject, command, facts, now)
        lacks = ("consent.missing",) if consent.missing_on(subject, known, day) else ()
        enrolled = SubjectEnrolled(**command.model_dump(), breaks=(*found.rules, *lacks))
        return [
            enrolled,
            *subject_steps.moved(subject, command, enrolled, day),
            *deviation(subject, command, "enrolment", found, day),
            *consent.missing(evolve(subject, enrolled), command, known),
        ]
    if (subject.code, subject.enrolled_on) == (command.subject_code, day):
        return []
    # A second, differing report corrects nothing: a person has to say which one is true.
    contradicted = Breaks(("enrolment.contradicted",))
    return deviation(subject, command, "contradiction", contradicted, day, f"{command.subject_code}|{day}")


def correct(subject: Subject, command: CorrectEnrolment, facts: Facts, now: datetime) -> Events:
    day, known = command.enrolled_on, facts.get(SiteConsents, command.site_id)
    if (subject.code, subject.enrolled_on) == (command.subject_code, day):
        return []
    found = enrolment_breaks(subject, command, facts, now)
    lacks = ("consent.missing",) if consent.missing_on(subject, known, day) else ()
    told = command.model_dump() | {"former_on": subject.enrolled_on, "breaks": (*found.rules, *lacks)}
    corrected = SubjectEnrolmentCorrected(**told)
    events: Events = [corrected, *subject_steps.moved(subject, command, corrected, day)]
    if subject.deviation and not found.rules:
        annulled = DeviationAnnulled(
            deviation_id=subject.deviation,
            trial_id=command.trial_id,
            site_id=command.site_id,
            reason="enrolment.corrected",
        )
        events.append(annulled)
    if not subject.deviation:
        events += deviation(subject, command, "enrolment", found, day)
    return events + consent.missing(evolve(subject, corrected), command, known)
