"""An approval taken over in force: its true dates, no review, and no warning that lay before."""

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.regulatory.commands import AdoptApproval, StartApproval, SuspendApproval
from services.regulatory.domain.approval import Approval, decide, evolve, wake_at
from services.regulatory.projections import ApprovalRow, fold_approval
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.regulatory import (
    IrbApprovalActivated,
    IrbApprovalExpiring,
    IrbApprovalLapsed,
    IrbApprovalSuspended,
)
from tests.unit.regulatory.flow import recorded

APPROVAL, TRIAL, SITE = (UUID(int=n) for n in (1, 2, 3))
NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
TODAY = date(2026, 3, 10)


def approval(days: int = 200, **more: Any) -> AdoptApproval:
    fields: dict[str, Any] = {
        "approval_id": APPROVAL,
        "trial_id": TRIAL,
        "site_ids": (SITE,),
        "protocol_version": "3.0",
        "effective_on": date(2024, 5, 1),
        "expires_on": TODAY + timedelta(days=days),
        "zone": "America/New_York",
        "document_ref": "cut-over/7",
    }
    return AdoptApproval(**fields | more)


def done(state: Approval, command: Any, now: datetime = NOW) -> tuple[Approval, list[Any]]:
    events = decide(state, command, Facts(), now)
    assert not isinstance(events, Refusal)
    return reduce(evolve, events, state), list(events)


def test_it_begins_with_the_dates_of_its_board_and_no_review() -> None:
    state, (begun,) = done(Approval(), approval())
    assert isinstance(begun, IrbApprovalActivated)
    assert (begun.effective_on, begun.adopted_on) == (date(2024, 5, 1), TODAY)
    assert (begun.review_id, begun.adopted_from) == (APPROVAL, "cut-over/7")
    assert done(state, approval())[1] == []
    assert approval().stream_id == APPROVAL
    row = fold_approval(None, recorded(begun, APPROVAL, source="regulatory"), (APPROVAL,))
    assert isinstance(row, ApprovalRow)
    assert (row.status, row.expires_on) == ("active", begun.expires_on)


@pytest.mark.parametrize(("left", "following"), [(200, 90), (91, 90), (90, 60), (45, 30), (7, None)])
def test_only_the_warnings_that_lie_ahead_are_given(left: int, following: int | None) -> None:
    state, events = done(Approval(), approval(left))
    assert [type(event) for event in events] == [IrbApprovalActivated]
    at = wake_at(state)
    assert at is not None
    later, (told,) = done(state, Wake(stream=APPROVAL), at)
    if following is None:
        assert isinstance(told, IrbApprovalLapsed)
        assert wake_at(later) is None
    else:
        assert isinstance(told, IrbApprovalExpiring)
        assert told.days_left == following


def test_one_that_has_run_out_comes_as_lapsed_since_its_own_day() -> None:
    _, events = done(Approval(), approval(-30))
    assert [type(event) for event in events] == [IrbApprovalActivated, IrbApprovalLapsed]
    assert events[1].lapsed_on == TODAY - timedelta(days=29)


def test_what_was_reported_before_it_is_told_again_with_its_sites() -> None:
    suspended = SuspendApproval(approval_id=APPROVAL, suspended_on=TODAY, reason="inquiry")
    state, _ = done(Approval(), suspended)
    _, events = done(state, approval())
    assert [type(event) for event in events] == [IrbApprovalActivated, IrbApprovalSuspended]
    assert (events[1].site_ids, events[0].adopted_from) == ((SITE,), "cut-over/7")


def test_an_approval_known_otherwise_is_not_taken_over() -> None:
    state, _ = done(Approval(), approval())
    fields = approval().model_dump(exclude={"document_ref"})
    own, _ = done(Approval(), StartApproval(**fields, review_id=APPROVAL))
    for known, command in ((state, approval(201)), (own, approval())):
        decision = decide(known, command, Facts(), NOW)
        assert isinstance(decision, Refusal)
        assert decision.rule == "irb.approval_known"


def test_it_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValidationError, match="expires_on: before effective_on"):
        approval(effective_on=TODAY + timedelta(days=201))
