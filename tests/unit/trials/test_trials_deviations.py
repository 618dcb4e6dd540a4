"""Deviations: reported once, annulled once, and those that missed deadlines are."""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from services.trials.commands.deviation import AnnulDeviation, ReportDeviation
from services.trials.domain.deviation import Deviation, DeviationEvent, decide, evolve
from services.trials.handlers import SERVICE
from services.trials.reactions.ids import missed
from shared.contracts.deadline import DeadlineMet, DeadlineMissed
from shared.contracts.message import Command, Facts, Recorded, Wake
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from tests.unit.trials.trials_world import NOW, TRIAL, recorded

TODAY = NOW.date()
DEVIATION, DEADLINE = UUID(int=31), UUID(int=32)
REPORT = ReportDeviation(
    deviation_id=DEVIATION, trial_id=TRIAL, category="consent", rules=("consent.version",), occurred_on=TODAY
)
ANNUL = AnnulDeviation(deviation_id=DEVIATION, trial_id=TRIAL, reason="another subject")
REPORTED = DeviationReported(
    deviation_id=DEVIATION, trial_id=TRIAL, category="consent", rules=("consent.version",), occurred_on=TODAY
)
ANNULLED = DeviationAnnulled(deviation_id=DEVIATION, trial_id=TRIAL, reason="another subject")
MISSED = DeadlineMissed(
    deadline_id=DEADLINE,
    code="us_ind_15_day",
    due_on=TODAY,
    subject_kind="report",
    subject_id=UUID(int=33),
    citation="21 CFR 312.32(c)(1)",
    owner="sponsor",
)
React = Callable[[Recorded[Any], Facts], list[Command]]
SOURCES = pytest.mark.parametrize(
    "react", [SERVICE.reactions_to(source).react for source in ("regulatory", "safety", "retrieval")]
)


def given(*events: DeviationEvent) -> Deviation:
    return reduce(evolve, events, Deviation())


def test_a_deviation_is_kept_as_it_was_reported() -> None:
    assert decide(given(), REPORT, Facts(), NOW) == [REPORTED]


def test_a_deviation_is_reported_once() -> None:
    assert decide(given(REPORTED), REPORT, Facts(), NOW) == []


def test_a_correction_that_leaves_nothing_of_it_annuls_it_once() -> None:
    assert decide(given(REPORTED), ANNUL, Facts(), NOW) == [ANNULLED]
    assert decide(given(REPORTED, ANNULLED), ANNUL, Facts(), NOW) == []


def test_a_deviation_that_was_annulled_is_not_reported_again() -> None:
    assert decide(given(REPORTED, ANNULLED), REPORT, Facts(), NOW) == []


def test_time_alone_makes_no_deviation() -> None:
    assert decide(given(REPORTED), Wake(stream=DEVIATION), Facts(), NOW) == []


@SOURCES
def test_a_deadline_missed_in_any_service_is_a_deviation_of_its_trial(react: React) -> None:
    message = replace(recorded(MISSED, DEADLINE), trial_id=TRIAL)
    assert react(message, Facts()) == [
        ReportDeviation(
            deviation_id=missed(DEADLINE),
            trial_id=TRIAL,
            category="deadline_missed",
            rules=("us_ind_15_day",),
            citation="21 CFR 312.32(c)(1)",
            occurred_on=TODAY,
            cause=DEADLINE,
        )
    ]


@SOURCES
def test_a_missed_deadline_of_no_trial_is_no_trials_deviation(react: React) -> None:
    assert react(recorded(MISSED, DEADLINE), Facts()) == []


@SOURCES
def test_a_deadline_that_was_met_is_no_deviation(react: React) -> None:
    met = DeadlineMet(deadline_id=DEADLINE, code="us_ind_15_day", due_on=TODAY, met_on=TODAY)
    assert react(replace(recorded(met, DEADLINE), trial_id=TRIAL), Facts()) == []


def test_a_deadline_has_one_deviation_whoever_tells_of_it() -> None:
    assert missed(DEADLINE) == missed(DEADLINE)
    assert missed(DEADLINE) not in (missed(DEVIATION), DEADLINE)
