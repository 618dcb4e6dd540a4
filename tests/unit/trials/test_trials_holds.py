"""Holds: what each forbids and where, which end counts, and ends that come before the hold itself."""

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.domain.hold import Hold, decide, evolve
from services.trials.domain.permissions import permissions
from services.trials.projections.guards import HoldView, SiteGuard, SubjectGuard, TrialGuard
from shared.contracts.message import Facts, Need, Refusal, Wake
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.hold import Effect, HoldAnnulled, HoldApplied, HoldEvent, HoldLifted, ScopeKind
from tests.unit.trials.test_trials_chain import activate, enrol, gates_open, randomise
from tests.unit.trials.trials_world import NOW, PERSON, REACTION, SITE, SUBJECT, TRIAL, World

TODAY = NOW.date()
HOLD, LETTER, OTHER_SUBJECT = UUID(int=24), UUID(int=25), UUID(int=51)
ABOUT: dict[str, Any] = {"hold_id": HOLD, "trial_id": TRIAL}
ON_TRIAL: dict[str, Any] = ABOUT | {"scope_kind": "trial", "scope_id": TRIAL}
CLINICAL = HoldApplied(**ON_TRIAL, source="clinical_hold", effects=("enrol", "dose"), since=TODAY)


def given(*events: HoldEvent) -> Hold:
    return reduce(evolve, events, Hold())


def decided(hold: Hold, command: ApplyHold | LiftHold | AnnulHold | Wake) -> list[HoldEvent] | Refusal:
    return decide(hold, command, Facts(actor=REACTION), NOW)


def apply(**fields: Any) -> ApplyHold:
    return ApplyHold(**ON_TRIAL | {"source": "dsmb"} | fields)


def lift(**fields: Any) -> LiftHold:
    return LiftHold(**ABOUT | {"source": "clinical_hold", "evidence": "a letter"} | fields)


def annul(**fields: Any) -> AnnulHold:
    return AnnulHold(**ABOUT | {"source": "clinical_hold", "reason": "another trial"} | fields)


@pytest.mark.parametrize(
    ("asked", "effects"),
    [
        (("randomise",), ("enrol", "randomise")),
        (("consent", "dose"), ("consent", "enrol", "dose")),
        (("dose",), ("dose",)),
        ((), ("screen", "consent", "enrol", "randomise")),
    ],
)
def test_who_stops_a_step_of_enrolment_stops_the_enrolment(
    asked: tuple[Effect, ...], effects: tuple[Effect, ...]
) -> None:
    assert decided(Hold(), apply(effects=asked)) == [
        HoldApplied(**ON_TRIAL, source="dsmb", effects=effects, since=TODAY)
    ]


def test_the_same_hold_again_changes_nothing() -> None:
    assert decided(given(CLINICAL), apply(source="clinical_hold")) == []


def test_the_id_of_a_hold_is_not_used_for_another() -> None:
    assert decided(given(CLINICAL), apply()) == Refusal(
        "hold.id_in_use", "another hold has this id", "applied", "hold_id"
    )


@pytest.mark.parametrize("end", [lift(), annul(), lift(cause=LETTER)])
def test_a_hold_that_nobody_knows_is_not_ended(end: LiftHold | AnnulHold) -> None:
    assert decided(Hold(), end) == Refusal("hold.unknown", "there is no hold with this id", None, "hold_id")


def test_a_clinical_hold_is_lifted_by_no_person() -> None:
    assert decide(given(CLINICAL), lift(cause=LETTER), Facts(actor=PERSON), NOW) == Refusal(
        "hold.counterpart_missing",
        "a hold of clinical_hold ends only by the authority's written lift, which comes by its event",
        "applied",
    )


def test_the_authoritys_letter_lifts_its_hold() -> None:
    assert decided(given(CLINICAL), lift(cause=LETTER)) == [
        HoldLifted(**ON_TRIAL, source="clinical_hold", until=TODAY, evidence="a letter")
    ]


def test_an_end_that_overtakes_its_hold_is_kept() -> None:
    annulled = HoldAnnulled(**ON_TRIAL, source="clinical_hold", reason="another trial")
    assert decided(Hold(), annul(cause=LETTER, scope_kind="trial", scope_id=TRIAL)) == [annulled]


def test_a_hold_whose_end_came_first_never_stands() -> None:
    annulled = HoldAnnulled(**ON_TRIAL, source="clinical_hold", reason="another trial")
    assert decided(given(annulled), apply(source="clinical_hold")) == []


