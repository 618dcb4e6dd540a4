"""The first active site makes its trial active, the first subject its site enrolling."""

from typing import Any

from services.trials.commands.site import ReviewSite
from services.trials.commands.trial import ChangeTrialStatus
from services.trials.projections.guards import SiteGuard, TrialGuard
from services.trials.rules.other_trial import misplaced
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.site import SiteActivated
from shared.contracts.trials.subject import SubjectEnrolled

EVENTS = (SiteActivated, SubjectEnrolled)


def needs(message: Recorded[Any]) -> tuple[Need, ...]:
    match message.data:
        case SiteActivated(trial_id=trial_id):
            return (Need(TrialGuard, (trial_id,)),)
        case SubjectEnrolled(site_id=site_id) as event if not misplaced(event):
            return (Need(SiteGuard, (site_id,)),)
        case _:
            return ()


def react(message: Recorded[Any], facts: Facts) -> list[Command]:
    match message.data:
        case SiteActivated(trial_id=trial_id):
            trial = facts.get(TrialGuard, trial_id)
            first = trial is not None and trial.status == "approved"
            return [ChangeTrialStatus(trial_id=trial_id, status="active")] if first else []
        case SubjectEnrolled(trial_id=trial_id, site_id=site_id) as event if not misplaced(event):
            site = facts.get(SiteGuard, site_id)
            first = site is not None and site.status in ("activated", "suspended")
            return [ReviewSite(trial_id=trial_id, site_id=site_id)] if first else []
        case _:
            return []
