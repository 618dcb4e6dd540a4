"""What boards and authorities decide, as evidence for gates and as holds of sites and trials."""

from uuid import UUID

from services.trials.commands.hold import ApplyHold, LiftHold
from services.trials.commands.trial import RecordAuthorisation
from services.trials.projections.guards import SiteGuard
from services.trials.reactions import ids, protocol
from services.trials.reactions.boards import end, evidence, stop, with_trial
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.regulatory import (
    ClinicalHoldImposed,
    ClinicalHoldLifted,
    IndInEffect,
    IrbApprovalActivated,
    IrbApprovalCorrected,
    IrbApprovalLapsed,
    IrbApprovalReinstated,
    IrbApprovalRenewed,
    IrbApprovalSuspended,
    IrbApprovalTerminated,
    IrbApproved,
    IrbLapseAnnulled,
)

Taken = (
    IrbApproved
    | IrbApprovalActivated
    | IrbApprovalCorrected
    | IrbApprovalLapsed
    | IrbApprovalSuspended
    | IrbApprovalTerminated
    | IrbApprovalRenewed
    | IrbLapseAnnulled
    | IrbApprovalReinstated
    | IndInEffect
    | ClinicalHoldImposed
    | ClinicalHoldLifted
)


def needs(message: Recorded[Taken]) -> tuple[Need, ...]:
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


def react(message: Recorded[Taken], facts: Facts) -> list[Command]:
    """Evidence, authorisations, holds and their ends; each hold is ended by its own counterpart alone."""
    match message.data:
        case IrbApproved() as event:
            found = [evidence(event, event.trial_id, site_id) for site_id in event.site_ids]
            return [*found, *protocol.approved(event)]
        case IrbApprovalActivated(adopted_from=str()) as event:
            found = [evidence(event, event.trial_id, site_id) for site_id in event.site_ids]
            return [*found, *protocol.approval_of(event)]
        case IrbApprovalCorrected() as event:
            sites = with_trial(event.trial_id, event.site_ids, facts)
            found = [evidence(event, trial_id, site_id, event.approval_id) for trial_id, site_id in sites]
            return [*found, *protocol.corrected(event, sites)]
        case IrbApprovalLapsed() as event:
            sites = [(event.trial_id, site_id) for site_id in event.site_ids]
            return stop(sites, "irb_lapse", event.approval_id, event.lapsed_on, None, message.id)
        case IrbApprovalSuspended(suspended_on=day) as event:
            sites = with_trial(event.trial_id, event.site_ids, facts)
            return stop(sites, "irb_suspension", event.approval_id, day, event.reason, message.id)
        case IrbApprovalTerminated(terminated_on=day) as event:
            # No reinstatement ends it: the board's word is final.
            sites, of = with_trial(event.trial_id, event.site_ids, facts), f"{event.approval_id}|terminated"
            stopped = stop(sites, "irb_suspension", of, day, event.reason, message.id)
            return [*stopped, *protocol.ended(event, sites)]
        case IrbApprovalRenewed() | IrbLapseAnnulled() | IrbApprovalReinstated() as event:
            return end(event, facts, message.id)
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
        case _:  # it came by a review, whose decision is the evidence
            return []


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
