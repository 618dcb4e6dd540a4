"""Every pair of an engagement's statuses: allowed steps happen, all others are refused, and so do guards."""

from itertools import product
from typing import get_args

import pytest

from services.trials.domain.engagement import Engagement, evolve
from services.trials.rules.engagement import GUARDS, TRANSITIONS
from shared.contracts.message import Refusal
from shared.contracts.trials.engagement import EngagementStatus
from tests.unit.trials.engagement_steps import DAY, TODAY, WAYS, at, consider, given, judge, made_of, step

STATUSES: tuple[EngagementStatus, ...] = get_args(EngagementStatus)
ALLOWED = [(before, after) for before in STATUSES for after in TRANSITIONS.get(before, ())]
# What is done already: the same command again, which changes nothing.
REPEATED = {(status, one) for status, way in WAYS.items() for one in way}


def before(status: EngagementStatus, after: EngagementStatus) -> Engagement:
    """In this status, with what its guards want."""
    state = at(status)
    return given([judge()], state) if (status, after) == ("pilot", "engaged") else state


@pytest.mark.parametrize(("status", "after"), ALLOWED)
def test_each_allowed_step_happens_by_its_command(status: EngagementStatus, after: EngagementStatus) -> None:
    state = before(status, after)
    made = made_of(state, step(after, TODAY + DAY))
    assert not isinstance(made, Refusal)
    (event,) = made
    assert evolve(state, event).status == after


@pytest.mark.parametrize(
    ("status", "after"),
    [
        pair
        for pair in product(STATUSES, STATUSES)
        if pair not in ALLOWED and pair[1] != "considered" and pair not in REPEATED
    ],
)
def test_every_other_step_is_refused_with_its_rule(status: EngagementStatus, after: EngagementStatus) -> None:
    made = made_of(at(status), step(after))
    assert isinstance(made, Refusal)
    assert (made.rule, made.state) == ("engagement.transition", status)


@pytest.mark.parametrize(("status", "after"), sorted(REPEATED))
def test_a_step_that_was_taken_changes_nothing_when_it_comes_again(
    status: EngagementStatus, after: EngagementStatus
) -> None:
    assert made_of(at(status), step(after)) == []


@pytest.mark.parametrize(
    ("status", "after"),
    [pair for pair, rules in GUARDS.items() if "engagement.date_before_cause" in rules],
)
def test_no_step_is_dated_before_the_one_it_follows(
    status: EngagementStatus, after: EngagementStatus
) -> None:
    made = made_of(before(status, after), step(after, TODAY - DAY))
    assert isinstance(made, Refusal)
    assert (made.rule, made.state) == ("engagement.date_before_cause", status)
    assert made.field


# At this hour it is tomorrow already somewhere, and the day after nowhere.
AHEAD = TODAY + 2 * DAY


@pytest.mark.parametrize(("status", "after"), ALLOWED)
def test_no_step_is_dated_on_a_day_to_come(status: EngagementStatus, after: EngagementStatus) -> None:
    made = made_of(before(status, after), step(after, AHEAD))
    assert isinstance(made, Refusal)
    assert (made.rule, made.state) == ("engagement.date_in_future", status)
    assert made.field
    assert made.rule in GUARDS[status, after]


def test_a_pilot_is_widened_no_earlier_than_it_was_judged_and_ends_with_its_own_last_day() -> None:
    judged = given([judge(on=TODAY + DAY)], at("pilot"))
    early = made_of(judged, step("engaged"))
    assert isinstance(early, Refusal)
    assert (early.rule, early.field) == ("engagement.date_before_cause", "executed_on")
    assert not isinstance(made_of(judged, step("engaged", TODAY + DAY)), Refusal)
    assert not isinstance(made_of(judged, step("ended")), Refusal)


def test_a_pilot_is_not_widened_before_it_was_judged_nor_where_it_failed() -> None:
    unjudged = made_of(at("pilot"), step("engaged"))
    failed = made_of(given([judge(second=False)], at("pilot")), step("engaged"))
    assert isinstance(unjudged, Refusal)
    assert isinstance(failed, Refusal)
    assert (unjudged.rule, failed.rule) == (
        "engagement.pilot_not_evaluated",
        "engagement.pilot_not_passed",
    )
    assert {unjudged.rule, failed.rule} < set(GUARDS["pilot", "engaged"])


def test_the_guards_name_every_allowed_step_and_no_other() -> None:
    assert set(GUARDS) == set(ALLOWED)
    dated = {pair for pair, rules in GUARDS.items() if "engagement.date_before_cause" in rules}
    assert {pair for pair in ALLOWED if pair[0] != "considered"} == dated


@pytest.mark.parametrize("status", STATUSES)
def test_considering_again_changes_nothing_and_otherwise_is_refused(status: EngagementStatus) -> None:
    assert made_of(at(status), consider()) == []
    other = made_of(at(status), consider(name="Another CRO"))
    assert isinstance(other, Refusal)
    assert other.rule == "engagement.known"
