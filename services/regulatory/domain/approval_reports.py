"""What a board did with its approval, as reported: always stored, marked where it does not fit."""

from typing import Any, assert_never

from services.regulatory.commands import (
    CloseApproval,
    CorrectApproval,
    ReinstateApproval,
    RenewApproval,
    StartApproval,
    SuspendApproval,
    TerminateApproval,
)
from services.regulatory.domain.approval_state import Approval
from shared.contracts.message import Wake
from shared.contracts.regulatory import (
    ApprovalEvent,
    IrbApprovalActivated,
    IrbApprovalClosed,
    IrbApprovalCorrected,
    IrbApprovalReinstated,
    IrbApprovalSuspended,
    IrbApprovalTerminated,
    IrbRenewalRecorded,
)

ReportedCommand = (
    StartApproval
    | RenewApproval
    | SuspendApproval
    | ReinstateApproval
    | TerminateApproval
    | CloseApproval
    | CorrectApproval
    | Wake
)


def reported(state: Approval, command: ReportedCommand) -> list[ApprovalEvent]:
    """The events that the command itself causes; the same report again gives none."""
    match command:
        case Wake():
            return []
        case StartApproval():
            return [] if state.begun else _begun(state, command)
        case RenewApproval():
            return _renewal(state, command)
        case CorrectApproval():
            return _corrected(state, command)
        case SuspendApproval():
            said = IrbApprovalSuspended(**_fields(state, command))
            return [] if state.suspended or said in state.early else [said]
        case ReinstateApproval():
            back = IrbApprovalReinstated(**_fields(state, command))
            return [] if (state.begun and not state.suspended) or back in state.early else [back]
        case TerminateApproval():
            end = IrbApprovalTerminated(**_fields(state, command))
            return [] if state.ended == "terminated" or end in state.early else [end]
        case CloseApproval():
            closed = IrbApprovalClosed(**_fields(state, command))
            return [] if state.ended == "closed" or closed in state.early else [closed]
        case _:
            assert_never(command)


def _begun(state: Approval, command: StartApproval) -> list[ApprovalEvent]:
    """The approval, then again what was reported before it: now with its trial and its sites."""
    known: dict[str, Any] = {"trial_id": command.trial_id, "site_ids": command.site_ids, "breaks": ()}
    told: list[ApprovalEvent] = [
        event if isinstance(event, IrbRenewalRecorded) else event.model_copy(update=known)
        for event in state.early
    ]
    return [IrbApprovalActivated(**command.model_dump()), *told]


def _renewal(state: Approval, command: RenewApproval) -> list[ApprovalEvent]:
    event = IrbRenewalRecorded(**command.model_dump())
    over = state.ended in ("terminated", "closed")
    return [] if over or command.successor_id in state.successors or event in state.early else [event]


def _corrected(state: Approval, command: CorrectApproval) -> list[ApprovalEvent]:
    fields = _fields(state, command)
    if command.expires_on < command.effective_on:
        fields["breaks"] = (*fields["breaks"], "irb.ends_before_it_begins")
    event = IrbApprovalCorrected(**fields)
    return [] if event == state.corrected or event in state.early else [event]


def _fields(
    state: Approval,
    command: SuspendApproval | ReinstateApproval | TerminateApproval | CloseApproval | CorrectApproval,
) -> dict[str, Any]:
    fields: dict[str, Any] = command.model_dump(exclude={"meaning"})
    if state.begun is None:
        return fields | {"site_ids": (), "breaks": ("irb.approval_unknown",)}
    breaks = ("irb.approval_ended",) if state.ended else ()
    known = {"trial_id": state.begun.trial_id, "site_ids": state.begun.site_ids}
    return fields | known | {"breaks": breaks}
