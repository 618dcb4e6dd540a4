"""A subject taken over in mid-life: its consent, enrolment and randomisation, and the status it has."""

from datetime import date, datetime
from itertools import pairwise

from services.trials.commands.adoption import AdoptSubject
from services.trials.domain.broken import in_future
from services.trials.domain.subject_state import Events, Subject, evolve
from services.trials.domain.subject_steps import moved, step
from services.trials.projections.guards import SiteGuard
from services.trials.rules.subjects import REGISTERED
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.consent import SubjectConsented
from shared.contracts.trials.subject import SubjectEnrolled, SubjectRandomised

# A day comes before none of those that stand before it here.
_ORDER = ("consented_on", "enrolled_on", "randomised_on", "status_since")


def adopt_subject(subject: Subject, command: AdoptSubject, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a takeover; a subject that was taken over before, and has gone on since, has none."""
    if subject.status is not None:
        known = (subject.code, subject.enrolled_on) == (command.subject_code, command.enrolled_on)
        known = known and command.randomised_on in (None, subject.randomised_on)
        return (
            []
            if known
            else Refusal("subject.already_known", "the subject is known otherwise", subject.status)
        )
    site = facts.get(SiteGuard, command.site_id)
    if site is None or site.trial_id != command.trial_id:
        return Refusal("site.unknown", "the trial has no site with this id", None, "site_id")
    if refusal := _days(command, site, now):
        return refusal
    events: Events = []
    if command.consent_version and command.consent_language and command.consented_on:
        events.append(
            SubjectConsented(
                trial_id=command.trial_id,
                site_id=command.site_id,
                subject_id=command.subject_id,
                version=command.consent_version,
                language=command.consent_language,
                signed_on=command.consented_on,
            )
        )
    for event in events:
        subject = evolve(subject, event)
    return [*events, *_way(subject, command)]


def _way(subject: Subject, command: AdoptSubject) -> Events:
    """Enrolment and randomisation where they took place, then the step to where the subject stands."""
    told: list[tuple[SubjectEnrolled | SubjectRandomised, date]] = []
    if command.enrolled_on:
        enrolled = SubjectEnrolled(
            trial_id=command.trial_id,
            site_id=command.site_id,
            subject_id=command.subject_id,
            subject_code=command.subject_code,
            enrolled_on=command.enrolled_on,
            identifiers=command.identifiers,
            adopted_from=command.document_ref,
        )
        told.append((enrolled, command.enrolled_on))
    if command.randomised_on:
        day = command.randomised_on
        ids = command.model_dump(include={"trial_id", "site_id", "subject_id"})
        told.append((SubjectRandomised(**ids, randomised_on=day), day))
    events: Events = []
    for event, day in told:
        steps = [event, *moved(subject, command, event, day)]
        for one in steps:
            subject = evolve(subject, one)
        events += steps
    if subject.status != command.status:
        last = step(
            subject, command, command.status, command.status_since, command.reason, command.subject_code
        )
        events.append(last.model_copy(update={"adopted_from": command.document_ref}))
    return events


def _days(command: AdoptSubject, site: SiteGuard, now: datetime) -> Refusal | None:
    known = [(name, day) for name in _ORDER if (day := getattr(command, name)) is not None]
    for (earlier, before), (name, day) in pairwise(known):
        if day < before:
            detail = f"{day} is before {earlier}, {before}"
            return Refusal("subject.date_before_cause", detail, command.status, name)
    late = next((name for name, day in known if in_future(day, now)), None)
    if late:
        return Refusal("subject.date_in_future", "that day has not come anywhere", command.status, late)
    if command.status in REGISTERED and site.activated_on is None:
        return Refusal("site.not_active", "nobody enrolled at a site that was never activated", site.status)
    return None
