"""The ethics approval's decider: it warns, lapses and is renewed by the sites' own calendar (R41, R42)."""

from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from services.regulatory.commands import AdoptApproval, ApprovalCommand
from services.regulatory.deadlines import APPROVAL_WARNINGS
from services.regulatory.domain.approval_adoption import adopt
from services.regulatory.domain.approval_reports import reported
from services.regulatory.domain.approval_state import ONE_DAY, Approval, evolve
from shared.contracts.message import Facts, Refusal
from shared.contracts.regulatory import (
    ApprovalEvent,
    IrbApprovalExpiring,
    IrbApprovalLapsed,
    IrbApprovalRenewed,
    IrbLapseAnnulled,
)
from shared.rules.dates import local_date, start_of_day

__all__ = ["Approval", "decide", "evolve", "wake_at"]

NEVER = 1_000_000


def decide(
    state: Approval, command: ApprovalCommand, facts: Facts, now: datetime
) -> list[ApprovalEvent] | Refusal:
    """The events of a command, and what the time that has passed makes of them; no report is refused."""
    events = adopt(state, command, now) if isinstance(command, AdoptApproval) else reported(state, command)
    if isinstance(events, Refusal):
        return events
    after = reduce(evolve, events, state)
    return [*events, *_passed(after, now)]


def _passed(state: Approval, now: datetime) -> list[ApprovalEvent]:
    begun = state.begun
    if begun is None or state.ended is not None:
        return []
    today = local_date(now, state.zone)
    over, left = today > state.expires_on, state.uncovered()
    named: dict[str, Any] = {
        "approval_id": begun.approval_id,
        "trial_id": begun.trial_id,
        "site_ids": left,
        "expires_on": state.expires_on,
    }
    events: list[ApprovalEvent] = []
    if state.lapsed and not over:
        events.append(IrbLapseAnnulled(**named | {"site_ids": state.sites}))
    if over and left and not state.lapsed:
        events.append(IrbApprovalLapsed(**named, lapsed_on=state.expires_on + ONE_DAY))
    events += [IrbApprovalRenewed(**r.model_dump()) for r in state.renewals if r.effective_on <= today]
    days_left = (state.expires_on - today).days
    reached = [days for days in APPROVAL_WARNINGS if days_left <= days]
    if left and not over and reached and min(reached) < (state.warned or NEVER):
        events.append(IrbApprovalExpiring(**named, days_left=days_left))
    return events


def wake_at(state: Approval) -> datetime | None:
    """UTC: the next local midnight at which a warning, the lapse or a renewal falls due; None once over."""
    if state.begun is None or state.ended is not None:
        return None
    days = [renewal.effective_on for renewal in state.renewals]
    if state.uncovered() and not state.lapsed:
        days.append(state.expires_on + ONE_DAY)
        to_come = [n for n in APPROVAL_WARNINGS if n < (state.warned or NEVER)]
        days += [state.expires_on - timedelta(days=max(to_come))] if to_come else []
    return start_of_day(min(days), state.zone) if days else None
