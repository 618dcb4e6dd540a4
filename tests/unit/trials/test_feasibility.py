"""Feasibility: what may be asked and answered, the reminder, and a score that can be computed again."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.commands.feasibility import AnswerFeasibility, Asked, Said, SendFeasibility
from services.trials.domain import site
from services.trials.domain.feasibility_score import factors, misfit, score
from services.trials.projections.facilities import RegistryRecord
from services.trials.projections.feasibility import FeasibilityRow, feasibility_keys, fold_feasibility
from services.trials.rules.facilities import facility_key, place_key, plain
from services.trials.rules.feasibility import REGISTRY
from services.trials.rules.registry_countries import code_of
from shared.contracts.message import Refusal
from shared.contracts.trials.feasibility import (
    Answer,
    Factor,
    FeasibilityCompleted,
    FeasibilityOverdue,
    FeasibilitySent,
    Question,
    RegistryFactor,
)
from tests.support.touched import touched
from tests.unit.trials.test_site_states import ANSWER, ASK, AT, FORM, SEND, SUITABLE, TODAY, at
from tests.unit.trials.trials_world import SITE, World

DAY = timedelta(days=1)
RECORD = RegistryRecord(
    SITE,
    facility="a hospital|a city|US",
    trials=9,
    similar=2,
    speed=0.25,
    speed_trials=4,
    competing_facility=1,
    competing_city=5,
    as_of=TODAY - timedelta(days=100),
)
QUESTIONS = (
    Question(code="nurse", kind="yes_no", weight=10),
    Question(code="patients", kind="number", weight=30, target=20),
    Question(code="pharmacy", kind="choice", weight=20, options={"own": 1, "shared": 0.5, "none": 0}),
)
ANSWERS = (
    Answer(code="nurse", value=True),
    Answer(code="patients", value=15),
    Answer(code="pharmacy", value="shared"),
)


def test_the_score_is_the_weighted_mean_of_what_is_known() -> None:
    found = factors(QUESTIONS, ANSWERS, {}, RECORD, TODAY)
    assert {one.name: (one.weight, one.value) for one in found} == {
        "question.nurse": (10, 1),
        "question.patients": (30, 0.75),
        "question.pharmacy": (20, 0.5),
        "registry.similar_trials": (15, 0.4),
        "registry.enrolment_speed": (15, 0.25),
        "registry.competing_trials": (10, 0.6),
    }
    # 10 + 22.5 + 10 + 6 + 3.75 + 6 = 58.25 of 100
    assert score(found) == (58.2, 1.0)


def test_a_factor_of_which_nothing_is_known_counts_neither_way() -> None:
    unknown = RegistryRecord(SITE, facility="a hospital|a city|US")
    found = {one.name: one for one in factors(QUESTIONS, ANSWERS, {}, unknown, TODAY)}
    assert found["registry.enrolment_speed"].value is None
    assert found["registry.similar_trials"].value == 0
    mean, covered = score(found.values())
    assert (mean, covered) == (round(100 * (10 + 22.5 + 10 + 0 + 10) / 85, 1), 0.85)


@pytest.mark.parametrize("record", [None, RegistryRecord(SITE)])
def test_a_place_that_the_registry_does_not_name_has_no_value_and_says_so(record: Any) -> None:
    found = factors((), (), {}, record, TODAY)
    assert [(one.value, one.stale, one.inputs["facility"]) for one in found] == [(None, True, None)] * 3
    assert score(found) == (None, 0.0)


def test_evidence_of_two_years_ago_is_marked_stale() -> None:
    for days, stale in ((730, False), (731, True)):
        old = RegistryRecord(SITE, facility="a|b|US", as_of=TODAY - timedelta(days=days))
        assert {one.stale for one in factors((), (), {}, old, TODAY)} == {stale}


def test_a_questionnaire_weighs_the_registry_as_it_likes() -> None:
    weights: dict[RegistryFactor, float] = {"similar_trials": 0, "enrolment_speed": 99}
    found = {one.name: one.weight for one in factors((), (), weights, RECORD, TODAY)}
    assert found == {
        "registry.similar_trials": 0,
        "registry.enrolment_speed": 99,
        "registry.competing_trials": 10,
    }


values = st.none() | st.floats(0, 1)
some_factors = st.lists(
    st.builds(
        Factor,
        name=st.just("a"),
        weight=st.floats(0.001, 1000) | st.just(0.0),
        value=values,
        inputs=st.just({}),
    ),
    max_size=20,
)


@given(some_factors)
def test_a_score_lies_between_nothing_and_a_hundred(found: list[Factor]) -> None:
    mean, covered = score(found)
    assert mean is None or 0 <= mean <= 100
    assert 0 <= covered <= 1


@given(some_factors, st.sampled_from([0.5, 2.0, 4.0]))
def test_only_the_relation_of_weights_matters(found: list[Factor], times: float) -> None:
    scaled = [one.model_copy(update={"weight": one.weight * times}) for one in found]
    (was, before), (now, after) = score(found), score(scaled)
    assert (was is None) == (now is None)
    assert was is None or now is None or abs(was - now) <= 0.1
    assert abs(before - after) <= 0.0001


def test_what_is_fixed_can_be_computed_again_from_the_event_alone() -> None:
    world = at("feasibility_sent")
    world.guards[RegistryRecord, (SITE,)] = RECORD
    world.do(ANSWER)
    world.do(SUITABLE)
    (fixed,) = world.events(FeasibilityCompleted)
    (sent,) = world.events(FeasibilitySent)
    assert (fixed.score, fixed.covered) == score(fixed.factors)
    shown = {one.name: one.inputs for one in fixed.factors}
    told = RegistryRecord(
        SITE,
        facility=shown["registry.similar_trials"]["facility"],
        trials=shown["registry.similar_trials"]["trials"],
        similar=shown["registry.similar_trials"]["similar"],
        speed=shown["registry.enrolment_speed"]["speed"],
        speed_trials=shown["registry.enrolment_speed"]["speed_trials"],
        competing_facility=shown["registry.competing_trials"]["at_facility"],
        competing_city=shown["registry.competing_trials"]["in_city"],
        as_of=date.fromisoformat(shown["registry.similar_trials"]["as_of"]),
    )
    again = factors(sent.questions, world.site().answers, sent.weights, told, fixed.completed_on)
    assert again == fixed.factors


def test_the_capacity_is_the_answer_to_the_question_named() -> None:
    world = at("identified")
    world.do(SEND.model_copy(update={"capacity": "beds"}))
    world.do(ANSWER)
    world.do(SUITABLE)
    assert world.events(FeasibilityCompleted)[0].capacity == 5


def test_a_judgement_may_be_changed_until_the_visit_is_planned() -> None:
    world = at("feasibility_received")
    again = SUITABLE.model_copy(update={"outcome": "unsuitable"})
    assert not isinstance(world.do(again), Refusal)
    assert [event.outcome for event in world.events(FeasibilityCompleted)] == ["suitable", "unsuitable"]


def test_a_silent_site_is_reminded_of_once_after_the_due_day_where_it_is() -> None:
    world = at("feasibility_sent")
    due = site.wake_at(world.site())
    assert due
    assert due.date() == SEND.due_on + DAY
    world.now = due - timedelta(seconds=1)
    world.wake(SITE)
    assert world.events(FeasibilityOverdue) == []
    world.now = due
    world.wake(SITE)
    world.wake(SITE)
    assert [event.due_on for event in world.events(FeasibilityOverdue)] == [SEND.due_on]
    assert site.wake_at(world.site()) is None
    assert not isinstance(world.do(ANSWER), Refusal)


@pytest.mark.parametrize(
    ("question", "value", "fits"),
    [
        (QUESTIONS[0], True, True),
        (QUESTIONS[0], 1, False),
        (QUESTIONS[1], 0, True),
        (QUESTIONS[1], 1.5, True),
        (QUESTIONS[1], -1, False),
        (QUESTIONS[1], True, False),
        (QUESTIONS[1], "many", False),
        (QUESTIONS[2], "own", True),
        (QUESTIONS[2], "rented", False),
    ],
)
def test_an_answer_is_of_its_questions_kind(question: Question, value: Any, fits: bool) -> None:
    assert (misfit(question, value) is None) == fits


@pytest.mark.parametrize("codes", [("beds", "beds"), ("nurses",), ("beds", "nurses")])
def test_each_question_has_one_answer(codes: tuple[str, ...]) -> None:
    given_ = AnswerFeasibility.model_construct(
        **AT, questionnaire_id=FORM, answers=tuple(Said(code=code, value=1) for code in codes)
    )
    refusal = at("feasibility_sent").do(given_)
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.field) == ("feasibility.answers", "answers")


def asked(**fields: Any) -> dict[str, Any]:
    return {"code": "beds", "kind": "number", "weight": 1, "target": 10, **fields}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"questions": (asked(), asked())}, "two questions"),
        ({"questions": (asked(weight=0),)}, "no question has a weight"),
        ({"questions": (asked(target=None),)}, "exactly a number"),
        ({"questions": (asked(target=0),)}, "greater than 0"),
        ({"questions": (asked(kind="yes_no"),)}, "exactly a number"),
        ({"questions": (asked(kind="choice", target=None),)}, "exactly a choice"),
        ({"questions": (asked(weight=float("nan")),)}, "finite"),
        ({"questions": ()}, "at least 1"),
        ({**ASK, "capacity": "rooms"}, "names no question"),
        ({**ASK, "weights": {"mood": 1}}, "similar_trials"),
        ({**ASK, "due_on": "2026-02-30"}, "valid date"),
    ],
)
def test_a_questionnaire_that_cannot_be_scored_is_not_taken(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SendFeasibility(**{**AT, **ASK, "due_on": TODAY, **fields})


@pytest.mark.parametrize(
    "value", ["two nurses, one of them called Mary Jones\n", float("inf"), None, (), 10**40, -1e12]
)
def test_an_answer_is_never_a_text_or_without_bounds(value: Any) -> None:
    with pytest.raises(ValidationError):
        Said(code="beds", value=value)


def test_a_question_may_be_a_choice_of_codes() -> None:
    assert Asked(code="p", kind="choice", weight=1, options={"own": 1}).options == {"own": 1}


def test_a_row_shows_how_far_the_questionnaire_is() -> None:
    world: World = at("feasibility_sent")
    shown: list[str | None] = []
    row: FeasibilityRow | None = None
    world.now += timedelta(days=3)
    world.wake(SITE)
    world.do(ANSWER)
    world.do(SUITABLE)
    for message in world.told:
        for key in touched(feasibility_keys, message):
            row = fold_feasibility(row, message, key)
            shown.append(row.status)
    assert shown == ["sent", "overdue", "received", "completed"]
    assert row is not None
    assert (row.due_on, row.outcome, row.score) == (SEND.due_on, "suitable", 50.0)
    assert row.weights == {name: rule.weight for name, rule in REGISTRY.items()}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dana-Farber Cancer Institute", "Dana Farber Cancer Institute"),
        ("Princess Máxima Center", "PRINCESS MAXIMA CENTER"),
        ("Montefiore Medical Center-Site Number:8400012", "Montefiore Medical Center"),
        ("Chaim Sheba Medical Center ( Site 1302)", "Chaim Sheba Medical Center"),
        ("M D Anderson Cancer Center", "M.D. Anderson Cancer Center"),
        ("Hattiesburg Clinic Hematology & Oncology", "Hattiesburg Clinic Hematology and Oncology"),
        ("St. Luke's Hospital", "St Lukes Hospital"),
    ],
)
def test_spellings_of_one_facility_are_one(one: str, other: str) -> None:
    assert facility_key(one, "A City", "United States") == facility_key(other, "a  city", "US")


@pytest.mark.parametrize(
    "name",
    [
        "Research Site",
        "GSK Investigational Site",
        "Novartis Investigative Site",
        "Investigational center",
        "Study Site 12",
        "Local Institution - 0058",
        "Site 7",
        "1234",
        "",
        None,
    ],
)
def test_the_place_holder_of_a_sponsor_names_no_facility(name: str | None) -> None:
    assert facility_key(name, "A City", "United States") is None


@pytest.mark.parametrize("name", ["Clinical Research Center of Florida", "Alabama Research Center"])
def test_a_centre_that_is_named_after_research_is_a_facility(name: str) -> None:
    assert facility_key(name, "A City", "US") is not None


@pytest.mark.parametrize(
    ("city", "country"), [(None, "US"), ("A City", None), ("", "US"), ("...", "US"), ("A City", "")]
)
def test_without_city_and_country_there_is_no_place(city: str | None, country: str | None) -> None:
    assert place_key(city, country) is None
    assert facility_key("A hospital", city, country) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("US", "US"),
        ("United States", "US"),
        ("Korea, Republic of", "KR"),
        ("South Korea", "KR"),
        ("Turkey (Türkiye)", "TR"),
        ("Côte D'Ivoire", "CI"),
        ("Atlantis", "ATLANTIS"),
    ],
)
def test_a_country_is_known_by_its_code_however_it_is_written(name: str, code: str) -> None:
    assert code_of(name) == code


@given(st.text(max_size=60))
def test_what_is_made_plain_stays_so(text: str) -> None:
    assert plain(plain(text)) == plain(text)


def test_another_questionnaire_than_the_one_sent_has_no_answers() -> None:
    other = ANSWER.model_copy(update={"questionnaire_id": UUID(int=61)})
    refusal = at("feasibility_sent").do(other)
    assert isinstance(refusal, Refusal)
    assert refusal.field == "questionnaire_id"


def test_a_score_that_is_stored_is_read_back_in_full() -> None:
    world = at("feasibility_received")
    (fixed,) = world.events(FeasibilityCompleted)
    assert None in {one.value for one in fixed.factors}
    assert FeasibilityCompleted.model_validate_json(fixed.model_dump_json(exclude_none=True)) == fixed
