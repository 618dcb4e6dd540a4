"""The first active site makes its trial active, the first consent its site enrolling."""

from services.trials.commands.site import ReviewSite
from services.trials.commands.trial import ChangeTrialStatus
from services.trials.projections.guards import SiteGuard, TrialGuard
from services.trials.rules.other_trial import misplaced
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.consent import SubjectConsented
from shared.contracts.trials.site import SiteActivated
from shared.contracts.trials.subject import SubjectEnrolled

Taken = SiteActivated | SubjectConsented | SubjectEnrolled


def needs(message: Recorded[Taken]) -> tuple[Need, ...]:
    if isinstance(message.data, SiteActivated):
        return (Need(TrialGuard, (message.data.trial_id,)),)
    return () if misplaced(message.data) else (Need(SiteGuard, (message.data.site_id,)),)


def react(message: Recorded[Taken], facts: Facts) -> list[Command]:
    trial_id, site_id = message.data.trial_id, message.data.site_id
    if isinstance(message.data, SiteActivated):
        trial = facts.get(TrialGuard, trial_id)
        first = trial is not None and trial.status == "approved"
        return [ChangeTrialStatus(trial_id=trial_id, status="active")] if first else []
    # Where nobody told of the consent, the enrolment says that there was one.
    site = facts.get(SiteGuard, site_id)
    first = site is not None and site.status in ("activated", "suspended") and not misplaced(message.data)
    return [ReviewSite(trial_id=trial_id, site_id=site_id)] if first else []
