"""Targets of enrolment: stated, refused, told once as reached; and what a page makes of them."""

from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.commands.enrolment import ReviewEnrolment, SetEnrolmentTarget, SetSubgroupTarget
from services.trials.commands.site import IdentifySite, SelectSite
from services.trials.commands.subject import EnrolSubject
from services.trials.commands.trial import ChangeTrialStatus, RegisterTrial
from services.trials.domain import enrolment
from services.trials.domain.progress import SiteProgress, progress
from services.trials.projections import enrolment as rows
from services.trials.projections.enrolment_guards import (
    EnrolmentCount,
    EnrolmentTargets,
    Target,
    count_keys,
    fold_count,
    fold_targets,
    targets_keys,
)
from shared.contracts.message import Facts, Recorded, Refusal, Wake
from shared.contracts.trials.enrolment import EnrolmentTargetReached, EnrolmentTargetSet, SubgroupTargetSet
from shared.contracts.trials.site import SiteReady
from tests.support.touched import touched
from tests.unit.trials.test_trials_chain import enrol, register
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, World, recorded

TODAY = NOW.date()
DAY = timedelta(days=1)
OTHER = UUID(int=4)
WAIVED: dict[str, Any] = {"trial_id": TRIAL, "qualification_waived": "known_site"}


def target(n: int, **at: Any) -> SetEnrolmentTarget:
    level = "country" if "country" in at else "site" if "site_id" in at else "trial"
    about: dict[str, Any] = {"trial_id": TRIAL, "level": level, "target": n}
    return SetEnrolmentTarget(**about | at)


def share(ratio: float | None, band: str = "75+", dimension: Any = "age_group") -> SetSubgroupTarget:
    return SetSubgroupTarget(trial_id=TRIAL, dimension=dimension, band=band, share=ratio)


def reached(world: World) -> list[tuple[str, Any, int, int]]:
    return [
        (e.level, e.country or e.site_id, e.target, e.enrolled) for e in world.events(EnrolmentTargetReached)
    ]


@pytest.fixture
def planned(running: World) -> World:
    """A running trial, whose plan asks for two subjects, and a second site in another country."""
    running.do(IdentifySite(trial_id=TRIAL, site_id=OTHER, name="Another site"))
    running.do(SelectSite(**WAIVED, site_id=OTHER, zone="Europe/Madrid", country="ES", target=1))
    return running


def test_the_plan_of_the_trial_is_reached_by_its_last_subject_and_told_once(planned: World) -> None:
    for n in (1, 2, 3):
        planned.do(enrol(subject=UUID(int=30 + n), code=f"S-{n}"))
    assert reached(planned) == [("trial", None, 2, 2)]
    assert planned.events(EnrolmentTargetReached)[0].reached_on == TODAY


def test_countries_and_sites_have_targets_of_their_own(planned: World) -> None:
    planned.do(target(2, country="US"))
    planned.do(target(2, site_id=SITE))
    planned.do(enrol(subject=UUID(int=31)))
    assert reached(planned) == []
    planned.do(enrol(subject=UUID(int=32), code="S-2"))
    assert reached(planned) == [("country", "US", 2, 2), ("site", SITE, 2, 2), ("trial", None, 2, 2)]
    planned.do(enrol(subject=UUID(int=33), code="S-3").model_copy(update={"site_id": OTHER}))
    assert reached(planned)[3:] == [("site", OTHER, 1, 1)]


def test_a_target_stated_below_what_enrolled_is_reached_at_once_and_a_higher_one_later(
    planned: World,
) -> None:
    planned.do(enrol())
    told, met = planned.do(target(1))  # type: ignore[misc]
    assert isinstance(told, EnrolmentTargetSet)
    assert isinstance(met, EnrolmentTargetReached)
    assert (met.target, met.enrolled, met.reached_on) == (1, 1, TODAY)
    planned.do(target(2))
    planned.do(enrol(subject=UUID(int=32), code="S-2"))
    assert reached(planned) == [("trial", None, 1, 1), ("trial", None, 2, 2)]


def test_a_target_is_stated_once(planned: World) -> None:
    assert planned.do(target(9, first_on=TODAY, last_on=TODAY + DAY)) != []
    assert planned.do(target(9, first_on=TODAY, last_on=TODAY + DAY)) == []


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (target(0), Refusal("target.zero", "a target is one subject at least", None, "target")),
        (
            target(5, site_id=UUID(int=99)),
            Refusal("target.unknown_site", "the trial has no site with this id", None, "site_id"),
        ),
        (
            target(5, first_on=TODAY, last_on=TODAY - DAY),
            Refusal("target.dates", "the last enrolment comes before the first", None, "last_on"),
        ),
        (
            share(0),
            Refusal("target.zero", "a share is more than nothing; without one the goal ends", None, "share"),
        ),
    ],
)
def test_a_target_that_means_nothing_is_refused(planned: World, asked: Any, refusal: Refusal) -> None:
    assert planned.do(asked) == refusal


