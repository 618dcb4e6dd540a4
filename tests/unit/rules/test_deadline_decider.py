"""Deadlines: what arms, warns, meets, misses and ends them, in whatever order their commands come."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.deadline import (
    Clock,
    DeadlineArmed,
    DeadlineAssigned,
    DeadlineAtRisk,
    DeadlineAwaited,
    DeadlineCancelled,
    DeadlineEvent,
    DeadlineMet,
    DeadlineMetLate,
    DeadlineMissed,
    DeadlineReturned,
    DeadlineSuperseded,
)
from shared.contracts.message import Facts, Refusal, Wake
from shared.rules.deadlines import (
    ArmDeadline,
    AssignDeadline,
    CancelDeadline,
    Deadline,
    DeadlineCommand,
    MeetDeadline,
    SupersedeDeadline,
    clock_deadline_id,
    deadline_id,
    decide,
    evolve,
    held_by,
    wake_at,
    warn_on,
)
from shared.rules.packs import pack

CASE = UUID(int=1)
ANCHOR = date(2026, 3, 2)
CLOCK = pack("us_ind").find("us_ind_15_day", "provisional").clock(ANCHOR, "America/New_York")
STREAM = clock_deadline_id(CASE, CLOCK, "provisional")
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
ARM = ArmDeadline(
    deadline_id=STREAM, subject_kind="case", subject_id=CASE, clock=CLOCK, owner="sponsor", provisional=True
)
MEET = MeetDeadline(deadline_id=STREAM, met_on=date(2026, 3, 17))
LATE = MeetDeadline(deadline_id=STREAM, met_on=date(2026, 3, 20))
SUPERSEDE = SupersedeDeadline(deadline_id=STREAM, successor_id=UUID(int=9), reason="determination")
CANCEL = CancelDeadline(deadline_id=STREAM, reason="not_reportable")
WAKE = Wake(stream=STREAM)


def run(
    commands: Sequence[DeadlineCommand], now: datetime = NOW, state: Deadline | None = None
) -> tuple[Deadline, list[DeadlineEvent]]:
    state, told = state or Deadline(), []
    for command in commands:
        events = decide(state, command, Facts(), now)
        assert not isinstance(events, Refusal)
        for event in events:
            state = evolve(state, event)
        told += events
    return state, told


def kinds(events: Sequence[DeadlineEvent]) -> list[type]:
    return [type(event) for event in events]


def test_day_zero_is_the_anchor_and_day_fifteen_is_due() -> None:
    assert CLOCK.due_on == date(2026, 3, 17)


def test_arming_again_changes_nothing() -> None:
    assert kinds(run([ARM, ARM])[1]) == [DeadlineArmed]


def test_the_warning_begins_with_the_last_third_at_local_midnight() -> None:
    state, _ = run([ARM])
    assert wake_at(state) == datetime(2026, 3, 12, 4, tzinfo=UTC)
    _, told = run([WAKE], datetime(2026, 3, 12, 4, tzinfo=UTC), state)
    assert told == [DeadlineAtRisk(deadline_id=STREAM, code=CLOCK.code, due_on=CLOCK.due_on, days_left=5)]


def test_a_deadline_is_missed_only_when_its_last_day_is_over_at_the_place() -> None:
    state, _ = run([ARM, WAKE], datetime(2026, 3, 12, 4, tzinfo=UTC))
    last = datetime(2026, 3, 18, 3, 59, 59, tzinfo=UTC)
    assert wake_at(state) == last + timedelta(seconds=1)
    assert run([WAKE], last, state)[1] == []
    assert kinds(run([WAKE], last + timedelta(seconds=1), state)[1]) == [DeadlineMissed]


def test_a_deadline_armed_after_its_due_date_is_missed_without_a_warning() -> None:
    state, _ = run([ARM], datetime(2026, 5, 1, tzinfo=UTC))
    woken = wake_at(state)
    assert woken is not None
    assert woken < datetime(2026, 5, 1, tzinfo=UTC)
    assert kinds(run([WAKE], datetime(2026, 5, 1, tzinfo=UTC), state)[1]) == [DeadlineMissed]


def test_meeting_after_missing_is_met_late() -> None:
    _, told = run([ARM, WAKE, LATE], datetime(2026, 3, 20, 12, tzinfo=UTC))
    assert kinds(told) == [DeadlineArmed, DeadlineMissed, DeadlineMetLate]
    assert told[-1] == DeadlineMetLate(
        deadline_id=STREAM, code=CLOCK.code, due_on=CLOCK.due_on, met_on=LATE.met_on, days_late=3
    )


def test_a_late_notice_of_a_receipt_in_time_is_met_in_time() -> None:
    _, told = run([ARM, WAKE, MEET], datetime(2026, 3, 20, 12, tzinfo=UTC))
    assert kinds(told) == [DeadlineArmed, DeadlineMissed, DeadlineMet]


def test_a_late_anchor_supersedes_what_was_missed() -> None:
    _, told = run([ARM, WAKE, SUPERSEDE], datetime(2026, 4, 1, tzinfo=UTC))
    assert kinds(told) == [DeadlineArmed, DeadlineMissed, DeadlineSuperseded]


def test_an_end_that_comes_before_the_arming_is_kept_for_it() -> None:
    state, told = run([MEET])
    assert kinds(told) == [DeadlineAwaited]
    assert wake_at(state) is None
    assert kinds(run([ARM], NOW, state)[1]) == [DeadlineArmed, DeadlineMet]


def test_repeating_an_end_changes_nothing() -> None:
    for end in (MEET, SUPERSEDE, CANCEL):
        assert len(run([ARM, end, end])[1]) == 2
        assert len(run([end, end])[1]) == 1


def test_what_was_done_outweighs_what_was_planned_anew_or_withdrawn() -> None:
    assert kinds(run([ARM, CANCEL, SUPERSEDE, MEET])[1])[1:] == [
        DeadlineCancelled,
        DeadlineSuperseded,
        DeadlineMet,
    ]
    assert kinds(run([ARM, MEET, SUPERSEDE, CANCEL])[1])[1:] == [DeadlineMet]


def test_every_order_of_the_commands_ends_the_same() -> None:
    mixes: tuple[tuple[DeadlineCommand, ...], ...] = (
        (ARM, MEET, SUPERSEDE, CANCEL),
        (ARM, LATE, CANCEL),
        (ARM, SUPERSEDE, CANCEL),
    )
    for mix in mixes:
        assert len({run(order)[0].end for order in permutations(mix)}) == 1


commands = st.lists(
    st.one_of(
        st.just(ARM),
        st.just(WAKE),
        st.dates(ANCHOR, date(2026, 4, 30)).map(lambda on: MeetDeadline(deadline_id=STREAM, met_on=on)),
        st.integers(1, 4).map(
            lambda n: SupersedeDeadline(deadline_id=STREAM, successor_id=UUID(int=n), reason="anchor")
        ),
        st.sampled_from(["a", "b"]).map(lambda why: CancelDeadline(deadline_id=STREAM, reason=why)),
    ),
    max_size=8,
)
instants = st.datetimes(datetime(2026, 3, 1), datetime(2026, 5, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.data(), commands, instants)
def test_no_order_and_no_repetition_of_ends_and_arming_matters(
    data: st.DataObject, chosen: list[DeadlineCommand], now: datetime
) -> None:
    other = data.draw(st.permutations(chosen + chosen[:3]))
    one, two = run(chosen, now)[0], run(other, now)[0]
    assert (one.armed, one.end) == (two.armed, two.end)


@given(commands, instants)
def test_an_ended_deadline_never_wakes(chosen: list[DeadlineCommand], now: datetime) -> None:
    state, _ = run([ARM, *chosen], now)
    if state.end is not None:
        assert wake_at(state) is None
        assert run([WAKE], now + timedelta(days=900), state)[1] == []


@given(commands, instants)
def test_met_or_late_is_judged_by_the_date_alone(chosen: list[DeadlineCommand], now: datetime) -> None:
    for event in run([ARM, *chosen], now)[1]:
        if isinstance(event, DeadlineMet):
            assert event.met_on <= event.due_on
        if isinstance(event, DeadlineMetLate):
            assert event.days_late == (event.met_on - event.due_on).days > 0


zones = st.sampled_from(["UTC", "America/New_York", "America/Santiago", "Asia/Beirut", "Pacific/Kiritimati"])
rules = st.sampled_from([rule for name in ("us_ind", "internal", "retrieval") for rule in pack(name).rule])


@given(rules.flatmap(lambda rule: st.builds(rule.clock, st.dates(date(2015, 1, 1), date(2039, 1, 1)), zones)))
def test_a_deadline_is_never_due_before_its_anchor_and_every_wake_moves_it_on(clock: Clock) -> None:
    assert clock.anchor_on <= warn_on(clock) <= clock.due_on
    arm = ArmDeadline(deadline_id=STREAM, subject_kind="case", subject_id=CASE, clock=clock, owner="sponsor")
    state, _ = run([arm])
    told: list[DeadlineEvent] = []
    while (woken := wake_at(state)) is not None:
        assert run([WAKE], woken - timedelta(seconds=1), state)[1] == []
        state, events = run([WAKE], woken, state)
        assert len(events) == 1
        told += events
    assert kinds(told) == [DeadlineAtRisk, DeadlineMissed]


def test_the_id_of_a_deadline_follows_from_subject_obligation_leg_and_anchor() -> None:
    assert deadline_id(CASE, "a", "legal", ANCHOR) == deadline_id(CASE, "a", "legal", ANCHOR)
    others = {
        deadline_id(UUID(int=2), "a", "legal", ANCHOR),
        deadline_id(CASE, "b", "legal", ANCHOR),
        deadline_id(CASE, "a", "operational", ANCHOR),
        deadline_id(CASE, "a", "legal", ANCHOR + timedelta(days=1)),
        deadline_id(CASE, "a", "legal", ANCHOR, uuid5(CASE, "correction")),
    }
    assert len(others | {deadline_id(CASE, "a", "legal", ANCHOR)}) == 6


def test_a_deadline_belongs_to_the_organisation_that_it_was_handed_to_last() -> None:
    one, other = UUID(int=41), UUID(int=42)
    state, told = run([ARM.model_copy(update={"organisation_id": one})])
    assert isinstance(told[0], DeadlineArmed)
    assert (told[0].organisation_id, held_by(state, None), held_by(state, WAKE)) == (one, one, one)
    again = AssignDeadline(deadline_id=STREAM, organisation_id=other)
    state, told = run([again, again], state=state)
    assert told == [DeadlineAssigned(deadline_id=STREAM, organisation_id=other)]
    assert held_by(state, None) == other
    assert held_by(run([ARM])[0], None) is None


def test_a_deadline_that_was_handed_over_before_it_was_armed_is_armed_for_whom_it_was_handed_to() -> None:
    state, told = run([AssignDeadline(deadline_id=STREAM, organisation_id=UUID(int=41)), ARM])
    assert kinds(told) == [DeadlineAssigned, DeadlineArmed]
    assert isinstance(told[1], DeadlineArmed)
    assert told[1].organisation_id == held_by(state, None) == UUID(int=41)


def test_a_deadline_goes_back_to_the_sponsor_and_says_whose_it_was_when_it_is_missed() -> None:
    one = UUID(int=41)
    given = AssignDeadline(
        deadline_id=STREAM, organisation_id=one, owner="cro", obligation="monitoring", by_ledger=True
    )
    back = AssignDeadline(deadline_id=STREAM, organisation_id=None, owner="sponsor", by_ledger=True)
    state, told = run([ARM, given, given])
    assert told[1:] == [
        DeadlineAssigned(deadline_id=STREAM, organisation_id=one, owner="cro", obligation="monitoring")
    ]
    state, told = run([back, back], state=state)
    assert told == [DeadlineReturned(deadline_id=STREAM, owner="sponsor")]
    assert held_by(state, None) is None


def test_a_deadline_that_was_handed_over_for_itself_stays_whatever_the_ledger_says() -> None:
    one, other = UUID(int=41), UUID(int=42)
    for_itself = AssignDeadline(deadline_id=STREAM, organisation_id=one)
    ledger = AssignDeadline(
        deadline_id=STREAM, organisation_id=other, owner="cro", obligation="record_retrieval", by_ledger=True
    )
    state, told = run([ARM, for_itself, ledger])
    assert kinds(told) == [DeadlineArmed, DeadlineAssigned]
    assert held_by(state, None) == one
    state, told = run([ARM, ledger, for_itself])
    assert held_by(state, None) == one
