"""Programmes: begun once, what is told of them, and the trials that stand under them."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.commands.programme import (
    AddProgrammeTrial,
    BeginProgramme,
    DecideProgrammePhase,
    RecordPreclinicalMilestone,
    RecordProgrammeAuthorisation,
)
from services.trials.commands.trial import RegisterTrial
from services.trials.domain.programme import Programme, decide
from services.trials.projections import programme_guards as guards
from services.trials.projections import programmes as rows
from services.trials.projections import trials as trial_rows
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.programme import (
    PreclinicalMilestoneCompleted,
    ProgrammeAuthorisationRecorded,
    ProgrammeBegun,
    ProgrammeTrialAdded,
)
from shared.contracts.trials.site import SiteActivated
from shared.contracts.trials.trial import TrialPlanRecorded, TrialRegistered
from tests.support.touched import touched
from tests.unit.trials.test_programme_states import BEGUN
from tests.unit.trials.test_trials_chain import activate, gates_open
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, World, recorded

TODAY = NOW.date()
PROGRAMME, OTHER, PAPER = UUID(int=60), UUID(int=71), UUID(int=62)
BEGIN = BeginProgramme(
    programme_id=PROGRAMME,
    product="P-1",
    comparators=("placebo",),
    indication="asthma",
    sponsor="A  Sponsor",
)


def milestone(kind: Any = "toxicology", on: date = TODAY, id_: UUID = PAPER) -> RecordPreclinicalMilestone:
    return RecordPreclinicalMilestone(
        programme_id=PROGRAMME, milestone_id=id_, kind=kind, completed_on=on, document_ref="a report"
    )


def authorised(**fields: Any) -> RecordProgrammeAuthorisation:
    given: dict[str, Any] = {
        "programme_id": PROGRAMME,
        "authorisation_id": PAPER,
        "kind": "ind",
        "number": "IND 123456",
        "country": "US",
        "in_effect_on": TODAY,
    }
    return RecordProgrammeAuthorisation(**given | fields)


def decision(phase: Any = "I") -> DecideProgrammePhase:
    return DecideProgrammePhase(
        programme_id=PROGRAMME,
        phase=phase,
        evidence=({"document_ref": "minutes"},),  # type: ignore[arg-type]
        decided_on=TODAY,
        meaning="approval",
    )


def register(trial_id: UUID = TRIAL, **fields: Any) -> RegisterTrial:
    given: dict[str, Any] = {"title": "A trial", "sponsor": "A sponsor", "phases": ("PHASE1",)}
    return RegisterTrial(trial_id=trial_id, **given | {"programme_id": PROGRAMME} | fields)


def begun() -> World:
    world = World()
    world.do(BEGIN)
    return world


def test_a_programme_begins_once() -> None:
    world = begun()
    assert len(world.events(ProgrammeBegun)) == 1
    assert world.do(BEGIN) == []
    assert world.do(BEGIN.model_copy(update={"indication": "copd"})) == Refusal(
        "programme.already_begun", "the programme was begun otherwise", "preclinical"
    )


@pytest.mark.parametrize("command", [milestone(), authorised(), decision()])
def test_nothing_is_told_of_a_programme_that_nobody_began(command: Any) -> None:
    assert World().do(command) == Refusal(
        "programme.unknown", "there is no programme with this id", None, "programme_id"
    )


def test_time_alone_moves_no_programme() -> None:
    assert decide(Programme(), Wake(stream=PROGRAMME), Facts(), NOW) == []


def test_a_study_told_again_changes_nothing_and_told_otherwise_takes_its_place() -> None:
    world = begun()
    world.do(milestone())
    assert world.do(milestone()) == []
    world.do(milestone(on=TODAY - timedelta(days=1)))
    assert [e.completed_on for e in world.events(PreclinicalMilestoneCompleted)] == [
        TODAY,
        TODAY - timedelta(days=1),
    ]


def test_a_study_of_a_day_to_come_is_kept_marked_and_a_deviation_of_each_trial() -> None:
    world = begun()
    world.do(register())
    world.do(milestone(on=TODAY + timedelta(days=3)))
    (told,) = world.events(PreclinicalMilestoneCompleted)
    assert (told.breaks, told.trial_ids) == (("programme.in_future",), (TRIAL,))
    (deviation,) = world.events(DeviationReported)
    assert (deviation.trial_id, deviation.rules) == (TRIAL, ("programme.in_future",))
    assert world.do(milestone(on=TODAY + timedelta(days=3))) == []


def test_an_authorisation_stands_as_it_was_told_last() -> None:
    world = begun()
    world.do(authorised())
    assert world.do(authorised()) == []
    world.do(authorised(withdrawn_on=TODAY))
    assert [e.withdrawn_on for e in world.events(ProgrammeAuthorisationRecorded)] == [None, TODAY]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"withdrawn_on": TODAY - timedelta(days=1)}, "withdrawn_on: before in_effect_on"),
        ({"country": "EU"}, "country: only a marketing authorisation is of the whole Union"),
        ({"country": "XX"}, "not the ISO 3166 code of a country"),
        ({"covers": tuple(UUID(int=n) for n in range(1001))}, "at most 1000 items"),
    ],
)
def test_an_authorisation_that_cannot_be_is_not_taken(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        authorised(**fields)


def test_a_programme_is_begun_in_the_name_of_no_trial() -> None:
    with pytest.raises(ValidationError, match="trial_id: a programme is its sponsor's and no trial's"):
        BeginProgramme.model_validate(BEGIN.model_dump() | {"trial_id": TRIAL})


def test_an_authorisation_says_which_trials_are_under_it() -> None:
    union = authorised(kind="marketing_authorisation", country="EU", covers=(TRIAL, OTHER))
    assert union.also_trials() == (TRIAL, OTHER)


def test_a_decision_names_its_evidence() -> None:
    with pytest.raises(ValidationError, match="at least 1 item"):
        DecideProgrammePhase.model_validate(decision().model_dump() | {"evidence": ()})


def test_a_trial_registered_under_a_programme_stands_under_it_with_all_that_was_reached() -> None:
    world = begun()
    world.do(milestone())
    world.do(milestone("laboratory", id_=OTHER))
    world.do(authorised())
    world.do(decision())
    world.do(register())
    (added,) = world.events(ProgrammeTrialAdded)
    assert (added.trial_id, added.phase, len(added.milestones), len(added.authorisations)) == (
        TRIAL,
        "I",
        2,
        1,
    )
    assert world.do(AddProgrammeTrial(programme_id=PROGRAMME, added=TRIAL)) == []
    standing = world.guard(guards.ProgrammeStanding, TRIAL)
    assert (standing.programme_id, standing.phases, standing.phase) == (PROGRAMME, ("PHASE1",), "I")


def test_a_programme_that_nobody_began_takes_no_trial() -> None:
    assert World().do(register()) == Refusal(
        "programme.unknown", "there is no programme with this id", None, "programme_id"
    )


def test_a_programme_of_another_sponsor_takes_no_trial() -> None:
    assert begun().do(register(sponsor="Another")) == Refusal(
        "programme.other_sponsor", "another sponsor's programme", None, "programme_id"
    )


@pytest.mark.parametrize("phases", [(), ("PHASE9",), ("PHASE1", "phase 2")])
def test_in_a_programme_a_trial_has_a_phase_of_the_registry(phases: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="phases: in a programme one or more of"):
        register(phases=phases)


def test_a_trial_without_a_programme_gets_one_by_the_same_plan_and_no_other_way() -> None:
    world = begun()
    world.do(register(programme_id=None))
    assert not world.events(ProgrammeTrialAdded)
    assert isinstance(world.do(register(title="Another")), Refusal)
    world.do(register())
    assert world.events(TrialPlanRecorded)[0].programme_id == PROGRAMME
    assert world.events(ProgrammeTrialAdded)[0].trial_id == TRIAL
    assert isinstance(world.do(register(programme_id=None)), Refusal)


def test_a_site_is_not_activated_before_its_programme_is_ready() -> None:
    world = begun()
    world.do(register(route="us_ind", target=2))
    gates_open(world)
    refused = world.do(activate())
    assert isinstance(refused, Refusal)
    assert refused.rule == "phase.not_reached"
    world.do(milestone())
    world.do(milestone("laboratory", id_=OTHER))
    world.do(decision())
    world.do(activate())
    assert world.events(SiteActivated)
    assert world.do(activate()) == []


def test_the_page_of_a_programme_shows_what_led_to_its_phase() -> None:
    world = begun()
    world.do(milestone())
    world.do(milestone(on=TODAY - timedelta(days=1)))
    world.do(milestone("laboratory", id_=OTHER))
    world.do(authorised())
    world.do(authorised(withdrawn_on=TODAY))
    world.do(decision())
    world.do(register())
    row = folded(world)[rows.ProgrammeRow, (PROGRAMME,)]
    assert (row.product, row.phase, row.phase_since, row.trials) == ("P-1", "I", TODAY, 1)
    assert [(m.kind, m.completed_on) for m in row.milestones] == [
        ("toxicology", TODAY - timedelta(days=1)),
        ("laboratory", TODAY),
    ]
    assert [a.withdrawn_on for a in row.authorisations] == [TODAY]
    assert [(d.before, d.after) for d in row.decisions] == [("preclinical", "I")]
    assert folded(world)[trial_rows.TrialRow, (TRIAL,)].programme_id == PROGRAMME


def folded(world: World, order: Any = None) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    folds: tuple[tuple[Any, Any, Any], ...] = (
        (guards.ProgrammeGuard, guards.programme_guard_keys, guards.fold_programme_guard),
        (guards.ProgrammeStanding, guards.programme_standing_keys, guards.fold_programme_standing),
        (rows.ProgrammeRow, rows.programme_keys, rows.fold_programme),
        (trial_rows.TrialRow, trial_rows.trial_keys, trial_rows.fold_trial),
    )
    for message in order or world.told:
        for row, keys, fold in folds:
            for key in touched(keys, message):
                found[row, key] = fold(found.get((row, key)), message, key)
    return found


commands = st.one_of(
    st.builds(milestone, st.sampled_from(["toxicology", "laboratory"]), st.just(TODAY), st.uuids()),
    st.builds(lambda id_: authorised(authorisation_id=id_), st.sampled_from([PAPER, OTHER])),
    st.builds(decision, st.sampled_from(["I", "II"])),
    st.builds(register, st.sampled_from([TRIAL, OTHER])),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(commands, max_size=12), st.randoms(use_true_random=False))
def test_what_a_trial_knows_of_its_programme_does_not_depend_on_the_order_of_streams(
    history: list[Any], random: Any
) -> None:
    world = begun()
    for command in history:
        world.do(command)
    streams: dict[UUID, list[Any]] = {}
    for message in world.told:
        streams.setdefault(message.stream_id, []).append(message)
    shuffled: list[Any] = []
    while streams:
        stream = random.choice(sorted(streams))
        shuffled.append(streams[stream].pop(0))
        if not streams[stream]:
            del streams[stream]
    assert folded(world) == folded(world, shuffled)


def test_folds_pass_over_what_is_not_theirs() -> None:
    world = World()
    world.do(register(programme_id=None))
    (message,) = [m for m in world.told if isinstance(m.data, TrialRegistered)]
    assert touched(guards.programme_standing_keys, message) == ()
    assert touched(rows.programme_keys, message) == ()
    alone = rows.fold_programme(None, message, (PROGRAMME,))
    assert alone.product is None
    standing = guards.ProgrammeStanding(TRIAL, phase="I")
    begins = recorded(BEGUN, PROGRAMME)
    assert guards.fold_programme_standing(standing, begins, (TRIAL,)) == standing


def test_a_programme_belongs_to_the_sponsor_that_it_names() -> None:
    assert BEGIN.sponsor_name() == "A  Sponsor"


def ha_ok(world: World) -> Any:
    return world.site().gates.open.get("ha_ok")


def under(**fields: Any) -> World:
    """An activated site of a trial under a programme with an IND."""
    world = World()
    world.do(BEGIN)
    world.do(register(phases=("NA",)))
    gates_open(world)
    world.do(authorised(**fields))
    world.do(activate())
    assert ha_ok(world)
    return world


@pytest.mark.parametrize("covers", [(), (TRIAL,)])
def test_an_ind_that_is_withdrawn_closes_the_gate_and_one_told_to_stand_opens_it(covers: Any) -> None:
    world = under(covers=covers)
    soon = TODAY + timedelta(days=3)
    world.do(authorised(covers=covers, withdrawn_on=soon))
    assert ha_ok(world).valid_to == soon - timedelta(days=1)
    world.now = NOW + timedelta(days=3)
    world.wake(SITE)
    assert (ha_ok(world), world.site().status) == (None, "suspended")
    world.do(authorised(covers=covers))
    assert (ha_ok(world).valid_to, world.site().status) == (None, "activated")


@pytest.mark.parametrize(
    "fields",
    [
        {"covers": (UUID(int=999),)},
        {"country": "CA", "kind": "cta"},
        {"kind": "marketing_authorisation"},
        {"in_effect_on": TODAY - timedelta(days=9), "withdrawn_on": TODAY},
    ],
)
def test_what_the_trial_does_not_rest_on_closes_no_gate(fields: dict[str, Any]) -> None:
    world = under(**fields)
    world.do(authorised(**{"withdrawn_on": TODAY} | fields))
    assert ha_ok(world).valid_to is None


@pytest.mark.parametrize(("since", "stands"), [(0, True), (3, True), (4, False)])
def test_another_ind_that_follows_without_a_gap_keeps_the_gate(since: int, stands: bool) -> None:
    world = under()
    first = TODAY + timedelta(days=since)
    world.do(authorised(authorisation_id=UUID(int=63), number="IND 7", in_effect_on=first))
    world.do(authorised(withdrawn_on=TODAY + timedelta(days=3)))
    assert (ha_ok(world).valid_to is None) == stands


def test_a_trial_that_comes_under_a_programme_has_what_was_withdrawn_before() -> None:
    world = World()
    world.do(BEGIN)
    world.do(authorised(withdrawn_on=TODAY + timedelta(days=1), covers=(TRIAL,)))
    world.do(register(phases=("NA",), programme_id=None))
    gates_open(world)
    assert ha_ok(world).valid_to is None
    world.do(register(phases=("NA",)))
    assert ha_ok(world).valid_to == TODAY
