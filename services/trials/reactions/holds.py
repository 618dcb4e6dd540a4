"""A hold reaches its trial and the trial's sites; a status that forbids something else reaches the trial."""

from services.trials.commands.site import ReviewSite
from services.trials.commands.trial import ReviewTrial
from services.trials.domain.permissions import closed_by
from services.trials.projections.guards import TrialSites
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.hold import HoldAnnulled, HoldApplied, HoldLifted
from shared.contracts.trials.trial import TrialStatusChanged

Taken = HoldAnnulled | HoldApplied | HoldLifted | TrialStatusChanged


def needs(message: Recorded[Taken]) -> tuple[Need, ...]:
    match message.data:
        case HoldApplied() | HoldLifted() | HoldAnnulled() as event if event.scope_kind in ("trial", "arm"):
            return (Need(TrialSites, (event.trial_id,)),)
        case _:
            return ()


def react(message: Recorded[Taken], facts: Facts) -> list[Command]:
    """Whatever the hold covers looks again at what may be done."""
    match message.data:
        case HoldApplied() | HoldLifted() | HoldAnnulled() as event:
            return _reviews(event, facts)
        case event:
            changed = closed_by(event.before) != closed_by(event.after)
            return [ReviewTrial(trial_id=event.trial_id)] if changed else []


def _reviews(event: HoldApplied | HoldLifted | HoldAnnulled, facts: Facts) -> list[Command]:
    trial_id = event.trial_id
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
