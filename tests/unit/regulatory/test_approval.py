"""Ethics approvals: warnings, lapse and renewal at the sites' own midnights, corrections by date."""

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from services.regulatory.commands import (
    ApprovalCommand,
    CloseApproval,
    CorrectApproval,
    ReinstateApproval,
    RenewApproval,
    StartApproval,
    SuspendApproval,
    TerminateApproval,
)
from services.regulatory.domain.approval import Approval, decide, evolve, wake_at
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.regulatory import (
    ApprovalEvent,
    IrbApprovalActivated,
    IrbApprovalCorrected,
    IrbApprovalExpiring,
    IrbApprovalLapsed,
    IrbApprovalRenewed,
    IrbApprovalSuspended,
    IrbLapseAnnulled,
    IrbRenewalRecorded,
)

APPROVAL, SUCCESSOR, TRIAL, SITE, OTHER = (uuid4() for _ in range(5))
T0 = datetime(2026, 3, 2, 15, tzinfo=UTC)
ENDS = date(2027, 3, 1)
WAKE = Wake(stream=APPROVAL)


def start(expires_on: date = ENDS, zone: str = "America/New_York", **more: Any) -> StartApproval:
    fields: dict[str, Any] = {
        "approval_id": APPROVAL,
        "review_id": uuid4(),
        "trial_id": TRIAL,
        "site_ids": (SITE,),
        "protocol_version": "2.0",
        "effective_on": date(2026, 3, 2),
        "expires_on": expires_on,
        "zone": zone,
    }
    return StartApproval(**fields | more)


def renew(effective_on: date, *sites: Any) -> RenewApproval:
    return RenewApproval(
        approval_id=APPROVAL,
        trial_id=TRIAL,
        site_ids=sites or (SITE,),
        successor_id=SUCCESSOR,
        effective_on=effective_on,
    )


def correct(expires_on: date, effective_on: date = date(2026, 3, 2)) -> CorrectApproval:
    return CorrectApproval(
        approval_id=APPROVAL,
        corrects=uuid4(),
        effective_on=effective_on,
        expires_on=expires_on,
        zone="America/New_York",
        reason="letter_misread",
        meaning="corrected to what the letter states",
    )


def done(state: Approval, command: ApprovalCommand, now: datetime = T0) -> list[ApprovalEvent]:
    events = decide(state, command, Facts(), now)
    assert not isinstance(events, Refusal)
    return events


def after(*steps: tuple[ApprovalCommand, datetime] | ApprovalCommand) -> Approval:
    state = Approval()
    for step in steps:
        command, now = step if isinstance(step, tuple) else (step, T0)
        state = reduce(evolve, done(state, command, now), state)
    return state


def lived(state: Approval, until: datetime) -> list[tuple[datetime, ApprovalEvent]]:
    """What the approval says when it is woken at its own times."""
    told = []
    while (at := wake_at(state)) is not None and at <= until:
        events = done(state, WAKE, at)
        assert events, "a wake-up that changes nothing would repeat for ever"
        told += [(at, event) for event in events]
        state = reduce(evolve, events, state)
    return told


def test_it_warns_five_times_and_lapses_once_the_day_after_its_last_valid_day() -> None:
    told = lived(after(start()), T0 + timedelta(days=800))
    warned = [event.days_left for _, event in told if isinstance(event, IrbApprovalExpiring)]
    assert warned == [90, 60, 30, 14, 7]
    at, lapse = told[-1]
    assert isinstance(lapse, IrbApprovalLapsed)
    assert (lapse.expires_on, lapse.lapsed_on) == (ENDS, date(2027, 3, 2))
    assert at == datetime(2027, 3, 2, 5, tzinfo=UTC)
    assert len(told) == 6


@pytest.mark.parametrize(
    ("zone", "last_valid_day", "lapses_at"),
    [
        ("America/New_York", date(2027, 3, 13), datetime(2027, 3, 14, 5, tzinfo=UTC)),
        ("America/New_York", date(2027, 3, 14), datetime(2027, 3, 15, 4, tzinfo=UTC)),
        ("America/New_York", date(2026, 11, 1), datetime(2026, 11, 2, 5, tzinfo=UTC)),
        ("Asia/Tokyo", date(2027, 3, 1), datetime(2027, 3, 1, 15, tzinfo=UTC)),
        ("America/Santiago", date(2026, 9, 5), datetime(2026, 9, 6, 4, tzinfo=UTC)),
    ],
)
def test_it_lapses_at_the_sites_own_midnight(zone: str, last_valid_day: date, lapses_at: datetime) -> None:
    state = after(start(last_valid_day, zone))
    before = done(state, WAKE, lapses_at - timedelta(microseconds=1))
    assert not any(isinstance(event, IrbApprovalLapsed) for event in before)
    assert any(isinstance(event, IrbApprovalLapsed) for event in done(state, WAKE, lapses_at))


def test_a_short_approval_gives_only_the_warning_that_counts() -> None:
    activated, warning = done(Approval(), start(date(2026, 3, 20)))
    assert isinstance(activated, IrbApprovalActivated)
    assert isinstance(warning, IrbApprovalExpiring)
    assert warning.days_left == 18
    state = after(start(date(2026, 3, 20)))
    assert done(state, WAKE) == []
    assert wake_at(state) == datetime(2026, 3, 6, 5, tzinfo=UTC)


def test_starting_again_changes_nothing() -> None:
    command = start()
    assert done(after(command), command) == []


def test_a_renewal_without_a_gap_ends_it_without_a_lapse() -> None:
    state = after(start(), (renew(ENDS + timedelta(days=1)), T0))
    told = [event for _, event in lived(state, T0 + timedelta(days=800))]
    assert [type(event) for event in told] == [IrbApprovalRenewed]


