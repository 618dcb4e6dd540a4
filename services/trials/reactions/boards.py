"""What decisions of ethics boards make of the gates and holds of sites."""

from datetime import date
from typing import Any
from uuid import UUID

from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.commands.site import RecordGateEvidence
from services.trials.projections.guards import SiteGuard
from services.trials.reactions import ids
from shared.contracts.message import Command, Facts
from shared.contracts.regulatory import (
    IrbApprovalActivated,
    IrbApprovalCorrected,
    IrbApprovalReinstated,
    IrbApprovalRenewed,
    IrbApproved,
    IrbLapseAnnulled,
)
from shared.contracts.trials.hold import HoldSource

SiteLift = IrbApprovalRenewed | IrbLapseAnnulled | IrbApprovalReinstated


def with_trial(trial_id: UUID | None, site_ids: tuple[UUID, ...], facts: Facts) -> list[tuple[UUID, UUID]]:
    """Sites with their trial; where the event does not name it, the site's own row does."""
    guards = [(site_id, facts.get(SiteGuard, site_id)) for site_id in site_ids]
    found = [(trial_id or (guard.trial_id if guard else None), site_id) for site_id, guard in guards]
    return [(trial, site_id) for trial, site_id in found if trial]


def evidence(
    event: IrbApproved | IrbApprovalActivated | IrbApprovalCorrected,
    trial_id: UUID,
    site_id: UUID,
    corrects: UUID | None = None,
) -> Command:
    """A board's approval as evidence for the gate of a site."""
    return RecordGateEvidence(
        trial_id=trial_id,
        site_id=site_id,
        gate="irb_current",
        evidence_id=event.approval_id,
        valid_from=event.effective_on,
        valid_to=event.expires_on,
        corrects=corrects,
    )


def stop(
    sites: list[tuple[UUID, UUID]],
    source: HoldSource,
    of: UUID | str,
    since: date,
    reason: str | None,
    cause: UUID,
) -> list[Command]:
    """A hold on each site that lost its board's approval."""
    return [
        ApplyHold(
            hold_id=ids.site_hold(source, of, site_id, since),
            trial_id=trial_id,
            source=source,
            scope_kind="site",
            scope_id=site_id,
            since=since,
            reason=reason,
            cause=cause,
        )
        for trial_id, site_id in sites
    ]


def end(event: SiteLift, facts: Facts, cause: UUID) -> list[Command]:
    """Ends the holds of this approval that stand; most renewals come in time and find none."""
    suspended = isinstance(event, IrbApprovalReinstated)
    source: HoldSource = "irb_suspension" if suspended else "irb_lapse"
    commands: list[Command] = []
    for trial_id, site_id in with_trial(event.trial_id, event.site_ids, facts):
        guard = facts.get(SiteGuard, site_id)
        for hold in ids.standing(guard, source, event.approval_id) if guard else ():
            about: dict[str, Any] = {"hold_id": hold.hold_id, "trial_id": trial_id, "source": source}
            commands.append(_ended(event, about | {"cause": cause}))
    return commands


def _ended(event: SiteLift, about: dict[str, Any]) -> Command:
    if isinstance(event, IrbLapseAnnulled):
        return AnnulHold(**about, reason="no lapse")
    return LiftHold(
        **about,
        evidence=str(getattr(event, "successor_id", event.approval_id)),
        until=getattr(event, "reinstated_on", None) or getattr(event, "effective_on", None),
    )
