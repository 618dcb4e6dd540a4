"""A hold or a status reaches its trial and sites; an annulled hold takes along what rests on it."""

from services.trials.commands.deviation import AnnulDeviation
from services.trials.commands.site import ReviewSite
from services.trials.commands.trial import ReviewTrial
from services.trials.domain.permissions import closed_by
from services.trials.projections.guards import TrialSites
from services.trials.projections.hold_deviations import HoldDeviations
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.hold import HoldAnnulled, HoldApplied, HoldLifted
from shared.contracts.trials.trial import TrialStatusChanged

Taken = HoldAnnulled | HoldApplied | HoldLifted | TrialStatusChanged


def needs(message: Recorded[Taken]) -> tuple[Need, ...]:
    event = message.data
    if isinstance(event, TrialStatusChanged):
        return ()
    sites = (Need(TrialSites, (event.trial_id,)),) if event.scope_kind in ("trial", "arm") else ()
    return (*sites, Need(HoldDeviations, (event.hold_id,))) if isinstance(event, HoldAnnulled) else sites


def react(message: Recorded[Taken], facts: Facts) -> list[Command]:
    """Whatever the hold covers looks again at what may be done."""
    event = message.data
    if isinstance(event, TrialStatusChanged):
        changed = closed_by(event.before) != closed_by(event.after)
        return [ReviewTrial(trial_id=event.trial_id)] if changed else []
    gone = _annulments(event, facts) if isinstance(event, HoldAnnulled) else []
    return [*_reviews(event, facts), *gone]


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


def _annulments(event: HoldAnnulled, facts: Facts) -> list[Command]:
    """Each deviation that rests on the hold; it stands while another hold that it names does."""
    resting = facts.get(HoldDeviations, event.hold_id)
    return [
        AnnulDeviation(deviation_id=deviation, trial_id=event.trial_id, reason="hold.annulled", holds=holds)
        for deviation, holds in (resting.deviations if resting else {}).items()
    ]
