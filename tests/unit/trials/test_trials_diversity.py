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
from tests.support.touched import touched
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
        SubgroupCount(dimension="sex", band="M", n=None, withheld=True),
    )
    assert (event.enrolled, event.country, event.site_id) == (30, None, None)


def test_what_would_give_a_small_count_away_is_withheld_and_no_more() -> None:
    (event,) = told(
        counted(60, *(("race", band, n) for band, n in (("A", 1), ("B", 2), ("C", 9), ("D", 40))))
    )
    assert [(cell.band, cell.n, cell.withheld) for cell in event.counts] == [
        ("A", None, False),
        ("B", None, False),
        ("C", None, True),
        ("D", 40, False),
    ]


bands = st.lists(st.integers(0, 40), min_size=1, max_size=8)


@given(bands)
def test_no_sum_of_what_is_shown_gives_a_small_count_away(numbers: list[int]) -> None:
    """Whoever knows the total and the numbers shown knows only that several bands share the rest."""
    (event,) = told(counted(sum(numbers), *(("race", f"B{i}", n) for i, n in enumerate(numbers))))
    hidden = [n for i, n in enumerate(numbers) if event.counts[i].n is None]
    small = [n for n in numbers if n < 5]
    if small and len(numbers) > 1:
        assert len(hidden) > 1
        assert sum(hidden) >= 5 or len(hidden) == len(numbers)
    assert all(cell.n is None or cell.n >= 5 for cell in event.counts)


@given(st.integers(0, 1000))
def test_no_number_below_five_is_ever_shown(n: int) -> None:
    assert shown(n) == (n if n >= 5 else None)


def test_what_has_no_number_is_read_from_the_log_as_it_was_told() -> None:
    (event,) = told(counted(4, ("sex", "F", 4)))
    kept = event.model_dump_json(exclude_none=True)
    assert SubgroupCountsRecorded.model_validate_json(kept) == event


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
    (key,) = touched(subgroup_counts_keys, message)
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
        Gap("sex", "F", 0.5, "12", 12, 0.4, 0.1, 3),
        Gap("sex", "M", 0.5, "18", 18, 0.6, -0.1, 0),
        Gap("sex", "F", 0.4, "12", 12, 0.4, 0.0, 0),
    ]


def test_a_decimal_share_asks_for_no_subject_too_many() -> None:
    (gap,) = gaps([goal(0.1, "75+", "age_group")], row(counted(70, ("age_group", "75+", 7))))
    assert gap.short_by == 0


def test_where_counts_are_small_or_missing_no_gap_is_named() -> None:
    assert gaps([goal(0.5)], None) == [Gap("sex", "F", 0.5)]
    assert gaps([goal(0.5), goal(0.5, "M")], row(SEX)) == [
        Gap("sex", "F", 0.5, "<5"),
        Gap("sex", "M", 0.5, "withheld"),
    ]
    assert gaps([goal(0.5)], row(counted(30, ("sex", "M", 20)))) == [Gap("sex", "F", 0.5)]
    assert gaps([goal(None)], row(SEX)) == [Gap("sex", "F", None, "<5")]
