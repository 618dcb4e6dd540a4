"""The people of a site: added by identifiers, qualified, given tasks, and what that makes of its gate."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.commands.investigator import (
    AddInvestigator,
    DelegateTasks,
    EndInvestigator,
    RecordQualification,
)
from services.trials.commands.site import RecordGateEvidence
from services.trials.domain.gates import Gates, Open, next_change
from services.trials.domain.investigator import wake_at
from services.trials.domain.qualified import run_on, runs, trained
from services.trials.projections.investigators import InvestigatorRow, fold_investigator, investigator_keys
from services.trials.projections.staff import Person, SiteStaff, Valid
from services.trials.rules.qualifications import REQUIRED, training_evidence
from shared.contracts.message import Command, Identifier, Refusal
from shared.contracts.trials.hold import HoldAnnulled, HoldApplied, HoldLifted
from shared.contracts.trials.investigator import (
    InvestigatorAdded,
    QualificationRecorded,
    TrainingExpired,
    TrainingExpiring,
)
from shared.contracts.trials.site import GateEvidenceRecorded, GateRevoked
from shared.rules.dates import start_of_day
from tests.support.touched import touched
from tests.unit.trials.test_site_states import ACTIVATE, AT, DAY, GATES, PAPERS, TODAY, at, paper
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, World

PI, NURSE = UUID(int=80), UUID(int=81)
NPI = Identifier(system="npi", value="1234567893")
SINCE, UNTIL = TODAY - 100 * DAY, TODAY + 400 * DAY


def of(person: UUID) -> dict[str, Any]:
    return {**AT, "investigator_id": person}


def add(person: UUID = PI, role: Any = "principal", **more: Any) -> AddInvestigator:
    return AddInvestigator(**{**of(person), "role": role, "identifiers": (NPI,), "from_on": SINCE, **more})


def show(kind: Any, until: date | None = UNTIL, person: UUID = PI, **more: Any) -> RecordQualification:
    number = UUID(int=person.int * 100 + ("gcp_training", "protocol_training", "licence", "cv").index(kind))
    fields = {"qualification_id": number, "valid_from": SINCE, "valid_to": until, **more}
    return RecordQualification(**of(person), kind=kind, **fields)


def delegate(person: UUID = PI, *tasks: Any, on: date = TODAY) -> DelegateTasks:
    return DelegateTasks(**of(person), tasks=tasks, from_on=on)


def world_of(*commands: Command, status: Any = "startup") -> World:
    world = at(status)
    for command in commands:
        assert not isinstance(world.do(command), Refusal)
    return world


def trained_pi(until: date = UNTIL) -> list[Command]:
    return [add(), *(show(kind, until) for kind in REQUIRED["principal"]), delegate(PI, "consent")]


def gate(world: World) -> Any:
    return world.site().gates.open.get("training")


def test_a_person_is_named_by_numbers_of_the_trade_alone() -> None:
    world = world_of(add())
    (added,) = world.events(InvestigatorAdded)
    assert added.identifiers == (NPI,)
    assert added.zone == "UTC"
    for system, value in (
        ("name", "Mary Jones"),
        ("staff", "mary-jones"),
        ("licence", "JONES"),
        ("npi", "12345"),
        ("orcid", "0000-0001"),
    ):
        with pytest.raises(ValidationError, match=r"system is none of|value is no"):
            add(identifiers=({"system": system, "value": value},))
    with pytest.raises(ValidationError, match="at least 1"):
        add(identifiers=())


@pytest.mark.parametrize(
    ("before", "act", "rule"),
    [
        ((), add(trial_id=UUID(int=9)), "site.unknown"),
        ((add(),), add(role="sub"), "investigator.id_in_use"),
        ((add(),), add(NURSE), "investigator.second_principal"),
        ((), delegate(PI, "consent"), "investigator.unknown"),
        ((), EndInvestigator(**of(PI), until=TODAY), "investigator.unknown"),
        ((add(),), EndInvestigator(**of(PI), until=SINCE - DAY), "investigator.date_before_cause"),
        ((add(),), EndInvestigator(**of(PI), until=TODAY + DAY), "investigator.date_in_future"),
        ((add(),), delegate(PI, "consent", on=SINCE - DAY), "investigator.date_before_cause"),
        ((add(), EndInvestigator(**of(PI), until=TODAY)), delegate(PI, "dosing"), "investigator.not_serving"),
        (
            (add(),),
            DelegateTasks(**{**of(PI), "site_id": UUID(int=9)}, tasks=("dosing",), from_on=TODAY),
            "investigator.other_site",
        ),
    ],
)
def test_what_the_people_of_a_site_cannot_do_is_refused(
    before: tuple[Command, ...], act: Command, rule: str
) -> None:
    refusal = world_of(*before).do(act)
    assert isinstance(refusal, Refusal)
    assert refusal.rule == rule


def test_the_next_principal_begins_after_the_last_one_has_gone() -> None:
    world = world_of(add(), EndInvestigator(**of(PI), until=TODAY - DAY))
    refusal = world.do(add(NURSE, from_on=TODAY - DAY))
    assert isinstance(refusal, Refusal)
    assert not isinstance(world.do(add(NURSE, from_on=TODAY)), Refusal)


def test_what_was_said_of_a_person_causes_nothing_again() -> None:
    acts = [*trained_pi(), EndInvestigator(**of(PI), until=TODAY)]
    world = at("startup")
    for act in acts:
        world.do(act)
        assert world.decide(act) == []


def test_a_qualification_may_be_told_before_the_person_and_is_kept_at_their_own_site() -> None:
    early = show("licence").model_copy(update={"site_id": UUID(int=9)})
    world = world_of(early)
    assert world.events(QualificationRecorded)[0].site_id == UUID(int=9)
    world.do(add())
    world.do(show("cv").model_copy(update={"site_id": UUID(int=9)}))
    assert world.events(QualificationRecorded)[1].site_id == SITE


def test_a_qualification_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValidationError, match="is before valid_from"):
        show("licence", SINCE - DAY)


def test_papers_open_the_gate_until_tasks_are_delegated() -> None:
    world = at("ready")
    by_paper = gate(world).evidence
    world.do(add())
    world.do(show("gcp_training"))
    assert gate(world).evidence == by_paper
    world.do(delegate(PI, "consent"))
    assert gate(world) is None
    assert world.site().status == "startup"
    for kind in REQUIRED["principal"]:
        world.do(show(kind))
    assert gate(world).evidence == training_evidence(SITE)
    assert gate(world).valid_to == UNTIL
    assert world.site().status == "ready"


def test_the_gate_ends_with_whoever_s_training_ends_first() -> None:
    world = world_of(*trained_pi(), add(NURSE, "coordinator"))
    first = TODAY + 20 * DAY
    for kind in REQUIRED["coordinator"]:
        world.do(show(kind, first, NURSE))
    assert gate(world).valid_to == UNTIL
    world.do(delegate(NURSE, "data_entry"))
    assert gate(world).valid_to == first
    world.do(EndInvestigator(**of(NURSE), until=TODAY))
    assert gate(world).valid_to == UNTIL


def test_nobody_with_tasks_closes_the_gate() -> None:
    world = world_of(*trained_pi())
    world.do(delegate(PI))
    assert gate(world) is None


@pytest.mark.parametrize(
    ("renewed", "end"),
    [
        (TODAY + 12 * DAY, HoldLifted),
        (TODAY + 11 * DAY, HoldAnnulled),  # entered late: the training was never lost
    ],
)
def test_a_training_that_ends_holds_the_site_until_it_is_renewed(renewed: date, end: type) -> None:
    ends = TODAY + 10 * DAY
    world = at("startup")
    for act in (*PAPERS, *trained_pi(ends)):
        world.do(act)
    world.do(paper(GATES[0]))
    assert not isinstance(world.do(ACTIVATE), Refusal)
    world.now = NOW + 11 * DAY
    world.wake(PI)
    world.wake(SITE)
    assert {event.kind for event in world.events(TrainingExpired)} == set(REQUIRED["principal"])
    (revoked,) = world.events(GateRevoked)
    assert (revoked.gate, revoked.evidence) == ("training", training_evidence(SITE))
    assert [event.source for event in world.events(HoldApplied)] == ["document_expiry"]
    assert world.site().status == "suspended"
    world.now = NOW + 12 * DAY
    for n, kind in enumerate(REQUIRED["principal"]):
        world.do(show(kind, UNTIL, qualification_id=UUID(int=9000 + n), valid_from=renewed))
    told = [*world.events(HoldLifted), *world.events(HoldAnnulled)]
    assert [(type(event), event.source) for event in told] == [(end, "document_expiry")]
    assert world.site().status == "activated"


def running(*acts: Command) -> World:
    world = at("startup")
    for act in (*PAPERS, *trained_pi(), paper(GATES[0]), ACTIVATE, *acts):
        assert not isinstance(world.do(act), Refusal)
    assert world.site().status == "activated"
    return world


COMING = TODAY + 36 * DAY
NURSES = (add(NURSE, "coordinator"),)


def test_tasks_from_a_day_to_come_stop_no_site_before_it() -> None:
    first = TODAY + 20 * DAY
    world = running(
        *NURSES,
        *(show(kind, person=NURSE, valid_from=first) for kind in REQUIRED["coordinator"]),
        delegate(NURSE, "consent", on=COMING),
    )
    assert gate(world).valid_to == UNTIL
    assert not world.events(GateRevoked)


def test_who_is_not_trained_on_the_first_day_of_their_tasks_closes_the_gate_on_it() -> None:
    trained_on = COMING + 5 * DAY
    world = running(
        *NURSES,
        *(show(kind, person=NURSE, valid_from=trained_on) for kind in REQUIRED["coordinator"]),
        delegate(NURSE, "consent", on=COMING),
    )
    assert gate(world).valid_to == COMING - DAY
    world.now = NOW + 36 * DAY
    world.wake(SITE)
    assert world.site().status == "suspended"
    world.now = NOW + 41 * DAY
    world.wake(SITE)
    assert world.site().status == "activated"


@pytest.mark.parametrize(("held", "last"), [(None, COMING - DAY), (UUID(int=9), UNTIL)])
def test_evidence_that_can_open_nothing_wakes_nobody(held: UUID | None, last: date) -> None:
    coming = RecordGateEvidence(**AT, gate="ha_ok", valid_from=COMING, valid_to=last)
    told = GateEvidenceRecorded(**coming.model_dump(), recorded_on=TODAY)
    known = Gates(required=("contract", "ha_ok"), evidence={told.evidence_id: told}, held=held)
    assert next_change(known, "UTC") is None
    ends = replace(known, open={"contract": Open(UUID(int=1), UNTIL)})
    assert next_change(ends, "UTC") == start_of_day(UNTIL + DAY, "UTC")


def walk(world: World, days: int) -> list[tuple[str, str, int]]:
    """What a person's clock tells while it strikes as it asks to."""
    told: list[tuple[str, str, int]] = []
    until = NOW + days * DAY
    while (due := wake_at(world.states[PI][1])) is not None and due <= until:
        world.now = max(due, world.now)
        before = len(world.told)
        world.wake(PI)
        fresh = [message.data for message in world.told[before:]]
        told += [(type(e).__name__, e.kind, (world.now.date() - TODAY).days) for e in fresh if _clock(e)]
        assert fresh, "a clock that strikes and tells nothing strikes for ever"
    world.now = until
    return told