LIFTED = HoldLifted(**ON_TRIAL, source="clinical_hold", until=TODAY, evidence="a letter")
ANNULLED = HoldAnnulled(**ON_TRIAL, source="clinical_hold", reason="another trial")


@pytest.mark.parametrize(
    ("ended", "again"),
    [(LIFTED, lift(cause=LETTER)), (ANNULLED, lift(cause=LETTER)), (ANNULLED, annul(cause=LETTER))],
)
def test_a_hold_ends_once(ended: HoldEvent, again: LiftHold | AnnulHold) -> None:
    assert decided(given(CLINICAL, ended), again) == []


def test_a_hold_that_was_lifted_is_annulled_where_it_rested_on_an_error() -> None:
    assert decided(given(CLINICAL, LIFTED), annul()) == [ANNULLED]


def test_a_hold_annulled_after_its_lift_leaves_no_trace_on_the_days_that_it_stood() -> None:
    world = World()
    gates_open(world)
    world.do(activate())
    world.do(apply(since=TODAY - timedelta(days=1)))
    world.do(lift(source="dsmb"))
    world.do(annul(source="dsmb"))
    assert world.guard(TrialGuard, TRIAL).holds == ()


def test_a_hold_on_a_site_begins_and_ends_on_the_days_of_the_site() -> None:
    world = World()
    gates_open(world)
    world.do(activate())
    world.now = datetime(2026, 3, 13, 1, 30, tzinfo=UTC)  # 12 March, 21:30 in New York
    on_site = {"scope_kind": "site", "scope_id": SITE}
    world.do(apply(**on_site))
    world.now += timedelta(days=1)
    world.do(lift(source="dsmb"))
    (applied,), (lifted,) = world.events(HoldApplied), world.events(HoldLifted)
    assert (applied.since, applied.zone, lifted.until) == (
        date(2026, 3, 12),
        "America/New_York",
        date(2026, 3, 13),
    )
    world.do(enrol(date(2026, 3, 13)))
    assert world.events(DeviationReported) == []


def test_time_alone_ends_no_hold() -> None:
    assert decided(given(CLINICAL), Wake(stream=HOLD)) == []


@pytest.mark.parametrize(
    ("scope", "reason"),
    [
        ({"scope_kind": "arm"}, "an arm is named exactly where the scope is an arm"),
        ({"arm": "A"}, "an arm is named exactly where the scope is an arm"),
        ({"scope_id": SITE}, "the scope of a trial or of an arm is the trial's id"),
        ({"scope_kind": "arm", "arm": "A", "scope_id": SITE}, "the scope of a trial or of an arm"),
    ],
)
def test_a_hold_has_one_scope(scope: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        apply(**scope)


@pytest.mark.parametrize(
    ("kind", "scope_id", "row"),
    [
        ("trial", TRIAL, TrialGuard),
        ("arm", TRIAL, TrialGuard),
        ("site", SITE, SiteGuard),
        ("subject", SUBJECT, SubjectGuard),
    ],
)
def test_a_hold_waits_its_turn_among_the_decisions_of_its_scope(
    kind: ScopeKind, scope_id: UUID, row: type
) -> None:
    command = apply(scope_kind=kind, scope_id=scope_id, arm="A" if kind == "arm" else None)
    assert command.needs()[0] == Need(row, (scope_id,), alone=True)


def test_a_hold_on_an_arm_stops_that_arm_alone() -> None:
    trial = TrialGuard(TRIAL, holds=(HoldView(HOLD, "dsmb", ("dose",), TODAY, arm="A"),))
    stopped = [permissions(trial, arm=arm)["dose"] for arm in ("A", "B", None)]
    assert stopped == [(HOLD,), (), ()]


def test_a_hold_on_a_subject_stops_that_subject_alone() -> None:
    world = World()
    gates_open(world)
    world.do(activate())
    world.do(enrol())
    world.do(enrol(subject=OTHER_SUBJECT, code="S-002"))
    world.do(apply(scope_kind="subject", scope_id=SUBJECT))
    assert world.do(randomise()) == Refusal(
        "hold.randomise", f"randomise is forbidden by dsmb {HOLD}", "on_hold"
    )
    assert not isinstance(world.do(randomise().model_copy(update={"subject_id": OTHER_SUBJECT})), Refusal)
    assert world.site().status == "enrolling"
