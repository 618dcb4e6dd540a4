"""A hold reaches its trial and the trial's sites."""

from services.trials.commands.site import ReviewSite
from services.trials.commands.trial import ReviewTrial
from services.trials.projections.guards import TrialSites
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.hold import HoldAnnulled, HoldApplied, HoldLifted

Taken = HoldAnnulled | HoldApplied | HoldLifted


def needs(message: Recorded[Taken]) -> tuple[Need, ...]:
    event = message.data
    return (Need(TrialSites, (event.trial_id,)),) if event.scope_kind in ("trial", "arm") else ()


def react(message: Recorded[Taken], facts: Facts) -> list[Command]:
    """Whatever the hold covers looks again at what may be done."""
    event, trial_id = message.data, message.data.trial_id
    if event.scope_kind == "subject":
        return []
    if event.scope_kind == "site":
        return [ReviewSite(trial_id=trial_id, site_id=event.scope_id)]
    sites = facts.get(TrialSites, trial_id)
    reached = sites.countries if sites else ()
    return [
        ReviewTrial(trial_id=trial_id),
        *(ReviewSite(trial_id=trial_id, site_id=site_id) for site_id in reached),
    ]
