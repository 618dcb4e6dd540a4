"""Gates and holds: an authorisation opens a gate, a lost gate is a hold, new evidence ends it."""

from datetime import date, timedelta
from uuid import UUID

from services.trials.commands import ApplyHold, LiftHold, RecordGateEvidence
from services.trials.projections.guards import SiteGuard
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
    """New evidence ends the hold that the loss of the old one raised, and no other."""
    guard = facts.get(SiteGuard, event.site_id)
    if guard is None or event.replaces is None:
        return []
    source, of = _hold_of(event.gate, event.replaces)
    return [
        LiftHold(
            hold_id=hold.hold_id,
            trial_id=event.trial_id,
            source=source,
            cause=cause,
            evidence=str(event.evidence),
        )
        for hold in ids.standing(guard, source, of)
    ]


def _hold_of(gate: Gate, evidence: UUID) -> tuple[HoldSource, UUID | str]:
    """Without a board's approval the hold is the lapse, the same that the board's own events tell."""
    return ("irb_lapse", evidence) if gate == "irb_current" else ("document_expiry", f"{gate}|{evidence}")
