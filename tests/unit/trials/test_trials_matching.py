"""Candidates against structured criteria: every verdict is shown, and nothing is guessed."""

from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.api.matching import Candidate, _given
from services.trials.commands.matching import GivenCriterion, RecordCriteria, RecordMatchingRun
from services.trials.domain import criteria, matching
from services.trials.domain.matching import Given, Verdict, counted, match, verdict
from services.trials.projections.guards import TrialGuard
from services.trials.projections.matching import (
    criteria_keys,
    fold_criteria,
    fold_matching,
    matching_keys,
)
from services.trials.rules import NAMESPACE
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.matching import CriteriaRecorded, Criterion, MatchingRun
from tests.support.touched import touched
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, recorded

AGE = Criterion(code="I1", kind="inclusion", attribute="age", low=18, high=75, section="5.1")
SUGAR = Criterion(code="I2", kind="inclusion", attribute="hba1c", low=7, unit="%")
HEART = Criterion(code="E1", kind="exclusion", attribute="condition", codes=("I21", "I22"))
ALL = (AGE, SUGAR, HEART)
FIT = {"age": Given(54), "hba1c": Given(7.4, "%"), "condition": Given(codes=("E11",))}
RECORD = RecordCriteria(
    trial_id=TRIAL,
    protocol_version="2.0",
    criteria=tuple(GivenCriterion(**criterion.model_dump()) for criterion in ALL),
)


@pytest.mark.parametrize(
    ("criterion", "known", "holds", "passes", "reason"),
    [
        (AGE, {"age": Given(18)}, True, True, None),
        (AGE, {"age": Given(75)}, True, True, None),
        (AGE, {"age": Given(17.9)}, False, False, None),
        (AGE, {"age": Given(75.1)}, False, False, None),
        (AGE, {}, None, None, "not_given"),
        (AGE, {"age": Given(codes=("adult",))}, None, None, "not_comparable"),
        (SUGAR, {"hba1c": Given(57, "mmol/mol")}, None, None, "unit_differs"),
        (SUGAR, {"hba1c": Given(99, "%")}, True, True, None),
        (HEART, {"condition": Given(codes=("I22", "E11"))}, True, False, None),
        (HEART, {"condition": Given(codes=("E11",))}, False, True, None),
        (HEART, {"condition": Given(1)}, None, None, "not_comparable"),
    ],
)
def test_a_criterion_says_whether_it_holds_and_whether_it_lets_them_in(
    criterion: Criterion, known: dict[str, Given], holds: bool | None, passes: bool | None, reason: str | None
) -> None:
    assert verdict(criterion, known) == Verdict(criterion.code, criterion.kind, holds, passes, reason)


def test_one_failure_decides_and_one_gap_leaves_open() -> None:
    candidates = {
        "C-1": FIT,
        "C-2": FIT | {"age": Given(80)},
        "C-3": {name: given for name, given in FIT.items() if name != "hba1c"},
        "C-4": {"age": Given(80)},
    }
    found = match(ALL, candidates)
    assert [(one.candidate, one.outcome) for one in found] == [
        ("C-1", "eligible"),
        ("C-2", "ineligible"),
        ("C-3", "undecided"),
        ("C-4", "ineligible"),
    ]
    assert all(len(one.verdicts) == len(ALL) for one in found)


def test_what_is_kept_of_a_matching_are_counts() -> None:
    run = CriteriaRecorded(trial_id=TRIAL, protocol_version="2.0", criteria=ALL)
    kept = counted(run, SITE, match(ALL, {"C-1": FIT, "C-2": {"age": Given(80)}}))
    assert (kept.candidates, kept.eligible, kept.ineligible, kept.undecided) == (2, 1, 1, 0)
    assert (kept.failed, kept.unknown) == ({"I1": 1}, {"I2": 1, "E1": 1})
    assert kept.stream_id == uuid5(NAMESPACE, f"matching|{TRIAL}|{SITE}")
    assert "C-1" not in kept.model_dump_json()


NUMBERS = st.floats(-100, 100, allow_nan=False)