def _clock(event: Any) -> bool:
    return isinstance(event, TrainingExpiring | TrainingExpired)


def test_an_end_is_told_60_and_30_days_before_it_and_on_the_day_after() -> None:
    world = world_of(add(), show("licence", TODAY + 90 * DAY))
    assert walk(world, 200) == [
        ("TrainingExpiring", "licence", 30),
        ("TrainingExpiring", "licence", 60),
        ("TrainingExpired", "licence", 91),
    ]
    assert [event.days_left for event in world.events(TrainingExpiring)] == [60, 30]


def test_a_renewal_is_warned_of_by_its_own_end() -> None:
    world = world_of(add(), show("licence", TODAY + 40 * DAY))
    assert walk(world, 5) == []
    assert [event.days_left for event in world.events(TrainingExpiring)] == [40]
    world.do(show("licence", TODAY + 100 * DAY, qualification_id=UUID(int=7), valid_from=TODAY))
    assert walk(world, 300) == [
        ("TrainingExpiring", "licence", 40),
        ("TrainingExpiring", "licence", 70),
        ("TrainingExpired", "licence", 101),
    ]


def test_what_ended_before_it_was_told_has_ended_at_once_unless_something_followed() -> None:
    ended = show("gcp_training", TODAY - DAY)
    assert [e.kind for e in world_of(add(), ended).events(TrainingExpired)] == ["gcp_training"]
    newer = show("gcp_training", UNTIL, qualification_id=UUID(int=7), valid_from=TODAY + 3 * DAY)
    assert world_of(newer, ended, add()).events(TrainingExpired) == []


