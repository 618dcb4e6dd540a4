"""What the status of a trial and of a site forbids, beside every hold: asked for, answered and told alike."""

from typing import Any, get_args
from uuid import UUID

import pytest

from services.trials.commands.hold import ApplyHold, LiftHold
from services.trials.commands.site_steps import BeginSiteClosing, TerminateSite
from services.trials.commands.subject import DoseSubject, OfSubject, RandomiseSubject
from services.trials.commands.subject_steps import ChangeSubjectStatus, StartScreening
from services.trials.commands.trial import ChangeTrialStatus
from services.trials.domain.permissions import closed_by
from services.trials.domain.subject_state import Subject
from services.trials.domain.subject_steps import forbidden, not_treated
from services.trials.projections.guards import SiteGuard, TrialGuard
from services.trials.rules.holds import EFFECTS
from services.trials.rules.permissions import BY_SITE, BY_TRIAL
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.hold import Effect, PermissionsChanged
from shared.contracts.trials.site import SiteStatus
from shared.contracts.trials.trial import TrialStatus
from tests.unit.trials.test_trials_chain import TODAY, dose, enrol, randomise
from tests.unit.trials.trials_world import SITE, SUBJECT, TRIAL, World

HOLD = UUID(int=24)
OF: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT}
NEW, TREATED = {"screen", "enrol"}, {"screen", "enrol", "randomise", "dose", "ship_product"}
ALL = TREATED | {"consent", "procedures"}
OF_TRIALS: dict[str, set[str]] = {
    "approved": set(),
    "active": set(),
    "temp_closed_accrual": NEW,
    "closed_accrual": NEW,
    "temp_closed_accrual_intervention": TREATED,
    "closed_accrual_intervention": TREATED,
}
OF_SITES: dict[str, set[str]] = {
    "activated": set(),
    "enrolling": set(),
    "suspended": set(),
    "closed_to_enrolment": NEW,
    "closing": TREATED | {"consent"},
    "closed": ALL,
    "declined": ALL,
    "not_selected": ALL,
    "terminated": ALL,
}


@pytest.mark.parametrize("status", get_args(TrialStatus))
def test_a_trial_closes_what_its_status_means(status: TrialStatus) -> None:
    assert set(closed_by(status)) == OF_TRIALS.get(status, ALL)


@pytest.mark.parametrize("status", get_args(SiteStatus))
def test_a_site_closes_what_its_status_means(status: SiteStatus) -> None:
    assert set(closed_by(None, status)) == OF_SITES.get(status, ALL - {"ship_product"})


def test_what_trial_and_site_close_adds_up_in_the_order_of_effects() -> None:
    both = closed_by("closed_accrual", "closing")
    assert both == tuple(effect for effect in EFFECTS if effect in TREATED | {"consent"})
    assert closed_by(None) == ()


def test_no_status_stops_what_comes_after_the_end() -> None:
    for effects in (*BY_TRIAL.values(), *BY_SITE.values()):
        assert not {"collect_data", "retrieve_records"} & {*effects}


REQUESTS: list[tuple[OfSubject, Effect]] = [
    (RandomiseSubject(**OF, randomised_on=TODAY), "randomise"),
    (DoseSubject(**OF, dose_on=TODAY), "dose"),
    (StartScreening(**OF, screened_on=TODAY), "screen"),
    (ChangeSubjectStatus(**OF, status="pending-on-study", changed_on=TODAY), "enrol"),
]


@pytest.mark.parametrize(("command", "effect"), REQUESTS)
@pytest.mark.parametrize("status", get_args(TrialStatus))
def test_a_request_is_refused_by_what_the_trial_closes(
    command: OfSubject, effect: Effect, status: TrialStatus
) -> None:
    facts = Facts(TrialGuard(TRIAL, status=status), SiteGuard(SITE, TRIAL, status="enrolling"))
    refusal = Refusal("trial.not_active", f"the trial is {status}", status)
    assert forbidden(command, facts, effect) == (refusal if effect in closed_by(status) else None)


