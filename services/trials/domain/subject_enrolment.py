"""The enrolment of a subject: kept as it is told, marked with what stood against it, and corrected."""

from datetime import datetime

from services.trials.commands.subject import CorrectEnrolment, EnrolSubject
from services.trials.domain import consent, subject_steps
from services.trials.domain.breaks import Breaks, deviation, enrolment_breaks
from services.trials.domain.subject_state import Events, Subject, evolve
from services.trials.projections.consent_guards import SiteConsents
from services.trials.rules.subjects import UNSAID
from shared.contracts.message import Facts
from shared.contracts.trials.deviation import DeviationAnnulled
from shared.contracts.trials.subject import SubjectEnrolled, SubjectEnrolmentCorrected

UNTOLD = "enrolment.not_told"


def enrol(subject: Subject, command: EnrolSubject, facts: Facts, now: datetime) -> Events:
    """The first word on an enrolment; another one that differs is a deviation and changes nothing."""
    day = command.enrolled_on
    if subject.enrolled_on is None:
        return _first(subject, command, facts, now)
    if (subject.code, subject.enrolled_on) == (command.subject_code, day):
        return []
    # A second, differing report corrects nothing: a person has to say which one is true.
    contradicted = Breaks(("enrolment.contradicted",))
    return deviation(subject, command, "contradiction", contradicted, day, f"{command.subject_code}|{day}")


def correct(subject: Subject, command: CorrectEnrolment, facts: Facts, now: datetime) -> Events:
    """The enrolment as corrected; of one that was not told here it is the first word, and a deviation."""
    day, known = command.enrolled_on, facts.get(SiteConsents, command.site_id)
    if subject.enrolled_on is None:
        untold = Breaks((UNTOLD,))
        first = _first(subject, command, facts, now, (UNTOLD,))
        return [*first, *deviation(subject, command, "correction", untold, day)]
    if (subject.code, subject.enrolled_on) == (command.subject_code, day):
        return []
    found = enrolment_breaks(subject, command, facts, now)
    lacks = consent.lacking_on(subject, known, day)
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


def _first(
    subject: Subject,
    command: EnrolSubject | CorrectEnrolment,
    facts: Facts,
    now: datetime,
    more: tuple[str, ...] = (),
) -> Events:
    day, known = command.enrolled_on, facts.get(SiteConsents, command.site_id)
    found = enrolment_breaks(subject, command, facts, now)
    lacks = consent.lacking_on(subject, known, day)
    told = command.model_dump(exclude={"corrects", "reason"})
    enrolled = SubjectEnrolled(**told, breaks=(*found.rules, *lacks, *more))
    return [
        enrolled,
        *_stands(subject, command, enrolled),
        *deviation(subject, command, "enrolment", found, day),
        *consent.missing(evolve(subject, enrolled), command, known),
    ]


def _stands(subject: Subject, command: EnrolSubject | CorrectEnrolment, enrolled: SubjectEnrolled) -> Events:
    """On study; or off it, where the subject had withdrawn or died before anybody told of the enrolment."""
    day = enrolled.enrolled_on
    if subject.status != "withdrawn":
        return subject_steps.moved(subject, command, enrolled, day)
    why = "death" if subject.died_on else subject.withdrawn_for or UNSAID
    return subject_steps.moved(subject, command, enrolled, max(day, subject.moved_on or day), why)
