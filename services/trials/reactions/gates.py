"""Gates and holds: an authorisation opens a gate, a lost gate is a hold, new evidence ends it."""

from datetime import date
from uuid import UUID

from services.trials.commands import ApplyHold, LiftHold, RecordGateEvidence
from services.trials.guards import SiteGuard
from services.trials.reactions import ids
from shared.contracts.message import Command, Facts
from shared.contracts.trials import Gate, GateRevoked, GateSatisfied, HoldSource


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


def found_gate(event: GateSatisfied, cause: UUID, facts: Facts) -> list[Command]:
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
