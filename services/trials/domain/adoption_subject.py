"""A subject taken over in mid-life: its consent, enrolment and randomisation, and the status it has."""

from datetime import date, datetime
from itertools import pairwise
from typing import Any

from services.trials.commands.adoption import AdoptSubject
from services.trials.domain.adopted import said
from services.trials.domain.broken import in_future
from services.trials.domain.subject_state import Events, Subject, evolve
from services.trials.domain.subject_steps import moved, step
from services.trials.projections.guards import SiteGuard
from services.trials.rules.subjects import REGISTERED, status_after
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.consent import SubjectConsented
from shared.contracts.trials.subject import SubjectEnrolled, SubjectRandomised

# A day comes before none of those that stand before it here.
_ORDER = ("consented_on", "enrolled_on", "randomised_on", "status_since")


def adopt_subject(subject: Subject, command: AdoptSubject, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a takeover; a subject that was taken over before, and has gone on since, has none."""
    events = _events(command)
    if subject.status is not None:
        if said(subject.adopted) == said(events):
            return []
        return Refusal("subject.already_known", "the subject is known otherwise", subject.status)
    site = facts.get(SiteGuard, command.site_id)
    if site is None or site.trial_id != command.trial_id:
        return Refusal("site.unknown", "the trial has no site with this id", None, "site_id")
    return _days(command, site, now) or events


def _events(command: AdoptSubject) -> Events:
    """Consent, enrolment and randomisation where they took place, then the step to where the subject stands.

    A status that one of these led to is told as of the day since which the line says it.
    """
    told = command.model_dump(include={"trial_id", "site_id", "subject_id"})
    told |= {"adopted_from": command.document_ref}
    subject, events = Subject(), Events()
    if command.consent_version and command.consent_language and command.consented_on:
        consented = SubjectConsented(
            **told,
            version=command.consent_version,
            language=command.consent_language,
            signed_on=command.consented_on,
        )
        subject, events = evolve(subject, consented), [consented]
    for event, day in (way := _way(command, told)):
        after, last = status_after(subject.status, event), event is way[-1][0]
        since = command.status_since if last and after == command.status else day
        steps = [event, *_marked(command, moved(subject, command, event, since))]
        for one in steps:
            subject = evolve(subject, one)
        events += steps
    if subject.status != command.status:
        reason, code = command.reason, command.subject_code
        last_step = step(subject, command, command.status, command.status_since, reason, code)
        events += _marked(command, [last_step])
    return events


def _way(
    command: AdoptSubject, told: dict[str, Any]
) -> list[tuple[SubjectEnrolled | SubjectRandomised, date]]:
    found: list[tuple[SubjectEnrolled | SubjectRandomised, date]] = []
    if day := command.enrolled_on:
        fields = command.model_dump(include={"subject_code", "enrolled_on"})
        found.append((SubjectEnrolled(**told, **fields, identifiers=command.identifiers), day))
    if day := command.randomised_on:
        found.append((SubjectRandomised(**told, randomised_on=day), day))
    return found


def _marked(command: AdoptSubject, steps: Events) -> Events:
    return [one.model_copy(update={"adopted_from": command.document_ref}) for one in steps]


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