@given(st.dictionaries(st.sampled_from(["age", "hba1c", "condition"]), st.builds(Given, NUMBERS, st.none())))
def test_knowing_more_never_turns_a_failure_into_something_else(known: dict[str, Given]) -> None:
    (before,) = match(ALL, {"C": known})
    (after,) = match(ALL, {"C": FIT | known})
    failed = {one.criterion for one in before.verdicts if one.passes is False}
    assert failed <= {one.criterion for one in after.verdicts if one.passes is False}
    if before.outcome == "ineligible":
        assert after.outcome == "ineligible"


@given(NUMBERS, NUMBERS, NUMBERS)
def test_exclusion_is_the_opposite_of_inclusion(value: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    inside = Criterion(code="X", kind="inclusion", attribute="a", low=low, high=high)
    outside = inside.model_copy(update={"kind": "exclusion"})
    known = {"a": Given(value)}
    assert verdict(inside, known).passes is not verdict(outside, known).passes


def test_criteria_are_recorded_once_and_replaced() -> None:
    state = criteria.Criteria()
    (event,) = criteria.decide(state, RECORD, Facts(TrialGuard(TRIAL, "approved")), NOW)  # type: ignore[misc]
    assert isinstance(event, CriteriaRecorded)
    assert event.criteria == ALL
    state = criteria.evolve(state, event)
    assert criteria.decide(state, RECORD, Facts(), NOW) == []
    newer = RECORD.model_copy(update={"protocol_version": "3.0"})
    assert criteria.decide(state, newer, Facts(), NOW) != []
    assert criteria.decide(state, Wake(stream=TRIAL), Facts(), NOW) == []
    assert RECORD.stream_id == newer.stream_id


def test_a_finished_trial_asks_for_nobody_any_more() -> None:
    refused = criteria.decide(criteria.Criteria(), RECORD, Facts(TrialGuard(TRIAL, "completed")), NOW)
    assert isinstance(refused, Refusal)
    assert refused.rule == "trial.finished"
    assert [need.row for need in RECORD.needs()] == [TrialGuard]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"low": 1, "codes": ("A",)},
        {"codes": ("A",), "unit": "%"},
        {"low": 2, "high": 1},
        {"low": float("nan")},
    ],
)
def test_a_criterion_that_means_nothing_is_no_criterion(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GivenCriterion.model_validate({"code": "I1", "kind": "inclusion", "attribute": "age"} | wrong)


def test_a_code_of_a_criterion_stands_once() -> None:
    with pytest.raises(ValidationError):
        RecordCriteria(trial_id=TRIAL, protocol_version="1", criteria=RECORD.criteria * 2)


def test_the_rows_tell_the_criteria_and_the_counts() -> None:
    told = recorded(CriteriaRecorded(trial_id=TRIAL, protocol_version="2.0", criteria=ALL), TRIAL)
    assert (touched(criteria_keys, told), touched(matching_keys, told)) == (((TRIAL,),), ())
    assert fold_criteria(None, told, (TRIAL,)).criteria == ALL
    run = RecordMatchingRun(
        trial_id=TRIAL,
        site_id=SITE,
        run_id=UUID(int=70),
        protocol_version="2.0",
        candidates=3,
        eligible=1,
        ineligible=1,
        undecided=1,
        failed={"I1": 1},
        unknown={"I2": 1},
    )
    state = matching.Runs()
    (event,) = matching.decide(state, run, Facts(), NOW)
    assert event == MatchingRun(**run.model_dump())
    assert matching.decide(matching.evolve(state, event), run, Facts(), NOW) == []
    assert matching.decide(state, Wake(stream=run.stream_id), Facts(), NOW) == []
    kept = recorded(event, run.stream_id)
    assert (touched(criteria_keys, kept), touched(matching_keys, kept)) == ((), ((UUID(int=70),),))
    assert fold_matching(None, kept, (UUID(int=70),)).run_at == NOW


def test_attributes_come_as_numbers_measured_values_and_codes() -> None:
    said = {"age": 54, "hba1c": {"value": 7.4, "unit": "%"}, "sex": "female", "condition": ["E11", "I10"]}
    candidate = Candidate.model_validate({"code": "C-1", "attributes": said})
    assert _given(candidate) == {
        "age": Given(54.0),
        "hba1c": Given(7.4, "%"),
        "sex": Given(codes=("female",)),
        "condition": Given(codes=("E11", "I10")),
    }