@pytest.mark.parametrize("asked", [target(5), share(0.5)])
def test_a_trial_that_nobody_knows_or_that_is_over_has_no_target(world: World, asked: Any) -> None:
    assert world.do(asked) == Refusal("trial.unknown", "there is no trial with this id", None, "trial_id")
    world.do(register())
    world.do(ChangeTrialStatus(trial_id=TRIAL, status="withdrawn", reason="no funds"))
    assert world.do(asked) == Refusal("trial.finished", "the trial is withdrawn", "withdrawn")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"level": "trial", "country": "US"}, "exactly where the level is a country"),
        ({"level": "country"}, "exactly where the level is a country"),
        ({"level": "site"}, "exactly where the level is a site"),
        ({"level": "country", "country": "usa"}, "country"),
        ({"level": "country", "country": "XX"}, "country"),
        ({"target": -1}, "target"),
    ],
)
def test_a_target_names_its_level(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        target(3, **{"level": "trial"} | fields)


def test_the_shares_of_a_dimension_are_no_more_than_the_whole(planned: World) -> None:
    for band in ("18-39", "40-64", "65-74"):
        planned.do(share(0.3, band))
    assert planned.do(share(0.2)) == Refusal(
        "target.shares", "the shares of age_group are more than the whole", None, "share"
    )
    assert planned.do(share(0.1)) == [
        SubgroupTargetSet(trial_id=TRIAL, dimension="age_group", band="75+", share=0.1)
    ]
    assert planned.do(share(0.1)) == []
    assert not isinstance(planned.do(share(1.0, "F", "sex")), Refusal)


def test_a_goal_ends_without_a_share(planned: World) -> None:
    planned.do(share(0.1))
    assert planned.do(share(None)) == [
        SubgroupTargetSet(trial_id=TRIAL, dimension="age_group", band="75+", share=None)
    ]
    assert planned.do(share(None)) == []
    shown: Any = None
    for message in planned.told:
        for key in touched(rows.subgroup_target_keys, message):
            shown = rows.fold_subgroup_target(shown, message, key)
    assert shown is None


def test_time_alone_reaches_no_target() -> None:
    assert enrolment.decide(enrolment.Enrolment(), Wake(stream=TRIAL), Facts(), NOW) == []


def test_without_targets_and_counts_a_review_tells_nothing() -> None:
    review = ReviewEnrolment(trial_id=TRIAL, on=TODAY)
    assert enrolment.decide(enrolment.Enrolment(), review, Facts(), NOW) == []


def test_what_was_reached_is_shown_with_its_day(planned: World) -> None:
    planned.do(target(1, site_id=SITE))
    planned.do(enrol())
    shown: Any = None
    for message in planned.told:
        for key in touched(rows.reached_keys, message):
            shown = rows.fold_reached(shown, message, key)
    assert shown == rows.TargetReached(TRIAL, "site", str(SITE), 1, 1, TODAY)


def test_a_stated_target_takes_the_place_of_the_planned_one() -> None:
    targets = EnrolmentTargets(TRIAL, 10, {SITE: 4, OTHER: 6}, (Target("site", str(SITE), 5),))
    assert targets.all() == (
        Target("site", str(SITE), 5),
        Target("site", str(OTHER), 6),
        Target("trial", "", 10),
    )


READY = recorded(SiteReady(trial_id=TRIAL, site_id=SITE, gates=()), SITE)


@pytest.mark.parametrize(
    "keys",
    [targets_keys, count_keys, rows.reached_keys, rows.subgroup_target_keys, rows.subgroup_counts_keys],
)
def test_an_event_about_something_else_touches_no_row_of_enrolment(keys: Any) -> None:
    assert touched(keys, READY) == ()


def test_an_event_about_something_else_leaves_the_targets_as_they_were() -> None:
    known = EnrolmentTargets(TRIAL, 3)
    assert fold_targets(known, READY, (TRIAL,)) == known


plans = st.one_of(
    st.integers(1, 9).map(target),
    st.builds(lambda n, c: target(n, country=c), st.integers(1, 9), st.sampled_from(["US", "ES"])),
    st.builds(lambda n, s: target(n, site_id=s), st.integers(1, 9), st.sampled_from([SITE, OTHER])),
    st.builds(
        lambda n, s: EnrolSubject(
            trial_id=TRIAL, site_id=s, subject_id=UUID(int=500 + n), subject_code=f"S-{n}", enrolled_on=TODAY
        ),
        st.integers(1, 9),
        st.sampled_from([SITE, OTHER]),
    ),
    st.just(SelectSite(**WAIVED, site_id=SITE, zone="UTC", country="US", target=3)),
    st.just(SelectSite(**WAIVED, site_id=OTHER, zone="UTC", country="ES")),
)
BEGUN = [
    RegisterTrial(trial_id=TRIAL, title="A trial", sponsor="A sponsor", target=4),
    IdentifySite(trial_id=TRIAL, site_id=SITE, name="A site"),
    IdentifySite(trial_id=TRIAL, site_id=OTHER, name="Another site"),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(plans, max_size=25), st.randoms(use_true_random=False))
def test_targets_and_counts_do_not_depend_on_the_order_of_streams(history: Any, random: Any) -> None:
    world = World()
    for command in [*BEGUN, *history]:
        world.do(command)
    streams = {
        key: list(group)
        for key, group in groupby(sorted(world.told, key=lambda m: str(m.stream_id)), lambda m: m.stream_id)
    }
    shuffled: list[Recorded[Any]] = []
    while streams:
        stream = random.choice(sorted(streams))
        shuffled.append(streams[stream].pop(0))
        if not streams[stream]:
            del streams[stream]

    def folded(messages: list[Recorded[Any]]) -> tuple[Any, Any]:
        targets: Any = None
        count: Any = None
        for message in messages:
            for key in touched(targets_keys, message):
                targets = fold_targets(targets, message, key)
            for key in touched(count_keys, message):
                count = fold_count(count, message, key)
        return targets, count

    assert folded(world.told) == folded(shuffled)
    told = reached(world)
    for at in {(level, scope) for level, scope, _, _ in told}:
        stated = [n for level, scope, n, _ in told if (level, scope) == at]
        assert all(one != other for one, other in pairwise(stated))  # told anew only where it was stated anew
    assert all(n <= have for _, _, n, have in told)


def site(n: int, country: str | None = "US", **fields: Any) -> SiteProgress:
    about: dict[str, Any] = {"status": "enrolling", "activated_on": TODAY - 99 * DAY, "told_on": TODAY}
    return SiteProgress(UUID(int=600 + n), name=f"Site {n}", country=country, **about | fields)


TARGETS = EnrolmentTargets(
    TRIAL,
    60,
    {UUID(int=601): 20},
    (Target("country", "US", 30, TODAY, date(2026, 4, 1)), Target("country", "FR", 5)),
)
SITES = [
    site(1, screened=20, eligible=12, failed=4, enrolled=12, reasons={"E07": 3, "I02": 1}),
    site(2, screened=10, eligible=8, failed=1, enrolled=8, reasons={"E07": 1}),
    site(3, "ES", enrolled=5, screened=5),
    site(4, None, status="selected", activated_on=None),
]


def test_enrolment_is_summed_by_country_and_trial_with_its_screen_failures() -> None:
    found = progress(SITES, TARGETS, TODAY, open_trial=True)
    trial, (es, fr, us) = found["trial"], found["countries"]
    assert (trial["target"], trial["enrolled"], trial["screened"], trial["failed"]) == (60, 25, 35, 5)
    assert trial["screen_failure_rate"] == 0.2
    assert trial["failure_reasons"] == {"E07": 4, "I02": 1}
    assert (us["country"], us["target"], us["enrolled"], us["first_on"]) == ("US", 30, 20, TODAY)
    assert (es["target"], es["screen_failure_rate"]) == (None, None)
    assert (fr["enrolled"], fr["forecast"]["reason"]) == (0, "no_recruiting_site")
    assert [s["target"] for s in found["sites"]] == [20, None, None, None]


def test_a_forecast_later_than_the_plan_is_late() -> None:
    found = progress(SITES, TARGETS, TODAY, open_trial=True)
    us = found["countries"][2]
    assert us["forecast"]["middle"] > date(2026, 4, 1)
    assert us["late"] is True
    assert found["trial"]["late"] is None


def test_where_nobody_recruits_there_is_no_day() -> None:
    closed = progress(SITES, TARGETS, TODAY, open_trial=False)
    assert closed["trial"]["forecast"]["reason"] == "no_recruiting_site"
    paused = [site(1, enrolled=9, status="suspended"), site(2, enrolled=3, status="suspended", told_on=None)]
    found = progress(paused, TARGETS, TODAY, open_trial=True)
    assert found["trial"]["forecast"]["reason"] == "no_recruiting_site"


def test_a_count_begins_with_the_first_subject() -> None:
    assert fold_count(EnrolmentCount(TRIAL, {SITE: 2}), recorded_enrolment(), (TRIAL,)).sites == {SITE: 3}


def recorded_enrolment() -> Recorded[Any]:
    world = World()
    return recorded(world.do(enrol())[0], UUID(int=3))  # type: ignore[index]
