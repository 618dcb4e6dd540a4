"""Subgroups: small counts never become an event, and gaps are shown where they can be known."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.commands.diversity import Cell, RecordSubgroupCounts
from services.trials.domain.diversity import Gap, Subgroups, decide, evolve, gaps, shown
from services.trials.projections.enrolment import (
    SubgroupCounts,
    SubgroupTarget,
    fold_subgroup_counts,
    subgroup_counts_keys,
)
from shared.contracts.message import Facts, Wake
from shared.contracts.trials.diversity import SubgroupCount, SubgroupCountsRecorded
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, recorded

TODAY = NOW.date()


def counted(enrolled: int, *cells: tuple[Any, str, int], **fields: Any) -> RecordSubgroupCounts:
    about: dict[str, Any] = {"trial_id": TRIAL, "as_of": TODAY, "source": "edc", "enrolled": enrolled}
    found = tuple(Cell(dimension=dimension, band=band, n=n) for dimension, band, n in cells)
    return RecordSubgroupCounts(**about | {"counts": found} | fields)


SEX = counted(30, ("sex", "M", 26), ("sex", "F", 4), ("age_group", "75+", 0))


def told(command: RecordSubgroupCounts, state: Subgroups | None = None) -> list[SubgroupCountsRecorded]:
    return decide(state or Subgroups(), command, Facts(), NOW)


def test_a_count_below_five_loses_its_number_before_it_is_an_event() -> None:
    (event,) = told(SEX)
    assert event.counts == (
        SubgroupCount(dimension="age_group", band="75+", n=None),
        SubgroupCount(dimension="sex", band="F", n=None),
        SubgroupCount(dimension="sex", band="M", n=26),
    )
    assert (event.enrolled, event.country, event.site_id) == (30, None, None)


@given(st.integers(0, 1000))
def test_no_number_below_five_is_ever_shown(n: int) -> None:
    assert shown(n) == (n if n >= 5 else None)


def test_a_site_with_few_subjects_shows_not_even_their_number() -> None:
    (event,) = told(counted(4, ("sex", "F", 4), site_id=SITE))
    assert (event.enrolled, event.counts[0].n, event.site_id) == (None, None, SITE)


def test_an_older_or_a_repeated_count_tells_nothing() -> None:
    (event,) = told(SEX)
    state = evolve(Subgroups(), event)
    older = SEX.model_copy(update={"as_of": TODAY - timedelta(days=1)})
    assert [told(SEX, state), told(older, state)] == [[], []]
    assert len(told(SEX.model_copy(update={"enrolled": 31}), state)) == 1
    assert decide(state, Wake(stream=SEX.stream_id), Facts(), NOW) == []


def test_trial_country_and_site_are_counted_apart() -> None:
    streams = {SEX.stream_id, counted(9, ("sex", "F", 9), country="US").stream_id}
    assert len(streams | {counted(9, ("sex", "F", 9), site_id=SITE).stream_id}) == 3


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"country": "US", "site_id": SITE}, "of a country or of a site"),
        ({"counts": (Cell(dimension="sex", band="F", n=1),) * 2}, "is counted once"),
        ({"enrolled": 29}, "the bands of sex are more than all subjects"),
        ({"counts": ()}, "counts"),
    ],
)
def test_a_count_that_cannot_be_is_no_count(fields: Any, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        RecordSubgroupCounts(**SEX.model_dump() | fields)


def row(command: RecordSubgroupCounts) -> SubgroupCounts:
    (event,) = told(command)
    message = recorded(event, command.stream_id)
    (key,) = subgroup_counts_keys(message)
    return fold_subgroup_counts(None, message, key)


def test_the_latest_count_is_shown_where_it_belongs() -> None:
    found = row(counted(9, ("sex", "F", 9), country="US"))
    assert (found.scope, found.country, found.enrolled, found.source) == ("US", "US", 9, "edc")
    assert found.counts == (SubgroupCount(dimension="sex", band="F", n=9),)


def goal(share: float | None, band: str = "F", dimension: str = "sex") -> SubgroupTarget:
    return SubgroupTarget(TRIAL, dimension, band, share)


def test_a_gap_is_the_share_and_the_subjects_that_are_lacking() -> None:
    found = row(counted(30, ("sex", "F", 12), ("sex", "M", 18)))
    assert gaps([goal(0.5), goal(0.5, "M"), goal(0.4)], found) == [
        Gap("sex", "F", 0.5, 12, 0.4, 0.1, 3),
        Gap("sex", "M", 0.5, 18, 0.6, -0.1, 0),
        Gap("sex", "F", 0.4, 12, 0.4, 0.0, 0),
    ]


def test_a_decimal_share_asks_for_no_subject_too_many() -> None:
    (gap,) = gaps([goal(0.1, "75+", "age_group")], row(counted(70, ("age_group", "75+", 7))))
    assert gap.short_by == 0


def test_where_counts_are_small_or_missing_no_gap_is_named() -> None:
    unknown = Gap("sex", "F", 0.5)
    assert gaps([goal(0.5)], None) == [unknown]
    assert gaps([goal(0.5)], row(SEX)) == [unknown]
    assert gaps([goal(0.5)], row(counted(30, ("sex", "M", 20)))) == [unknown]
    assert gaps([goal(None)], row(SEX)) == [Gap("sex", "F", None)]
