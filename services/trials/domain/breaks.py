"""Which rules an enrolment breaks, judged on the day it happened and not on the day it is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.trials.commands.subject import CorrectEnrolment, EnrolSubject
from services.trials.domain.permissions import forbidding, holds_on
from services.trials.projections.guards import SiteGuard, SubjectGuard, TrialCount, TrialGuard
from shared.contracts.message import Facts


@dataclass(frozen=True)
class Breaks:
    """The codes of the rules broken and the holds that stood against it."""

    rules: tuple[str, ...] = ()
    holds: tuple[UUID, ...] = ()


def enrolment_breaks(command: EnrolSubject | CorrectEnrolment, facts: Facts, now: datetime) -> Breaks:
    """What stood against an enrolment on its day; targets count only when it is first told."""
    trial = facts.get(TrialGuard, command.trial_id)
    site = facts.get(SiteGuard, command.site_id)
    day = command.enrolled_on
    holds = forbidding(holds_on(trial, site, facts.get(SubjectGuard, command.subject_id)), "enrol", day)
    activated = site is not None and site.activated_on is not None and site.activated_on <= day
    closed_on = site.enrolment_closed_on if site else None
    # An approved trial becomes active by its first activated site, a moment later.
    recruiting = trial is not None and (
        trial.status == "active" or (trial.status == "approved" and activated)
    )
    found = {
        "trial.not_active": not recruiting,
        "site.not_active": not activated,
        "site.enrolment_closed": closed_on is not None and closed_on <= day,
        "enrolment.under_hold": bool(holds),
        # No place on earth is more than 14 hours ahead of UTC.
        "enrolment.in_future": day > (now + timedelta(hours=14)).date(),
        **_targets(command, trial, site, facts.get(TrialCount, command.trial_id)),
    }
    return Breaks(tuple(rule for rule, broken in found.items() if broken), tuple(h.hold_id for h in holds))


def _targets(
    command: EnrolSubject | CorrectEnrolment,
    trial: TrialGuard | None,
    site: SiteGuard | None,
    count: TrialCount | None,
) -> dict[str, bool]:
    if isinstance(command, CorrectEnrolment):
        return {}
    return {
        "trial.target_exceeded": bool(
            trial and count and trial.target is not None and count.enrolled >= trial.target
        ),
        "site.target_exceeded": bool(site and site.target is not None and site.enrolled >= site.target),
    }
