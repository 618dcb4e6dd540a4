"""Randomisation and doses: asked for before, and the doses reported as they were given."""

from datetime import datetime

from services.trials.commands.subject import DoseSubject, RandomiseSubject
from services.trials.commands.subject_steps import RecordDose
from services.trials.domain.breaks import broken, deviation, left_before
from services.trials.domain.broken import in_future
from services.trials.domain.consent import lacking_on, missing
from services.trials.domain.permissions import forbidding, holds_on
from services.trials.domain.subject_state import Events, Subject, evolve
from services.trials.domain.subject_steps import moved, not_treated
from services.trials.projections.consent_guards import SiteConsents
from services.trials.projections.guards import SiteGuard, SubjectGuard, TrialGuard
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.subject import SubjectDosed, SubjectDosingReleased, SubjectRandomised


def given(subject: Subject, command: RecordDose, facts: Facts, now: datetime) -> Events:
    """A dose as it was given, marked with what stood against it on its first day."""
    day, last = command.dosed_on, command.until or command.dosed_on
    if (day, command.until) in subject.given:
        return []
    trial, site = facts.get(TrialGuard, command.trial_id), facts.get(SiteGuard, command.site_id)
    guard, known = facts.get(SubjectGuard, command.subject_id), facts.get(SiteConsents, command.site_id)
    holds = forbidding(holds_on(trial, site, guard), "dose", day)
    found = broken(
        {
            "subject.not_enrolled": subject.enrolled_on is None or day < subject.enrolled_on,
            "subject.withdrawn": "intervention" in subject.withdrawn,
            "site.not_active": site is None or site.activated_on is None or day < site.activated_on,
            "dose.under_hold": bool(holds),
            "reconsent.blocked": subject.blocked(day),
            "subject.left": left_before(subject, day),
            "dose.in_future": in_future(last, now),
        },
        tuple(hold.hold_id for hold in holds),
    )
    told = SubjectDosed(**command.model_dump(), breaks=(*lacking_on(subject, known, day), *found.rules))
    steps = moved(subject, command, told, day)
    raised = deviation(subject, command, "dose", found, day, f"{day}|{command.until}")
    return [told, *steps, *raised, *missing(evolve(subject, told), command, known)]


def treat(subject: Subject, command: RandomiseSubject | DoseSubject, facts: Facts) -> Events | Refusal:
    """The first randomisation or dose begins the intervention."""
    told: SubjectRandomised | SubjectDosingReleased
    ids = command.model_dump(include={"trial_id", "site_id", "subject_id"})
    if isinstance(command, RandomiseSubject):
        if subject.randomised_on:
            return []
        day, told = command.randomised_on, SubjectRandomised(**ids, randomised_on=command.randomised_on)
        refusal = not_treated(subject, command, facts, "randomise", day)
    else:
        if command.dose_on in subject.doses:
            return []
        day, told = command.dose_on, SubjectDosingReleased(**ids, dose_on=command.dose_on)
        refusal = not_treated(subject, command, facts, "dose", day)
    return refusal or [told, *moved(subject, command, told, day)]
