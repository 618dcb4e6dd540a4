"""Reactions that cross this service's own streams: a hold reaches its sites, a lost gate becomes a hold."""

from typing import Any

from services.trials.commands import ChangeTrialStatus, ReviewSite, ReviewTrial
from services.trials.projections.guards import SiteGuard, TrialGuard, TrialSites
from services.trials.reactions.gates import authorised, found_gate, lost_gate
from services.trials.reactions.registry import pause, sites_of_registry
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials import (
    GateRevoked,
    GateSatisfied,
    HoldAnnulled,
    HoldApplied,
    HoldLifted,
    RegistryEntryChanged,
    RegistryEntryRecorded,
    RegistrySitesRecorded,
    SiteActivated,
    SiteSelected,
    SubjectEnrolled,
    TrialAuthorised,
)


def needs_of_own(message: Recorded[Any]) -> tuple[Need, ...]:
    match message.data:
        case HoldApplied() | HoldLifted() | HoldAnnulled() as event if event.scope_kind in ("trial", "arm"):
            return (Need(TrialSites, (event.trial_id,)),)
        case TrialAuthorised(trial_id=trial_id):
            return (Need(TrialSites, (trial_id,)),)
        case SiteSelected(trial_id=trial_id) | SiteActivated(trial_id=trial_id):
            return (Need(TrialGuard, (trial_id,)),)
        case GateSatisfied(site_id=site_id) | SubjectEnrolled(site_id=site_id):
            return (Need(SiteGuard, (site_id,)),)
        case _:
            return ()


def react_to_own(message: Recorded[Any], facts: Facts) -> list[Command]:
    """What an event of one stream makes of another."""
    match message.data:
        case RegistrySitesRecorded() as event:
            return sites_of_registry(event)
        case RegistryEntryRecorded() | RegistryEntryChanged() as event:
            return pause(event, message.id)
        case HoldApplied() | HoldLifted() | HoldAnnulled() as event:
            return _reviews(event, facts)
        case TrialAuthorised() as event:
            sites = facts.get(TrialSites, event.trial_id)
            chosen = sites.countries.items() if sites else ()
            return [
                authorised(event.trial_id, site_id, event.authorisation, event.effective_on)
                for site_id, country in chosen
                if country == event.country
            ]
        case SiteSelected() as event:
            trial = facts.get(TrialGuard, event.trial_id)
            known = trial.authorised.get(event.country) if trial else None
            if known is None:
                return []
            return [authorised(event.trial_id, event.site_id, known.authorisation, known.effective_on)]
        case GateRevoked() as event:
            return lost_gate(event, message.id)
        case GateSatisfied() as event:
            return found_gate(event, message.id, facts)
        case SiteActivated(trial_id=trial_id):
            trial = facts.get(TrialGuard, trial_id)
            first = trial is not None and trial.status == "approved"
            return [ChangeTrialStatus(trial_id=trial_id, status="active")] if first else []
        case SubjectEnrolled(trial_id=trial_id, site_id=site_id):
            site = facts.get(SiteGuard, site_id)
            first = site is not None and site.status in ("activated", "suspended")
            return [ReviewSite(trial_id=trial_id, site_id=site_id)] if first else []
        case _:
            return []


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