def test_a_renewal_after_a_gap_leaves_the_lapse_until_it_takes_effect() -> None:
    state = after(start(), (renew(ENDS + timedelta(days=10)), T0))
    told = [type(event) for _, event in lived(state, T0 + timedelta(days=800))]
    assert told == [IrbApprovalExpiring] * 5 + [IrbApprovalLapsed, IrbApprovalRenewed]


def test_a_renewal_of_a_lapsed_approval_counts_at_once() -> None:
    late = datetime(2027, 4, 1, tzinfo=UTC)
    state = after(start(), (WAKE, late))
    events = done(state, renew(date(2027, 3, 20)), late)
    assert [type(event) for event in events] == [IrbRenewalRecorded, IrbApprovalRenewed]
    assert done(after(start(), (WAKE, late), (renew(date(2027, 3, 20)), late)), WAKE, late) == []


def test_a_renewal_of_one_site_leaves_the_other_to_lapse() -> None:
    state = after(start(site_ids=(SITE, OTHER)), (renew(ENDS, SITE), T0))
    told = [event for _, event in lived(state, T0 + timedelta(days=800))]
    (lapse,) = [event for event in told if isinstance(event, IrbApprovalLapsed)]
    assert lapse.site_ids == (OTHER,)


def test_a_suspended_approval_still_lapses() -> None:
    suspend = SuspendApproval(approval_id=APPROVAL, suspended_on=date(2026, 5, 1), reason="non_compliance")
    state = after(start(), suspend)
    assert done(state, suspend) == []
    assert isinstance(lived(state, T0 + timedelta(days=800))[-1][1], IrbApprovalLapsed)
    assert not after(
        start(), suspend, ReinstateApproval(approval_id=APPROVAL, reinstated_on=date(2026, 6, 1))
    ).suspended


@pytest.mark.parametrize(
    "end",
    [
        TerminateApproval(approval_id=APPROVAL, terminated_on=date(2026, 5, 1), reason="harm"),
        CloseApproval(approval_id=APPROVAL, closed_on=date(2026, 5, 1)),
    ],
)
def test_an_approval_that_ended_neither_warns_nor_lapses(end: ApprovalCommand) -> None:
    state = after(start(), end)
    assert wake_at(state) is None
    assert done(state, WAKE, T0 + timedelta(days=800)) == []
    assert done(state, end) == []


def test_a_correction_names_the_wrong_event_and_moves_the_last_day() -> None:
    command = correct(date(2026, 9, 1))
    state = after(start(), command)
    corrected = done(after(start()), command)[0]
    assert isinstance(corrected, IrbApprovalCorrected)
    assert corrected.corrects == command.corrects
    assert done(state, command) == []
    assert lived(state, T0 + timedelta(days=800))[-1][0] == datetime(2026, 9, 2, 4, tzinfo=UTC)


def test_a_correction_to_a_day_that_has_passed_lapses_at_once() -> None:
    events = done(after(start()), correct(date(2026, 3, 1)))
    assert [type(event) for event in events] == [IrbApprovalCorrected, IrbApprovalLapsed]


def test_a_lapse_that_never_was_is_annulled() -> None:
    late = datetime(2027, 3, 5, tzinfo=UTC)
    state = after(start(), (WAKE, late))
    events = done(state, correct(date(2027, 12, 31)), late)
    assert [type(event) for event in events] == [IrbApprovalCorrected, IrbLapseAnnulled]


def test_a_correction_that_makes_no_sense_is_stored_and_marked() -> None:
    event = done(after(start()), correct(date(2026, 3, 1), date(2026, 4, 1)))[0]
    assert isinstance(event, IrbApprovalCorrected)
    assert event.breaks == ("irb.ends_before_it_begins",)


def test_what_was_reported_before_the_approval_is_told_again_with_it() -> None:
    suspend = SuspendApproval(approval_id=APPROVAL, suspended_on=date(2026, 3, 1), reason="x")
    (early,) = done(Approval(), suspend)
    assert isinstance(early, IrbApprovalSuspended)
    assert early.breaks == ("irb.approval_unknown",)
    state = after(suspend)
    assert done(state, suspend) == []
    told = done(state, start())
    assert isinstance(told[1], IrbApprovalSuspended)
    assert (told[1].site_ids, told[1].breaks) == ((SITE,), ())
    assert after(suspend, start()).suspended


_DAYS = st.integers(0, 900)
_STEPS = st.lists(
    st.tuples(
        _DAYS,
        st.sampled_from(["wake", "renew", "correct", "suspend", "reinstate"]),
        st.integers(-30, 500),
    ),
    max_size=12,
)


@for_all(_STEPS)
def test_it_never_lapses_twice_unless_a_lapse_was_annulled(steps: list[tuple[int, str, int]]) -> None:
    state, lapses, annulled = after(start()), 0, 0
    for day, kind, offset in sorted(steps):
        now = T0 + timedelta(days=day)
        date_ = now.date() + timedelta(days=offset)
        known: dict[str, ApprovalCommand] = {
            "wake": WAKE,
            "renew": renew(date_),
            "correct": correct(date_),
            "suspend": SuspendApproval(approval_id=APPROVAL, suspended_on=date_, reason="x"),
            "reinstate": ReinstateApproval(approval_id=APPROVAL, reinstated_on=date_),
        }
        events = done(state, known[kind], now)
        state = reduce(evolve, events, state)
        lapses += sum(isinstance(event, IrbApprovalLapsed) for event in events)
        annulled += sum(isinstance(event, IrbLapseAnnulled) for event in events)
        assert lapses - annulled in (0, 1)
        assert done(state, WAKE, now) == []
        assert (at := wake_at(state)) is None or at > now
