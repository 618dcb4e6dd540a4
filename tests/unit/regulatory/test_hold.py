"""Clinical holds: what the authority stops, and that only the authority lifts it."""

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from uuid import UUID, uuid4

from hypothesis import given as for_all
from hypothesis import strategies as st

from services.regulatory.commands import HoldCommand, ImposeClinicalHold, LiftClinicalHold
from services.regulatory.domain.hold import Hold, decide, evolve
from shared.contracts.message import Facts, Refusal
from shared.contracts.regulatory import ClinicalHoldImposed, ClinicalHoldLifted, HoldEvent
from tests.unit.regulatory.flow import Flow

HOLD, IND, FIRST, SECOND = (uuid4() for _ in range(4))
T0 = datetime(2026, 3, 2, 15, tzinfo=UTC)
IMPOSE = ImposeClinicalHold(
    hold_id=HOLD,
    trial_ids=(FIRST, SECOND),
    kind="full",
    received_on=date(2026, 3, 2),
    authority="FDA",
    ind_id=IND,
)
LIFT = LiftClinicalHold(hold_id=HOLD, lifted_on=date(2026, 4, 1), letter_ref="letter-7")


def done(state: Hold, command: HoldCommand, now: datetime = T0) -> list[HoldEvent]:
    events = decide(state, command, Facts(), now)
    assert not isinstance(events, Refusal)
    return events


def after(*commands: HoldCommand) -> Hold:
    state = Hold()
    for command in commands:
        state = reduce(evolve, done(state, command), state)
    return state


def test_a_full_hold_stops_new_subjects_and_dosing_in_every_trial_named() -> None:
    (imposed,) = done(Hold(), IMPOSE)
    assert isinstance(imposed, ClinicalHoldImposed)
    assert imposed.trial_ids == (FIRST, SECOND)
    assert {"enrol", "randomise", "dose"} <= set(imposed.effects)


def test_a_partial_hold_stops_what_it_says() -> None:
    command = IMPOSE.model_copy(update={"kind": "partial", "effects": ("dose",)})
    (imposed,) = done(Hold(), command)
    assert isinstance(imposed, ClinicalHoldImposed)
    assert (imposed.effects, imposed.breaks) == (("dose",), ())


def test_a_partial_hold_that_does_not_say_what_it_stops_is_read_as_a_full_one_and_marked() -> None:
    (imposed,) = done(Hold(), IMPOSE.model_copy(update={"kind": "partial"}))
    assert isinstance(imposed, ClinicalHoldImposed)
    assert "dose" in imposed.effects
    assert imposed.breaks == ("clinical_hold.effects_unstated",)


def test_the_authoritys_letter_lifts_it() -> None:
    (lifted,) = done(after(IMPOSE), LIFT)
    assert isinstance(lifted, ClinicalHoldLifted)
    assert (lifted.letter_ref, lifted.trial_ids, lifted.breaks) == ("letter-7", (FIRST, SECOND), ())


def test_the_same_report_again_changes_nothing() -> None:
    assert done(after(IMPOSE), IMPOSE) == []
    assert done(after(IMPOSE, LIFT), LIFT) == []


def test_a_contradicting_report_is_stored_beside_the_first_and_marked() -> None:
    other = IMPOSE.model_copy(update={"received_on": date(2026, 3, 9)})
    (event,) = done(after(IMPOSE), other)
    assert event.breaks == ("clinical_hold.reported_otherwise",)
    assert done(after(IMPOSE, other), other) == []
    again = LIFT.model_copy(update={"letter_ref": "letter-8"})
    (event,) = done(after(IMPOSE, LIFT), again)
    assert event.breaks == ("clinical_hold.lifted_before",)


def test_a_lift_that_is_reported_first_waits_for_its_hold() -> None:
    (early,) = done(Hold(), LIFT)
    assert early.breaks == ("clinical_hold.unknown",)
    imposed, lifted = done(after(LIFT), IMPOSE)
    assert isinstance(imposed, ClinicalHoldImposed)
    assert isinstance(lifted, ClinicalHoldLifted)
    assert (lifted.trial_ids, lifted.breaks) == ((FIRST, SECOND), ())
    assert done(after(LIFT, IMPOSE), LIFT) == []


@for_all(st.lists(st.tuples(st.integers(0, 5000), st.sampled_from(["full", "partial"])), max_size=20))
def test_no_time_and_no_other_report_lifts_a_hold(steps: list[tuple[int, str]]) -> None:
    state = Hold()
    for days, kind in steps:
        command = IMPOSE.model_copy(update={"kind": kind, "received_on": T0.date() + timedelta(days=days)})
        events = done(state, command, T0 + timedelta(days=days))
        assert not any(isinstance(event, ClinicalHoldLifted) for event in events)
        state = reduce(evolve, events, state)
    assert state.lifted is None


@for_all(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=20))
def test_lifting_one_hold_leaves_every_other(steps: list[tuple[int, bool]]) -> None:
    from services.regulatory.projections import OpenHolds

    flow, holds = Flow(), [uuid4() for _ in range(4)]
    imposed: set[UUID] = set()
    lifted: set[UUID] = set()
    for n, lift in steps:
        chosen: HoldCommand = LIFT if lift else IMPOSE
        flow.run(chosen.model_copy(update={"hold_id": holds[n]}))
        (lifted if lift else imposed).add(holds[n])
    (row,) = [r for r in flow.table(OpenHolds) if r.scope_id == FIRST] or [OpenHolds(FIRST)]
    assert set(row.open) == imposed - lifted
