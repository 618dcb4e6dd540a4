"""What boards and authorities decide, as evidence for gates and as holds of sites and trials."""

from datetime import date
from typing import Any
from uuid import UUID

from services.trials.commands import (
    AnnulHold,
    ApplyHold,
    LiftHold,
    RecordAuthorisation,
    RecordGateEvidence,
)
from services.trials.guards import SiteGuard
from services.trials.reactions import ids
from services.trials.reactions.deadlines import missed_deadline
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.regulatory import (
    ClinicalHoldImposed,
    ClinicalHoldLifted,
    IndInEffect,
    IrbApprovalCorrected,
    IrbApprovalLapsed,
    IrbApprovalReinstated,
    IrbApprovalRenewed,
    IrbApprovalSuspended,
    IrbApprovalTerminated,
    IrbApproved,
    IrbLapseAnnulled,
)
from shared.contracts.trials import HoldSource

SiteLift = IrbApprovalRenewed | IrbLapseAnnulled | IrbApprovalReinstated


def needs_of_regulatory(message: Recorded[Any]) -> tuple[Need, ...]:
    match message.data:
        case (
            IrbApprovalRenewed()
            | IrbLapseAnnulled()
            | IrbApprovalReinstated()
            | IrbApprovalSuspended()
            | IrbApprovalTerminated()
            | IrbApprovalCorrected()
        ) as event:
            return tuple(Need(SiteGuard, (site_id,)) for site_id in event.site_ids)
        case _:
            return ()


def react_to_regulatory(message: Recorded[Any], facts: Facts) -> list[Command]:
    """Evidence, authorisations, holds and their ends; each hold is ended by its own counterpart alone."""
    match message.data:
        case IrbApproved() as event:
            return [_evidence(event, event.trial_id, site_id) for site_id in event.site_ids]
        case IrbApprovalCorrected() as event:
            sites = _with_trial(event.trial_id, event.site_ids, facts)
            return [_evidence(event, trial_id, site_id, event.approval_id) for trial_id, site_id in sites]
        case IrbApprovalLapsed() as event:
            sites = [(event.trial_id, site_id) for site_id in event.site_ids]
            return _stop(sites, "irb_lapse", event.approval_id, event.lapsed_on, None, message.id)
        case IrbApprovalSuspended(suspended_on=day) | IrbApprovalTerminated(terminated_on=day) as event:
            sites = _with_trial(event.trial_id, event.site_ids, facts)
            return _stop(sites, "irb_suspension", event.approval_id, day, event.reason, message.id)
        case IrbApprovalRenewed() | IrbLapseAnnulled() | IrbApprovalReinstated() as event:
            return _end(event, facts, message.id)
        case IndInEffect() as event:
            return [
                RecordAuthorisation(
                    trial_id=trial_id,
                    country="US",
                    effective_on=event.effective_on,
                    authorisation=event.ind_id,
                )
                for trial_id in event.trial_ids
            ]
        case ClinicalHoldImposed() as event:
            return [_clinical_hold(event, trial_id, message.id) for trial_id in event.trial_ids]
        case ClinicalHoldLifted() as event:
            return [_clinical_lift(event, trial_id, message.id) for trial_id in event.trial_ids]
        case _:
            return missed_deadline(message)


def _with_trial(trial_id: UUID | None, site_ids: tuple[UUID, ...], facts: Facts) -> list[tuple[UUID, UUID]]:
    """Sites with their trial; where the event does not name it, the site's own row does."""
    guards = [(site_id, facts.get(SiteGuard, site_id)) for site_id in site_ids]
    found = [(trial_id or (guard.trial_id if guard else None), site_id) for site_id, guard in guards]
    return [(trial, site_id) for trial, site_id in found if trial]


def _evidence(
    event: IrbApproved | IrbApprovalCorrected, trial_id: UUID, site_id: UUID, corrects: UUID | None = None
) -> Command:
    return RecordGateEvidence(
        trial_id=trial_id,
        site_id=site_id,
        gate="irb_current",
        evidence_id=event.approval_id,
        valid_from=event.effective_on,
        valid_to=event.expires_on,
        corrects=corrects,
    )


def _stop(
    sites: list[tuple[UUID, UUID]],
    source: HoldSource,
    approval_id: UUID,
    since: date,
    reason: str | None,
    cause: UUID,
) -> list[Command]:
    return [
        ApplyHold(
            hold_id=ids.site_hold(source, approval_id, site_id),
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


def _end(event: SiteLift, facts: Facts, cause: UUID) -> list[Command]:
    """Ends the holds of this approval that stand; most renewals come in time and find none."""
    suspended = isinstance(event, IrbApprovalReinstated)
    source: HoldSource = "irb_suspension" if suspended else "irb_lapse"
    commands: list[Command] = []
    for trial_id, site_id in _with_trial(event.trial_id, event.site_ids, facts):
        hold_id = ids.site_hold(source, event.approval_id, site_id)
        guard = facts.get(SiteGuard, site_id)
        if guard is None or not any(hold.hold_id == hold_id for hold in guard.holds):
            continue
        if isinstance(event, IrbLapseAnnulled):
            commands.append(
                AnnulHold(hold_id=hold_id, trial_id=trial_id, source=source, cause=cause, reason="no lapse")
            )
            continue
        commands.append(
            LiftHold(
                hold_id=hold_id,
                trial_id=trial_id,
                source=source,
                cause=cause,
                evidence=str(getattr(event, "successor_id", event.approval_id)),
                until=getattr(event, "reinstated_on", None) or getattr(event, "effective_on", None),
            )
        )
    return commands


def _clinical_hold(event: ClinicalHoldImposed, trial_id: UUID, cause: UUID) -> Command:
    return ApplyHold(
        hold_id=ids.clinical_hold(event.hold_id, trial_id),
        trial_id=trial_id,
        source="clinical_hold",
        scope_kind="trial",
        scope_id=trial_id,
        effects=event.effects,
        since=event.received_on,
        reason=event.reason,
        cause=cause,
    )


def _clinical_lift(event: ClinicalHoldLifted, trial_id: UUID, cause: UUID) -> Command:
    return LiftHold(
        hold_id=ids.clinical_hold(event.hold_id, trial_id),
        trial_id=trial_id,
        source="clinical_hold",
        scope_kind="trial",
        scope_id=trial_id,
        cause=cause,
        evidence=event.letter_ref,
        until=event.lifted_on,
    )
