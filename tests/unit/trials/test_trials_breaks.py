"""What an enrolment breaks is judged on its day, and against the targets as they stand."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.trials.commands.enrolment import SetEnrolmentTarget
from services.trials.commands.hold import ApplyHold
from services.trials.commands.site_steps import BeginSiteClosing, CloseSiteEnrolment, TerminateSite
from services.trials.commands.trial import ChangeTrialStatus, ReopenAccrual
from services.trials.projections.guard_folds import fold_trial_guard
from services.trials.projections.guards import SiteGuard, Standing, TrialGuard
from shared.contracts.message import Command, Refusal
from shared.contracts.trials.subject import SubjectEnrolled
from shared.contracts.trials.trial import TrialStatusChanged
from tests.unit.trials.test_trials_chain import enrol
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, World, recorded

TODAY = NOW.date()
DAY = timedelta(days=1)
AT: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE}


def breaks(world: World, day: date, n: int = 500) -> tuple[str, ...]:
    """What an enrolment of that day breaks, told now."""
    world.do(enrol(day, UUID(int=n), f"S-{n}"))
    told: tuple[str, ...] = world.events(SubjectEnrolled)[-1].breaks
    return told


def room(world: World) -> None:
    """The plan asks for two subjects: more are stated."""
    world.do(SetEnrolmentTarget(trial_id=TRIAL, level="trial", target=50))


def status(world: World, after: str, **fields: Any) -> None:
    world.do(ChangeTrialStatus(trial_id=TRIAL, status=after, **fields))  # type: ignore[arg-type]


def test_an_enrolment_of_before_the_end_of_accrual_breaks_nothing_when_it_is_told_after_it(
    running: World,
) -> None:
    room(running)
    running.now = NOW + 10 * DAY
    status(running, "closed_accrual")
    assert breaks(running, TODAY + 9 * DAY) == ()
    assert breaks(running, TODAY + 10 * DAY, 501) == ()  # nobody knows which of the two came first
    running.now = NOW + 12 * DAY
    assert breaks(running, TODAY + 11 * DAY, 502) == ("trial.not_active",)


def test_an_enrolment_during_a_pause_breaks_the_rule_also_when_it_is_told_after_it(running: World) -> None:
    room(running)
    running.now = NOW + 5 * DAY
    status(running, "temp_closed_accrual", reason="supply")
    running.now = NOW + 20 * DAY
    status(running, "active")
    assert breaks(running, TODAY + 4 * DAY) == ()
    assert breaks(running, TODAY + 12 * DAY, 501) == ("trial.not_active",)
    assert breaks(running, TODAY + 20 * DAY, 502) == ()


def test_accrual_that_is_opened_again_counts_from_its_day(running: World) -> None:
    running.now = NOW + 5 * DAY
    status(running, "closed_accrual")
    running.now = NOW + 9 * DAY
    running.do(ReopenAccrual(trial_id=TRIAL, reason="target raised", meaning="approval"))
    assert breaks(running, TODAY + 7 * DAY) == ("trial.not_active",)
    assert breaks(running, TODAY + 9 * DAY, 501) == ()


@pytest.mark.parametrize("end", [BeginSiteClosing(**AT), TerminateSite(**AT, reason="sponsor_decision")])
def test_whatever_ends_a_site_ends_its_enrolment_on_that_day(running: World, end: Command) -> None:
    running.now = NOW + 10 * DAY
    of_site: dict[str, Any] = {"trial_id": TRIAL, "scope_kind": "site", "scope_id": SITE}
    running.do(ApplyHold(**of_site, source="dsmb", since=TODAY + 10 * DAY))
    assert not isinstance(running.do(end), Refusal)
    running.now = NOW + 30 * DAY
    assert breaks(running, TODAY + 9 * DAY) == ()
    assert "site.enrolment_closed" in breaks(running, TODAY + 20 * DAY, 501)


def test_the_end_of_enrolment_stands_when_the_site_closes_after_it(running: World) -> None:
    running.do(enrol())
    running.do(CloseSiteEnrolment(**AT, closed_on=TODAY))
    running.now = NOW + 10 * DAY
    running.do(BeginSiteClosing(**AT))
    assert (running.guard(SiteGuard, SITE).status, running.guard(SiteGuard, SITE).enrolment_closed_on) == (
        "closing",
        TODAY,
    )


def test_a_target_that_was_stated_takes_the_place_of_the_plans(running: World) -> None:
    running.do(SetEnrolmentTarget(trial_id=TRIAL, level="trial", target=4))
    running.do(SetEnrolmentTarget(**AT, level="site", target=3))
    found = [breaks(running, TODAY, n) for n in range(500, 505)]
    assert found == [
        (),
        (),
        (),
        ("site.target_exceeded",),
        ("trial.target_exceeded", "site.target_exceeded"),
    ]


def test_a_status_that_was_told_of_an_earlier_day_was_reached_by_then() -> None:
    def moved(guard: TrialGuard | None, after: Any, day: date | None = None) -> TrialGuard:
        told = TrialStatusChanged(
            trial_id=TRIAL, before="draft", after=after, basis="sponsor", changed_on=day
        )
        return fold_trial_guard(guard, recorded(told, TRIAL), (TRIAL,))

    guard = moved(moved(moved(None, "in_review"), "approved"), "active", TODAY - 90 * DAY)
    assert guard.statuses[-1] == Standing(TODAY - 90 * DAY, "active")
    assert {one.since for one in guard.statuses} == {TODAY - 90 * DAY}
    assert guard.had("active", TODAY)
    assert not guard.had("active", TODAY - 91 * DAY)


def test_a_trial_of_whose_statuses_nobody_told_is_judged_by_the_one_it_has(running: World) -> None:
    running.guards[TrialGuard, (TRIAL,)] = TrialGuard(TRIAL, status="active")
    assert breaks(running, TODAY) == ()
