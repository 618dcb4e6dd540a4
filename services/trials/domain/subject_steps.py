"""The way of a subject: known, seen at visits, treated, gone; each step is a status told."""

from datetime import date, datetime
from typing import Any

from services.trials.commands.subject import DoseSubject, OfSubject, RandomiseSubject
from services.trials.commands.subject_steps import (
    ChangeSubjectStatus,
    IdentifyCandidate,
    RecordVisit,
    ReportDeath,
)
from services.trials.domain.breaks import broken, deviation, left_before
from services.trials.domain.broken import in_future
from services.trials.domain.consent import lacking_on, missing
from services.trials.domain.permissions import (
    forbidding,
    holds_on,
    refusal_by_status,
    refusal_under,
)
from services.trials.domain.subject_state import Events, Subject, evolve
from services.trials.projections.consent_guards import SiteConsents
from services.trials.projections.guards import SiteGuard, SubjectGuard, TrialGuard
from services.trials.rules.subjects import ENDED, TRANSITIONS, status_after
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.hold import Effect
from shared.contracts.trials.subject import (
    SubjectDied,
    SubjectStatus,
    SubjectStatusChanged,
    SubjectVisitDone,
)

OPEN_SITE = ("activated", "enrolling")


def moved(subject: Subject, command: OfSubject, event: Any, on: date, reason: str | None = None) -> Events:
    """The status that an event leads to, told as a step where it is another one."""
    after = status_after(subject.status, event)
    return [] if after is None or after == subject.status else [step(subject, command, after, on, reason)]


def step(
    subject: Subject,
    command: OfSubject,
    after: SubjectStatus,
    on: date,
    reason: str | None = None,
    code: str | None = None,
) -> SubjectStatusChanged:
    return SubjectStatusChanged(
        trial_id=command.trial_id,
        site_id=command.site_id,
        subject_id=command.subject_id,
        before=subject.status,
        after=after,
        reason=reason,
        changed_on=on,
        subject_code=code,
    )


def refused(subject: Subject, after: SubjectStatus, on: date) -> Refusal | None:
    """Why nobody goes from where the subject stands to that status on that day."""
    if subject.status is None:
        return Refusal("subject.unknown", "there is no subject with this id", None, "subject_id")
    if after not in TRANSITIONS[subject.status]:
        detail = f"a subject who is {subject.status} does not become {after}"
        return Refusal("subject.transition", detail, subject.status, "status")
    return too_early(subject, on)


def too_early(subject: Subject, on: date) -> Refusal | None:
    """A step does not come before the one that it follows."""
    if subject.moved_on is None or on >= subject.moved_on:
        return None
    detail = f"the subject has been {subject.status} since {subject.moved_on} only"
    return Refusal("subject.date_before_cause", detail, subject.status)


def forbidden(command: OfSubject, facts: Facts, effect: Effect) -> Refusal | None:
    """What forbids the effect now: holds on trial, site and subject, else the status of trial or site."""
    trial, site = facts.get(TrialGuard, command.trial_id), facts.get(SiteGuard, command.site_id)
    holds = holds_on(trial, site, facts.get(SubjectGuard, command.subject_id))
    return refusal_under(holds, effect) or refusal_by_status(trial, site, effect)


def identify(subject: Subject, command: IdentifyCandidate) -> Events:
    if subject.status is not None:
        return []
    return [step(subject, command, "potential-candidate", command.identified_on, code=command.subject_code)]


def change_status(subject: Subject, command: ChangeSubjectStatus, facts: Facts) -> Events | Refusal:
    """The steps that no other act makes; whoever leaves does so for a reason."""
    if subject.status == command.status:
        return []
    if refusal := refused(subject, command.status, command.changed_on):
        return refusal
    if command.status in ENDED and not command.reason:
        return Refusal(
            "subject.reason_required", f"{command.status} needs a reason", subject.status, "reason"
        )
    if command.status == "pending-on-study":
        site = facts.get(SiteGuard, command.site_id)
        if refusal := forbidden(command, facts, "enrol"):
            return refusal
        if site is None or site.status not in OPEN_SITE:
            return Refusal("site.not_active", "the site is not active", site.status if site else None)
    return [step(subject, command, command.status, command.changed_on, command.reason)]


def visited(subject: Subject, command: RecordVisit, facts: Facts, now: datetime) -> Events:
    """A visit as it took place, marked with what stood against it on its day."""
    day = command.done_on
    if (command.visit, day) in subject.visits:
        return []
    trial, site = facts.get(TrialGuard, command.trial_id), facts.get(SiteGuard, command.site_id)
    guard = facts.get(SubjectGuard, command.subject_id)
    holds = forbidding(holds_on(trial, site, guard), "procedures", day)
    known = facts.get(SiteConsents, command.site_id)
    found = broken(
        {
            "visit.under_hold": bool(holds),
            "reconsent.blocked": subject.blocked(day),
            "subject.left": left_before(subject, day),
            "visit.in_future": in_future(day, now),
        },
        tuple(hold.hold_id for hold in holds),
    )
    told = SubjectVisitDone(**command.model_dump(), breaks=(*lacking_on(subject, known, day), *found.rules))
    raised = deviation(subject, command, "visit", found, day, f"{command.visit}|{day}")
    return [told, *raised, *missing(evolve(subject, told), command, known)]


def died(subject: Subject, command: ReportDeath) -> Events:
    """Whoever dies has left; another day told later takes the place of the first."""
    if subject.died_on == command.died_on:
        return []
    told = SubjectDied(**command.model_dump())
    return [told, *moved(subject, command, told, command.died_on, "death")]


def not_treated(
    subject: Subject, command: RandomiseSubject | DoseSubject, facts: Facts, effect: Effect, on: date
) -> Refusal | None:
    """Why a subject is not randomised or given a dose on that day."""
    if refusal := forbidden(command, facts, effect):
        return refusal
    if subject.enrolled_on is None:
        return Refusal("subject.not_enrolled", "the subject is not enrolled", subject.status, "subject_id")
    if "intervention" in subject.withdrawn:
        return Refusal("subject.withdrawn", "the subject withdrew from the intervention", "withdrawn")
    # A suspension follows its holds a moment later: they were asked above, not it.
    site = facts.get(SiteGuard, command.site_id)
    if site is None or site.activated_on is None:
        return Refusal("site.not_active", "the site is not active", site.status if site else None)
    if subject.status != "on-study-intervention" and (
        refusal := refused(subject, "on-study-intervention", on)
    ):
        return refusal
    if subject.blocked(on):
        return Refusal("reconsent.blocked", "the new consent is overdue or was declined", subject.status)
    return None
