"""Sample sizes against published figures: tables, textbooks and the documentation of R."""

from math import log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trials.rules.sample_size import PROPORTIONS_MARGIN, Assumptions, recompute
from shared.contracts.trials.statistics import Means, OtherEffect, Proportions, Survival

EIGHTY = Assumptions(alpha=0.05, sides=2, power=0.8)
NINETY = Assumptions(alpha=0.05, sides=2, power=0.9)


def total(effect: Any, assumed: Assumptions, hypothesis: Any = "superiority") -> int:
    found = recompute(hypothesis, effect, assumed)
    assert found
    return found.total


@pytest.mark.parametrize(
    ("d", "an_arm"),
    # J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd edition, 1988, table 2.4.1
    # (two-sided 0.05, power 0.80): 393 at d = 0.2 there, 394 by exact programs; 64 at 0.5, 26 at 0.8.
    [(0.2, 394), (0.5, 64), (0.8, 26)],
)
def test_two_means_agree_with_cohens_table(d: float, an_arm: int) -> None:
    assert total(Means(difference=d, standard_deviation=1), EIGHTY) == 2 * an_arm


def test_two_means_agree_with_the_example_of_r_within_one_an_arm() -> None:
    # power.t.test(power = .90, delta = 1) of R's documentation: n = 22.02 an arm, by the exact t.
    found = total(Means(difference=1, standard_deviation=1), NINETY)
    assert abs(found - 2 * 23) <= 2


def test_two_proportions_agree_with_the_example_of_r() -> None:
    # power.prop.test(p1 = .50, p2 = .75, power = .90) of R's documentation: n = 76.7 an arm.
    assert total(Proportions(control=0.5, experimental=0.75), NINETY) == 2 * 77


@pytest.mark.parametrize(
    ("ratio", "power", "events"),
    # 4 (za + zb)^2 / ln(HR)^2 worked by hand with 7.849 and 10.507: 246.8, 330.4, 379.4, 507.8.
    [(0.7, 0.8, 247), (0.7, 0.9, 331), (0.75, 0.8, 380), (0.75, 0.9, 508)],
)
def test_the_events_of_a_log_rank_test_are_schoenfelds(ratio: float, power: float, events: int) -> None:
    assumed = Assumptions(alpha=0.05, sides=2, power=power)
    found = recompute("superiority", Survival(hazard_ratio=ratio, event_probability=1), assumed)
    assert found
    assert found.events == events


def test_subjects_of_a_log_rank_test_agree_with_a_published_calculator() -> None:
    # HR 0.7, 35 % with an event, 10 % drop-out: 247 events and 785 subjects there, which rounds once less.
    assumed = Assumptions(alpha=0.05, sides=2, power=0.8, drop_out=0.1)
    found = recompute("superiority", Survival(hazard_ratio=0.7, event_probability=0.35), assumed)
    assert found
    assert found.events == 247
    assert found.total in (785, 786)


def test_non_inferiority_of_proportions_agrees_with_blackwelder() -> None:
    # One-sided 0.05, power 0.9, both 0.85, margin 0.10: (1.645 + 1.282)^2 * 2 * 0.1275 / 0.01 = 218.4.
    assumed = Assumptions(alpha=0.05, sides=1, power=0.9, null_value=-0.1)
    found = recompute("non_inferiority", Proportions(control=0.85, experimental=0.85), assumed)
    assert found
    assert (found.total, found.by) == (2 * 219, PROPORTIONS_MARGIN)


def test_unequal_arms_need_more_in_all() -> None:
    effect = Means(difference=0.5, standard_deviation=1)
    twice = Assumptions(alpha=0.05, sides=2, power=0.8, allocation_ratio=2)
    # (1 + 1/2) * 7.849 / 0.25 + 3.841 / 6 = 47.7 and twice that: 48 + 96.
    assert total(effect, twice) == 144


def test_who_leaves_is_made_up_for_in_each_arm() -> None:
    assumed = Assumptions(alpha=0.05, sides=2, power=0.8, drop_out=0.2)
    assert total(Means(difference=0.5, standard_deviation=1), assumed) == 160


def test_a_hazard_ratio_against_a_margin_is_on_the_scale_of_the_logarithm() -> None:
    assumed = Assumptions(alpha=0.025, sides=1, power=0.9, null_value=1.3)
    found = recompute("non_inferiority", Survival(hazard_ratio=1, event_probability=1), assumed)
    assert found
    # 4 * 10.507 / ln(1.3)^2 = 610.6
    assert found.events == 611
    assert 4 * 10.507 / log(1.3) ** 2 == pytest.approx(610.6, abs=0.1)


@pytest.mark.parametrize(
    ("effect", "margin", "shown"),
    [
        (Proportions(control=0.8, experimental=0.6), -0.1, False),
        (Proportions(control=0.8, experimental=0.75), -0.1, True),
        (Proportions(control=0.2, experimental=0.4), 0.1, False),
        (Proportions(control=0.2, experimental=0.25), 0.1, True),
        (Means(difference=-2, standard_deviation=3), -1, False),
        (Means(difference=0.5, standard_deviation=3), -1, True),
        (Survival(hazard_ratio=1.6, event_probability=0.6), 1.3, False),
        (Survival(hazard_ratio=0.7, event_probability=0.6), 0.8, False),
        (Survival(hazard_ratio=1.1, event_probability=0.6), 1.3, True),
        (Survival(hazard_ratio=0.9, event_probability=0.6), 0.8, True),
    ],
)
def test_no_size_shows_that_an_effect_beyond_its_margin_is_not_inferior(
    effect: Any, margin: float, shown: bool
) -> None:
    assumed = Assumptions(alpha=0.025, sides=1, power=0.9, null_value=margin)
    assert (recompute("non_inferiority", effect, assumed) is not None) == shown
    assert recompute("superiority", effect, assumed) is not None


@pytest.mark.parametrize(
    ("hypothesis", "effect", "null_value"),
    [
        ("superiority", Means(difference=1e-6, standard_deviation=1e12), None),
        ("equivalence", Means(difference=0, standard_deviation=1), None),
        ("superiority", OtherEffect(description="a slope"), None),
        ("superiority", Means(difference=0, standard_deviation=1), None),
        ("non_inferiority", Proportions(control=0.5, experimental=0.4), -0.1),
        ("superiority", Survival(hazard_ratio=1, event_probability=1), None),
    ],
)
def test_what_the_formulas_do_not_cover_has_no_figure(hypothesis: Any, effect: Any, null_value: Any) -> None:
    assumed = Assumptions(alpha=0.05, sides=2, power=0.8, null_value=null_value)
    assert recompute(hypothesis, effect, assumed) is None


@given(
    st.floats(0.1, 2),
    st.floats(0.5, 3),
    st.floats(0.6, 0.98),
    st.floats(0.01, 0.2),
    st.floats(0.25, 4),
)
def test_a_smaller_effect_more_power_or_a_stricter_test_never_needs_fewer(
    difference: float, deviation: float, power: float, alpha: float, ratio: float
) -> None:
    def size(difference: float, power: float, alpha: float) -> int:
        assumed = Assumptions(alpha=alpha, sides=2, power=power, allocation_ratio=ratio)
        return total(Means(difference=difference, standard_deviation=deviation), assumed)

    asked = size(difference, power, alpha)
    assert asked <= size(difference / 2, power, alpha)
    assert asked <= size(difference, power + 0.01, alpha)
    assert asked <= size(difference, power, alpha / 2)
    assert asked == size(-difference, power, alpha)