@pytest.mark.parametrize(("command", "effect"), REQUESTS)
@pytest.mark.parametrize("status", get_args(SiteStatus))
def test_a_request_is_refused_by_what_the_site_closes(
    command: OfSubject, effect: Effect, status: SiteStatus
) -> None:
    facts = Facts(TrialGuard(TRIAL, status="active"), SiteGuard(SITE, TRIAL, status=status))
    refusal = Refusal("site.not_active", "the site is not active", status)
    assert forbidden(command, facts, effect) == (refusal if effect in closed_by(None, status) else None)


def test_nobody_is_treated_at_a_site_of_which_nothing_is_known() -> None:
    enrolled = Subject(status="on-study", enrolled_on=TODAY)
    facts = Facts(TrialGuard(TRIAL, status="active"))
    refusal = not_treated(enrolled, DoseSubject(**OF, dose_on=TODAY), facts, "dose", TODAY)
    assert refusal == Refusal("site.not_active", "the site is not active", None)


def told(world: World) -> PermissionsChanged:
    event: PermissionsChanged = world.events(PermissionsChanged)[-1]
    return event


def move(world: World, status: Any, reason: str | None = None) -> None:
    moved = world.do(ChangeTrialStatus(trial_id=TRIAL, status=status, reason=reason))
    assert not isinstance(moved, Refusal)


def test_a_pause_of_the_intervention_stops_it_and_is_told_until_it_is_over(running: World) -> None:
    running.do(enrol())
    move(running, "temp_closed_accrual_intervention", "safety look")
    for request in (randomise(), dose()):
        assert isinstance(running.do(request), Refusal)
    assert (told(running).scope_kind, {*told(running).closed}) == ("trial", TREATED)
    assert not any(told(running).permissions.values())
    move(running, "active")
    assert told(running).closed == ()
    assert not isinstance(running.do(randomise()), Refusal)


def test_who_is_in_a_trial_is_treated_after_its_accrual_has_closed(running: World) -> None:
    running.do(enrol())
    move(running, "closed_accrual")
    assert {*told(running).closed} == NEW
    for request in (randomise(), dose()):
        assert not isinstance(running.do(request), Refusal)


def test_the_end_of_a_trial_stops_it(running: World) -> None:
    running.do(enrol())
    move(running, "admin_completed", "futility")
    assert isinstance(running.do(dose()), Refusal)
    assert {*told(running).closed} == ALL


def test_the_start_of_a_trial_and_of_a_site_is_told_by_their_own_events_alone(running: World) -> None:
    assert running.events(PermissionsChanged) == []


def test_the_end_of_a_site_stops_it_and_is_told(running: World) -> None:
    running.do(enrol())
    running.do(BeginSiteClosing(trial_id=TRIAL, site_id=SITE))
    for request in (randomise(), dose()):
        assert isinstance(running.do(request), Refusal)
    assert (told(running).scope_id, {*told(running).closed}) == (SITE, TREATED | {"consent"})


def test_a_site_that_is_terminated_tells_that_nothing_is_open_and_no_more_of_holds(running: World) -> None:
    on_site: dict[str, Any] = {"trial_id": TRIAL, "source": "sponsor_pause", "hold_id": HOLD}
    running.do(ApplyHold(**on_site, scope_kind="site", scope_id=SITE))
    running.do(TerminateSite(trial_id=TRIAL, site_id=SITE, reason="misconduct"))
    assert {*told(running).closed} == ALL
    before = len(running.events(PermissionsChanged))
    running.do(LiftHold(**on_site, evidence="a letter"))
    assert len(running.events(PermissionsChanged)) == before


def test_a_hold_on_an_arm_is_told_by_arm_and_stops_no_other(running: World) -> None:
    running.do(enrol())
    on_arm: dict[str, Any] = {"trial_id": TRIAL, "source": "dsmb", "hold_id": HOLD}
    running.do(ApplyHold(**on_arm, scope_kind="arm", scope_id=TRIAL, arm="B", effects=("randomise", "dose")))
    trial, site = running.events(PermissionsChanged)
    for answer in (trial, site):
        assert not any(answer.permissions.values())
        assert {arm: holds["randomise"] for arm, holds in answer.arms.items()} == {"B": (HOLD,)}
        assert answer.arms["B"]["procedures"] == ()
    assert running.site().status == "enrolling"
    running.do(LiftHold(**on_arm, evidence="recommendation"))
    assert [answer.arms for answer in running.events(PermissionsChanged)[2:]] == [{}, {}]