def test_the_clock_of_whoever_has_gone_is_still() -> None:
    world = world_of(add(), show("licence", TODAY + 90 * DAY), EndInvestigator(**of(PI), until=TODAY))
    assert wake_at(world.states[PI][1]) is None
    world.now = NOW + 300 * DAY
    world.wake(PI)
    assert world.events(TrainingExpired) == []


offsets = st.integers(-40, 40)
spans = st.lists(st.tuples(offsets, st.none() | st.integers(0, 30)), max_size=6)


def valid(found: list[tuple[int, int | None]]) -> list[Valid]:
    return [
        Valid("licence", TODAY + begin * DAY, None if length is None else TODAY + (begin + length) * DAY)
        for begin, length in found
    ]


@given(spans, st.integers(-60, 90))
def test_a_day_is_in_a_run_exactly_if_a_qualification_covers_it(
    found: list[tuple[int, int | None]], offset: int
) -> None:
    day, known = TODAY + offset * DAY, valid(found)
    covered = any(one.valid_from <= day and (one.valid_to is None or day <= one.valid_to) for one in known)
    merged = runs(known, "licence")
    inside = [span for span in merged if span[0] <= day and (span[1] is None or day <= span[1])]
    assert len(inside) == covered
    assert runs(known, "cv") == []
    assert (run_on(merged, day) is None) == (not merged)
    assert not inside or run_on(merged, day) == inside[0]


