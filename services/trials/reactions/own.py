"""Reactions that cross this service's own streams: a hold reaches its sites, a lost gate becomes a hold."""

from datetime import date
from typing import Any
from uuid import UUID

from services.trials.commands import (
    ApplyHold,
    ChangeTrialStatus,
    LiftHold,
    RecordGateEvidence,
    RecordRegistrySite,
    ReviewSite,
    ReviewTrial,
)
from services.trials.guards import SiteGuard, TrialGuard, TrialSites
from services.trials.reactions import ids
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials import (
    Gate,
    GateRevoked,
    GateSatisfied,
    HoldAnnulled,
    HoldApplied,
    HoldLifted,
    HoldSource,
    RegistryEntryChanged,
    RegistryEntryRecorded,
    RegistrySitesRecorded,
    SiteActivated,
    SiteSelected,
    SubjectEnrolled,
    TrialAuthorised,
)

# What ApplyHold takes; a registry's own limit is 250 characters.
REASON_LIMIT = 1000


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
            return _sites_of_registry(event)
        case RegistryEntryRecorded() | RegistryEntryChanged() as event:
            return _pause(event, message.id)
        case HoldApplied() | HoldLifted() | HoldAnnulled() as event:
            return _reviews(event, facts)
        case TrialAuthorised() as event:
            sites = facts.get(TrialSites, event.trial_id)
            chosen = sites.countries.items() if sites else ()
            return [
                _authorised(event.trial_id, site_id, event.authorisation, event.effective_on)
                for site_id, country in chosen
                if country == event.country
            ]
        case SiteSelected() as event:
            trial = facts.get(TrialGuard, event.trial_id)
            known = trial.authorised.get(event.country) if trial else None
            if known is None:
                return []
            return [_authorised(event.trial_id, event.site_id, known.authorisation, known.effective_on)]
        case GateRevoked() as event:
            return _lost_gate(event, message.id)
        case GateSatisfied() as event:
            return _found_gate(event, message.id, facts)
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


def _sites_of_registry(event: RegistrySitesRecorded) -> list[Command]:
    trial_id = event.trial_id
    listed = [RecordRegistrySite(trial_id=trial_id, site_id=s.site_id, site=s) for s in event.sites]
    gone = [RecordRegistrySite(trial_id=trial_id, site_id=site_id) for site_id in event.unlisted]
    return [*listed, *gone]


def _pause(event: RegistryEntryRecorded | RegistryEntryChanged, cause: UUID) -> list[Command]:
    """A registry's SUSPENDED is a hold of the sponsor, which only the registry's next status ends."""
    since = date.fromisoformat(event.updated.text) if _exact(event) and event.updated else event.as_of
    commands: list[Command] = []
    if isinstance(event, RegistryEntryChanged) and event.resumed_from:
        commands.append(
            LiftHold(
                hold_id=event.resumed_from,
                trial_id=event.trial_id,
                source="sponsor_pause",
                scope_kind="trial",
                scope_id=event.trial_id,
                cause=cause,
                evidence=f"record of {event.registry}",
                until=since,
            )
        )
    if event.suspended_as:
        commands.append(
            ApplyHold(
                hold_id=event.suspended_as,
                trial_id=event.trial_id,
                source="sponsor_pause",
                scope_kind="trial",
                scope_id=event.trial_id,
                cause=cause,
                since=since,
                reason=_why_stopped(event),
            )
        )
    return commands


def _exact(event: RegistryEntryRecorded | RegistryEntryChanged) -> bool:
    return event.updated is not None and event.updated.precision == "day"


def _why_stopped(event: RegistryEntryRecorded | RegistryEntryChanged) -> str | None:
    if isinstance(event, RegistryEntryRecorded):
        why = event.facts.why_stopped
        return why and why[:REASON_LIMIT]
    said = next((change.value for change in event.changes if change.field == "why_stopped"), None)
    return said[:REASON_LIMIT] if isinstance(said, str) else None


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


def _authorised(trial_id: UUID, site_id: UUID, authorisation: UUID, valid_from: date) -> Command:
    return RecordGateEvidence(
        trial_id=trial_id,
        site_id=site_id,
        gate="ha_ok",
        evidence_id=authorisation,
        valid_from=valid_from,
        corrects=authorisation,
    )


def _lost_gate(event: GateRevoked, cause: UUID) -> list[Command]:
    """An activated site that loses a gate is held, unless a hold closed the gate and stops it already."""
    if not event.activated or event.hold:
        return []
    source, hold_id = _hold_of(event.gate, event.evidence, event.site_id)
    return [
        ApplyHold(
            hold_id=hold_id,
            trial_id=event.trial_id,
            source=source,
            scope_kind="site",
            scope_id=event.site_id,
            since=event.revoked_on,
            reason=event.gate,
            cause=cause,
        )
    ]


def _found_gate(event: GateSatisfied, cause: UUID, facts: Facts) -> list[Command]:
    """New evidence ends the hold that the loss of the old one raised, and no other."""
    guard = facts.get(SiteGuard, event.site_id)
    if guard is None or event.replaces is None:
        return []
    source, hold_id = _hold_of(event.gate, event.replaces, event.site_id)
    if not any(hold.hold_id == hold_id and hold.open for hold in guard.holds):
        return []
    return [
        LiftHold(
            hold_id=hold_id,
            trial_id=event.trial_id,
            source=source,
            cause=cause,
            evidence=str(event.evidence),
        )
    ]


def _hold_of(gate: Gate, evidence: UUID, site_id: UUID) -> tuple[HoldSource, UUID]:
    """Without a board's approval the hold is the lapse, the same that the board's own events tell."""
    if gate == "irb_current":
        return "irb_lapse", ids.site_hold("irb_lapse", evidence, site_id)
    return "document_expiry", ids.site_hold("document_expiry", f"{gate}|{evidence}", site_id)
