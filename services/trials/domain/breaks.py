"""Which rules a report breaks, judged on the day it happened and not on the day it is told."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID, uuid5

from services.trials.commands.subject import CorrectEnrolment, EnrolSubject
from services.trials.domain.broken import in_future, rules_of
from services.trials.domain.permissions import forbidding, holds_on
from services.trials.domain.subject_state import Events, Subject
from services.trials.projections.enrolment_guards import EnrolmentTargets
from services.trials.projections.guards import SiteGuard, SubjectGuard, TrialCount, TrialGuard
from services.trials.projections.protocol_guards import SiteProtocol, TrialProtocol
from services.trials.rules import NAMESPACE
from services.trials.rules.subjects import ENDED, REGISTERED, TRANSITIONS
from shared.contracts.message import Facts
from shared.contracts.trials.deviation import DeviationReported


class About(Protocol):
    """What names a subject: its commands and its events."""

    @property
    def trial_id(self) -> UUID: ...
    @property
    def site_id(self) -> UUID: ...
    @property
    def subject_id(self) -> UUID: ...


@dataclass(frozen=True)
class Breaks:
    """The codes of the rules broken and the holds that stood against it."""

    rules: tuple[str, ...] = ()
    holds: tuple[UUID, ...] = ()


def broken(found: dict[str, bool], holds: tuple[UUID, ...] = ()) -> Breaks:
    """The rules that are true of a report, in the order in which they are asked."""
    return Breaks(rules_of(found), holds)


def enrolment_breaks(
    subject: Subject, command: EnrolSubject | CorrectEnrolment, facts: Facts, now: datetime
) -> Breaks:
    """What stood against an enrolment on its day; targets count only when it is first told."""
    trial = facts.get(TrialGuard, command.trial_id)
    site = facts.get(SiteGuard, command.site_id)
    day = command.enrolled_on
    holds = forbidding(holds_on(trial, site, facts.get(SubjectGuard, command.subject_id)), "enrol", day)
    activated = site is not None and site.activated_on is not None and site.activated_on <= day
    closed_on = site.enrolment_closed_on if site else None
    found = {
        "trial.not_active": trial is None or not _recruiting(trial, day, activated),
        "site.not_active": not activated,
        "site.enrolment_closed": closed_on is not None and closed_on <= day,
        "subject.not_eligible": _not_eligible(subject),
        "subject.died": subject.died_on is not None and subject.died_on < day,
        "enrolment.under_hold": bool(holds),
        "enrolment.in_future": in_future(day, now),
        "protocol.not_in_force": _no_protocol(command, facts),
        **_targets(command, facts),
    }
    return broken(found, tuple(h.hold_id for h in holds))


def _recruiting(trial: TrialGuard, day: date, activated: bool) -> bool:
    """Whether the trial took subjects on that day.

    A beginning is often told late, and the site's activation has a day of its own: a day before the trial was
    told active counts as that day. An approved trial becomes active by its first activated site, soon after.
    """
    begun = next((one.since for one in trial.statuses if one.status == "active"), None)
    if begun is None:
        return trial.status == "active" or (trial.status == "approved" and activated)
    judged = max(day, begun)
    return trial.had("active", judged)


def _not_eligible(subject: Subject) -> bool:
    """Of whom nobody has told a status before, nobody knows; a registered one has been judged."""
    if subject.status is None or subject.status in REGISTERED:
        return False
    return "on-study" not in TRANSITIONS[subject.status]


def _no_protocol(command: EnrolSubject | CorrectEnrolment, facts: Facts) -> bool:
    """Whether versions are recorded for the trial and none was in force at the site; else nobody can tell."""
    protocol = facts.get(TrialProtocol, command.trial_id)
    site = facts.get(SiteProtocol, command.site_id)
    return bool(protocol and protocol.versions) and (site is None or site.on(command.enrolled_on) is None)


def _targets(command: EnrolSubject | CorrectEnrolment, facts: Facts) -> dict[str, bool]:
    """The targets that were reached before: those stated, else those of the plan and of the selection."""
    known = facts.get(EnrolmentTargets, command.trial_id)
    if isinstance(command, CorrectEnrolment) or known is None:
        return {}
    targets = {(one.level, one.scope): one.target for one in known.all()}
    count, site = facts.get(TrialCount, command.trial_id), facts.get(SiteGuard, command.site_id)
    of_trial, of_site = targets.get(("trial", "")), targets.get(("site", str(command.site_id)))
    return {
        "trial.target_exceeded": of_trial is not None and count is not None and count.enrolled >= of_trial,
        "site.target_exceeded": of_site is not None and site is not None and site.enrolled >= of_site,
    }


def deviation(
    subject: Subject, about: About, category: str, found: Breaks, on: date, mark: str = ""
) -> Events:
    """The deviation of what a report broke, once; none where it broke nothing."""
    if not found.rules:
        return []
    name = f"deviation|{about.subject_id}|{category}|{mark or len(subject.reported)}"
    deviation_id = uuid5(NAMESPACE, name)
    if deviation_id in subject.reported:
        return []
    return [
        DeviationReported(
            deviation_id=deviation_id,
            trial_id=about.trial_id,
            site_id=about.site_id,
            subject_id=about.subject_id,
            category=category,
            rules=found.rules,
            holds=found.holds,
            occurred_on=on,
        )
    ]


def left_before(subject: Subject, day: date) -> bool:
    """Whether the subject had gone for good before that day."""
    return subject.status in ENDED and subject.moved_on is not None and day > subject.moved_on