@given(spans)
def test_runs_lie_apart_and_in_order(found: list[tuple[int, int | None]]) -> None:
    merged = runs(valid(found), "licence")
    for one, after in pairwise(merged):
        assert one[1] is not None
        assert one[1] + DAY < after[0]


people = st.lists(
    st.tuples(
        st.sampled_from(sorted(REQUIRED)),
        st.sampled_from([None, 0, 0, 3, 10]),
        st.booleans(),
        *(spans,) * 3,
    ),
    max_size=3,
)


def staff_of(found: list[Any]) -> SiteStaff:
    staff: dict[UUID, Person] = {}
    for n, (role, delegated, gone, *kinds) in enumerate(found):
        shown = {
            UUID(int=n * 1000 + k * 100 + i): Valid(kind, one.valid_from, one.valid_to)
            for k, (kind, given_) in enumerate(zip(REQUIRED["principal"], kinds, strict=True))
            for i, one in enumerate(valid(given_))
        }
        since = None if delegated is None else TODAY + delegated * DAY
        staff[UUID(int=n)] = Person(role, SINCE, TODAY if gone else None, since, shown)
    return SiteStaff(SITE, TRIAL, True, staff)


def working(site: SiteStaff, on: date) -> bool:
    serving = [p for p in site.staff.values() if p.delegated_on and p.delegated_on <= on and not p.until]
    return bool(serving) and all(
        any(v.kind == kind and covers(v, on) for v in person.qualifications.values())
        for person in serving
        for kind in REQUIRED[person.role or "sub"]
    )


def covers(one: Valid, on: date) -> bool:
    return one.valid_from <= on and (one.valid_to is None or one.valid_to >= on)


@given(people)
def test_the_gate_is_open_on_each_day_exactly_if_everybody_with_tasks_is_trained(found: list[Any]) -> None:
    site = staff_of(found)
    begins, ends = trained(site, TODAY)
    for n in range(20):
        day = TODAY + n * DAY
        shown = [v for p in site.staff.values() for v in p.qualifications.values()]
        ended = any(v.valid_to == day - DAY for v in shown)
        # What the events of the day make of it: a training that ended, or the gate that closed.
        if n and (ended or ends == day - DAY):
            begins, ends = trained(site, day)
        assert (begins <= day and (ends is None or ends >= day)) == working(site, day), n


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["licence", "cv"]), spans.filter(bool)), max_size=4))
def test_a_clock_tells_each_end_once_and_then_is_still(found: list[Any]) -> None:
    world = world_of(add())
    for n, (kind, given_) in enumerate(found):
        for i, one in enumerate(valid(given_)):
            number = UUID(int=9000 + n * 10 + i)
            command = show(kind, one.valid_to, qualification_id=number, valid_from=one.valid_from)
            world.do(command)
    walk(world, 500)
    told = [(event.kind, event.valid_to) for event in world.events(TrainingExpired)]
    assert len(told) == len(set(told))
    assert wake_at(world.states[PI][1]) is None


def test_a_row_shows_what_somebody_has_and_what_has_ended() -> None:
    world = world_of(*trained_pi(TODAY + 20 * DAY), show("cv", None))
    world.now = NOW + 30 * DAY
    world.wake(PI)
    assert shown(world).expired == dict.fromkeys(REQUIRED["principal"], TODAY + 20 * DAY)
    assert (shown(world).expiring, shown(world).tasks) == ({}, ("consent",))
    world.do(show("licence", TODAY + 10 * DAY, qualification_id=UUID(int=7)))
    assert "licence" in shown(world).expired
    world.do(show("licence", UNTIL))
    assert "licence" not in shown(world).expired
    world.do(EndInvestigator(**of(PI), until=TODAY))
    assert (shown(world).until, shown(world).tasks, shown(world).role) == (TODAY, (), "principal")


def shown(world: World) -> InvestigatorRow:
    row: InvestigatorRow | None = None
    for message in world.told:
        for key in touched(investigator_keys, message):
            row = fold_investigator(row, message, key)
    assert row is not None
    return row


def test_evidence_of_training_by_hand_counts_no_more_once_people_are_known() -> None:
    world = world_of(*trained_pi())
    world.do(delegate(PI))
    by_hand = RecordGateEvidence(
        **AT, gate="training", evidence_id=UUID(int=90), valid_from=TODAY - timedelta(1)
    )
    world.do(by_hand)
    assert gate(world) is None
