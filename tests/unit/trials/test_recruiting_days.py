"""On which days a site could take subjects: what its pace of enrolment is divided by."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.trials.commands.hold import ApplyHold, LiftHold
from services.trials.commands.site_steps import BeginSiteClosing, CloseSiteEnrolment, TerminateSite
from services.trials.projections.kri_guards import SiteCounters
from shared.contracts.message import Command, Refusal
from tests.unit.trials.test_trials_chain import activate, enrol, gates_open
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, World

TODAY, DAY = NOW.date(), timedelta(days=1)
WHERE: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE}
HOLD: dict[str, Any] = {"hold_id": UUID(int=900), "trial_id": TRIAL, "source": "sponsor_pause"}
ON_SITE = HOLD | {"scope_kind": "site", "scope_id": SITE}
STOP, GO_ON = ApplyHold(**ON_SITE), LiftHold(**ON_SITE, evidence="the sponsor's letter")


def running() -> World:
    world = World()
    gates_open(world)
    world.do(activate())
    return world


def at(world: World, day: int, command: Command) -> World:
    world.now = NOW + day * DAY
    assert not isinstance(world.do(command), Refusal)
    return world


def days(world: World, cut: int = 100) -> int:
    site = world.guard(SiteCounters, SITE)
    assert isinstance(site, SiteCounters)
    return site.days_recruiting(TODAY + cut * DAY)


def test_a_site_recruits_from_its_activation_until_its_enrolment_is_closed() -> None:
    world = at(running(), 5, enrol())
    assert (days(world, 9), days(world)) == (9, 100)
    at(world, 20, CloseSiteEnrolment(**WHERE, closed_on=TODAY + 12 * DAY))
    assert days(world) == 12
    at(world, 30, BeginSiteClosing(**WHERE))
    assert (days(world), world.guard(SiteCounters, SITE).over) == (12, False)


def test_a_site_that_is_stopped_does_not_recruit_until_it_goes_on() -> None:
    world = at(running(), 10, STOP)
    assert days(world) == 10
    at(world, 25, GO_ON)
    assert days(world, 26) == 11
    at(world, 30, BeginSiteClosing(**WHERE))
    assert days(world) == 15


def test_a_site_that_is_terminated_is_over() -> None:
    world = at(running(), 10, STOP)
    at(world, 20, TerminateSite(**WHERE, reason="sponsor_decision"))
    assert (days(world), world.guard(SiteCounters, SITE).over) == (10, True)
