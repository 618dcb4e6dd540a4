"""What the page of a site shows of its steps, and that its clock is still once it is over."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.trials.commands.investigator import DelegateTasks
from services.trials.domain.site import wake_at
from services.trials.projections.guards import SiteGuard
from services.trials.projections.sites import SiteRow, fold_site, site_keys
from services.trials.rules.site_states import OVER
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.site import SiteIdentified, SiteReady, SiteStatus
from shared.contracts.trials.subject import SubjectEnrolled
from tests.support.touched import touched
from tests.unit.trials.test_investigators import add, delegate, show
from tests.unit.trials.test_site_states import (
    APPLY,
    CLOSE_ENROLMENT,
    DAY,
    IDENTIFY,
    PAPERS,
    TERMINATE,
    TODAY,
    WAY,
    at,
    paper,
)
from tests.unit.trials.test_trials_chain import enrol
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, World


def row(world: World) -> SiteRow:
    found: SiteRow | None = None
    for message in world.told:
        for key in touched(site_keys, message):
            found = fold_site(found, message, key)
    assert found is not None
    return found


@pytest.mark.parametrize("status", WAY)
def test_a_row_shows_the_status_of_its_site(status: SiteStatus) -> None:
    assert row(at(status)).status == status


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("qualification_scheduled", {"visit_on": TODAY}),
        ("qualified", {"qualified_on": TODAY}),
        ("not_selected", {"reason": "too_slow"}),
        ("declined", {"reason": "no_staff"}),
        ("terminated", {"reason": "misconduct", "closed_on": TODAY}),
        ("closed_to_enrolment", {"enrolment_closed_on": TODAY}),
        ("closed", {"closed_on": TODAY}),
    ],
)
def test_a_row_shows_the_day_or_the_reason_of_a_step(status: SiteStatus, shown: dict[str, Any]) -> None:
    found = row(at(status))
    assert {name: getattr(found, name) for name in shown} == shown


def test_a_suspended_site_that_is_ended_is_stopped_by_nothing_more() -> None:
    world = at("suspended")
    assert row(world).stopped_holds == (APPLY.hold_id,)
    world.do(TERMINATE)
    assert (row(world).status, row(world).stopped_holds) == ("terminated", ())


@pytest.mark.parametrize("status", sorted(OVER))
def test_the_clock_of_a_site_that_is_over_is_still(status: SiteStatus) -> None:
    world = at(status)
    world.do(paper("training").model_copy(update={"valid_from": TODAY + DAY}))
    assert wake_at(world.site()) is None
    world.wake(SITE)
    assert world.site().status == status


def test_a_site_becomes_ready_when_its_last_paper_begins() -> None:
    world = at("selected")
    for one in PAPERS[:-1]:
        world.do(one)
    world.do(PAPERS[-1].model_copy(update={"valid_from": TODAY + DAY, "corrects": None}))
    assert world.events(SiteReady) == []
    world.now = NOW + DAY
    world.wake(SITE)
    assert world.site().status == "ready"
    assert wake_at(world.site()) is None


def test_a_paper_in_whose_place_people_are_wakes_nobody() -> None:
    world = at("startup")
    world.do(paper("training").model_copy(update={"valid_from": TODAY + DAY, "corrects": None}))
    assert wake_at(world.site()) is not None
    world.do(add())
    world.do(delegate(add().investigator_id, "consent"))
    assert wake_at(world.site()) is None
    assert isinstance(delegate(), DelegateTasks)


def test_a_place_is_known_by_its_key() -> None:
    found = row(at("identified"))
    assert (found.facility, found.place) == (None, None)
    world = World()
    world.do(IDENTIFY.model_copy(update={"city": "Boston", "country": "US"}))
    assert (row(world).facility, row(world).place) == ("a site|boston|US", "boston|US")
    assert world.events(SiteIdentified)[0].trial_id == TRIAL


def test_a_guard_tells_since_when_a_site_takes_no_new_subjects() -> None:
    guard = at("closed_to_enrolment").guard(SiteGuard, SITE)
    assert (guard.status, guard.enrolment_closed_on) == ("closed_to_enrolment", TODAY)


@pytest.mark.parametrize(("day", "breaks"), [(TODAY - DAY, ()), (TODAY, ("site.enrolment_closed",))])
def test_an_enrolment_at_a_site_closed_to_it_is_kept_and_breaks_the_rule(day: date, breaks: Any) -> None:
    world = at("enrolling")
    world.do(CLOSE_ENROLMENT.model_copy(update={"closed_on": TODAY}))
    guard = world.guards[SiteGuard, (SITE,)]
    world.guards[SiteGuard, (SITE,)] = replace(guard, activated_on=TODAY - 9 * DAY)
    world.do(enrol(day, UUID(int=33), "S-002"))
    assert world.events(SubjectEnrolled)[-1].breaks == breaks
    assert len(world.events(DeviationReported)) == len(breaks)


def test_only_what_nothing_took_the_place_of_opens_a_required_gate() -> None:
    world = at("selected")
    world.do(paper("siv_done"))
    moved = paper("lab_cert").model_copy(update={"corrects": paper("siv_done").evidence_id})
    world.do(moved)
    world.do(moved.model_copy(update={"gate": "form_1572", "evidence_id": UUID(int=34), "corrects": None}))
    assert set(world.site().gates.open) == {"lab_cert"}


def test_somebody_with_tasks_whose_training_begins_later_opens_the_gate_on_that_day() -> None:
    world = at("ready")
    person = add().investigator_id
    world.do(add())
    world.do(delegate(person, "consent"))
    for kind in ("gcp_training", "licence"):
        world.do(show(kind))
    world.do(show("protocol_training", valid_from=TODAY + DAY))
    assert world.site().status == "startup"
    world.now = NOW + DAY
    world.wake(SITE)
    assert world.site().status == "ready"
