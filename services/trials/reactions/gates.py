"""Gates and holds: an authorisation opens a gate, a lost gate is a hold, new evidence ends or annuls it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.commands.site import RecordGateEvidence
from services.trials.projections.guards import SiteGuard, TrialGuard, TrialSites
from services.trials.reactions import ids
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.hold import HoldSource
from shared.contracts.trials.site import Gate, GateRevoked, GateSatisfied, SiteSelected
from shared.contracts.trials.trial import TrialAuthorised

EVENTS = (GateRevoked, GateSatisfied, SiteSelected, TrialAuthorised)


def needs(message: Recorded[Any]) -> tuple[Need, ...]:
    match message.data:
        case TrialAuthorised(trial_id=trial_id):
            return (Need(TrialSites, (trial_id,)),)
        case SiteSelected(trial_id=trial_id):
            return (Need(TrialGuard, (trial_id,)),)
        case GateSatisfied(site_id=site_id):
            return (Need(SiteGuard, (site_id,)),)
        case _:
            return ()


def react(message: Recorded[Any], facts: Facts) -> list[Command]:
    match message.data:
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
        case _:
            return []


def authorised(trial_id: UUID, site_id: UUID, authorisation: UUID, valid_from: date) -> Command:
    """The authority's consent as evidence for a site's gate."""
    return RecordGateEvidence(
        trial_id=trial_id,
        site_id=site_id,
        gate="ha_ok",
        evidence_id=authorisation,
        valid_from=valid_from,
        corrects=authorisation,
    )


def lost_gate(event: GateRevoked, cause: UUID) -> list[Command]:
    """An activated site that loses a gate is held, unless a hold closed the gate and stops it already."""
    if not event.activated or event.hold:
        return []
    source, of = _hold_of(event.gate, event.evidence)
    since = event.revoked_on
    if event.valid_to is not None:  # found out late: the hold begins when the evidence ended
        since = min(since, event.valid_to + timedelta(days=1))
    return [
        ApplyHold(
            hold_id=ids.site_hold(source, of, event.site_id, since),
            trial_id=event.trial_id,
            source=source,
            scope_kind="site",
            scope_id=event.site_id,
            since=since,
            reason=event.gate,
            cause=cause,
        )
    ]


def found_gate(event: GateSatisfied, cause: UUID, facts: Facts) -> list[Command]:
    """New evidence ends the hold that the loss of the old one raised, and no other.

    Evidence told late that was valid all along leaves nothing of it: the hold is annulled (domain.md 0.14).
    """
    guard = facts.get(SiteGuard, event.site_id)
    if guard is None or event.replaces is None:
        return []
    source, of = _hold_of(event.gate, event.replaces)
    first = event.valid_from
    commands: list[Command] = []
    for hold in ids.held_by(guard, source, of):
        about: dict[str, Any] = {
            "hold_id": hold.hold_id,
            "trial_id": event.trial_id,
            "source": source,
            "cause": cause,
        }
        if first and first <= hold.since:
            commands.append(AnnulHold(**about, reason="gate.never_lost"))
        elif hold.open:
            commands.append(LiftHold(**about, evidence=str(event.evidence), until=first))
    return commands


def _hold_of(gate: Gate, evidence: UUID) -> tuple[HoldSource, UUID | str]:
    """Without a board's approval the hold is the lapse, the same that the board's own events tell."""
    return ("irb_lapse", evidence) if gate == "irb_current" else ("document_expiry", f"{gate}|{evidence}")
