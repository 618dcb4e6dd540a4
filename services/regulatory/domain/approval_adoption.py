"""An approval taken over in force: it begins its life here with the dates that its board set."""

from datetime import datetime

from services.regulatory.commands import AdoptApproval, StartApproval
from services.regulatory.domain.approval_reports import reported
from services.regulatory.domain.approval_state import Approval
from shared.contracts.message import Refusal
from shared.contracts.regulatory import ApprovalEvent, IrbApprovalActivated
from shared.rules.dates import local_date


def adopt(state: Approval, command: AdoptApproval, now: datetime) -> list[ApprovalEvent] | Refusal:
    """The approval as it stands; of one taken over before, whatever has become of it since, nothing."""
    start = StartApproval(**command.model_dump(exclude={"document_ref"}), review_id=command.approval_id)
    if state.begun is not None:
        known = StartApproval(**state.begun.model_dump(exclude={"adopted_from", "adopted_on"}))
        same = known == start and state.begun.adopted_from is not None
        return [] if same else Refusal("irb.approval_known", "the approval is known otherwise", state.ended)
    today = local_date(now, command.zone)
    told = {"adopted_from": command.document_ref, "adopted_on": today}
    return [
        event.model_copy(update=told) if isinstance(event, IrbApprovalActivated) else event
        for event in reported(state, start)
    ]
