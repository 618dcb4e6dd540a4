"""The sample randomisation system's pure parts: what it takes from the topic, and how it allocates."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.stack.demo.randomiser import ARMS, BLOCK, FIELDS, Allocations, Permissions, drawn, request

TRIAL, SITE = str(uuid4()), str(uuid4())
REFUSED = {"answer": "refused", "rule": "hold.randomise"}


def active() -> Permissions:
    known = Permissions()
    known.take({"ce_type": "trials.site.activated.v1"}, {"trial_id": TRIAL, "site_id": SITE})
    return known


def word(known: Permissions, scope: str, version: int, *holds: str, **more: object) -> None:
    headers = {"ce_type": "trials.permissions.changed.v1", "ce_sequence": f"{version:020}"}
    told = {"scope_id": scope, "permissions": {"dose": [], "randomise": list(holds)}}
    known.take(headers, told | more)


def test_an_active_site_without_holds_is_open_and_any_other_is_not() -> None:
    assert active().refusal(TRIAL, SITE) is None
    refused = {"answer": "refused", "rule": "site.not_active", "holds": []}
    assert Permissions().refusal(TRIAL, SITE) == refused
    assert active().refusal(str(uuid4()), SITE) == refused


def test_the_holds_of_trial_and_site_count_each_by_its_latest_word() -> None:
    known = active()
    word(known, TRIAL, 4, "h-2")
    word(known, SITE, 9, "h-1", "h-2")
    assert known.refusal(TRIAL, SITE) == REFUSED | {"holds": ["h-1", "h-2"]}
    word(known, SITE, 11)
    assert known.refusal(TRIAL, SITE) == REFUSED | {"holds": ["h-2"]}
    word(known, TRIAL, 6)
    assert known.refusal(TRIAL, SITE) is None


@pytest.mark.parametrize(
    ("scope", "closed", "rule"),
    [
        (TRIAL, ["randomise", "dose"], "trial.not_active"),
        (SITE, ["randomise", "dose"], "site.not_active"),
        (TRIAL, ["screen", "enrol"], None),
        (SITE, ["screen", "enrol"], None),
    ],
)
def test_what_the_status_of_trial_or_site_closes_is_refused_until_it_is_open_again(
    scope: str, closed: list[str], rule: str | None
) -> None:
    known = active()
    word(known, scope, 4, closed=closed)
    refusal = known.refusal(TRIAL, SITE)
    assert (refusal and refusal["rule"]) == rule
    word(known, scope, 5)
    assert known.refusal(TRIAL, SITE) is None


def test_a_hold_on_an_arm_stops_all_for_the_others_would_be_filled_up() -> None:
    known = active()
    word(known, TRIAL, 4, arms={"A": {"randomise": [], "dose": ["h-3"]}})
    assert known.refusal(TRIAL, SITE) is None
    word(known, TRIAL, 5, arms={"A": {"randomise": [], "dose": ["h-3"]}, "B": {"randomise": ["h-4"]}})
    assert known.refusal(TRIAL, SITE) == REFUSED | {"holds": ["h-4"]}
    word(known, TRIAL, 6)
    assert known.refusal(TRIAL, SITE) is None


def test_a_word_that_comes_again_takes_nothing_back() -> None:
    known = active()
    word(known, SITE, 3, "h-1")
    word(known, SITE, 8)
    word(known, SITE, 3, "h-1")
    assert known.refusal(TRIAL, SITE) is None
    known.take({"ce_type": "trials.hold.applied.v1"}, {"hold_id": "h-7"})
    assert known.refusal(TRIAL, SITE) is None


def test_a_request_names_trial_site_subject_and_day_and_nothing_else_goes_on() -> None:
    asked = dict.fromkeys(FIELDS, "x")
    assert request(json.dumps(asked | {"more": 1})) == asked


@pytest.mark.parametrize("line", ["", "no JSON", "[]", '"text"', "{}", json.dumps(dict.fromkeys(FIELDS, 1))])
def test_a_line_that_is_no_request_is_none(line: str) -> None:
    assert request(line) is None


@given(st.integers(1, 60))
def test_every_whole_block_has_each_arm_alike_and_no_arm_is_ahead_by_more_than_half_a_block(
    subjects: int,
) -> None:
    arms: list[str] = []
    for number in range(1, subjects + 1):
        arms.append(drawn(arms))
        counts = [arms.count(arm) for arm in ARMS]
        assert max(counts) - min(counts) <= BLOCK // len(ARMS)
        if number % BLOCK == 0:
            assert max(counts) == min(counts)


def test_both_arms_come_first_in_a_block() -> None:
    assert {drawn([]) for _ in range(200)} == set(ARMS)


def test_blocks_are_of_each_site_and_a_number_is_given_once(tmp_path: Path) -> None:
    book, sites = Allocations(tmp_path / "file"), (str(uuid4()), str(uuid4()))
    subjects = [str(uuid4()) for _ in range(2 * BLOCK)]
    numbers = [book.allocate(sites[at % 2], subject) for at, subject in enumerate(subjects)]
    assert len(set(numbers)) == len(subjects)
    again = Allocations(tmp_path / "file")
    assert [again.number_of(subject) for subject in subjects] == numbers
    assert again.number_of(str(uuid4())) is None
    for site in sites:
        arms = [one["arm"] for one in again.made if one["site_id"] == site]
        assert sorted(arms) == sorted(ARMS * (BLOCK // len(ARMS)))
