"""Every pair of an action's states, and what stands in the way of its steps."""

from typing import Any, get_args
from uuid import UUID

import pytest

from services.trials.commands.capa import CheckCapa, CloseCapa, ImplementCapa, OpenCapa, PlanCapa
from services.trials.rules.capa import GUARDS, TRANSITIONS
from shared.contracts.message import Refusal
from shared.contracts.trials.capa import CapaOverdue, CapaStatus
from tests.unit.trials.monitoring_world import DAY, FINDING, LEAD, MONITOR, QUALITY, TODAY, Whole, running
from tests.unit.trials.trials_world import SITE, TRIAL

STATES: tuple[CapaStatus, ...] = get_args(CapaStatus)
CAPA = UUID(int=511)
OF: dict[str, Any] = {"capa_id": CAPA, "trial_id": TRIAL}
OPEN = OpenCapa(
    **OF, site_id=SITE, kind="corrective", category="consent", source_kind="finding", sources=(FINDING,)
)
PLAN = PlanCapa(**OF, owner="s-1", due_on=TODAY + 7 * DAY, document_ref="etmf:plan")
IMPLEMENT = ImplementCapa(**OF, implemented_on=TODAY)
WORKS = CheckCapa(**OF, effective=True, checked_on=TODAY)
FAILS = CheckCapa(**OF, effective=False, checked_on=TODAY)
CLOSE = CloseCapa(**OF)
TO: dict[CapaStatus, tuple[Any, Any]] = {
    "opened": (FAILS, QUALITY),
    "planned": (PLAN, LEAD),
    "implemented": (IMPLEMENT, MONITOR),
    "effective": (WORKS, QUALITY),
    "closed": (CLOSE, QUALITY),
}


def in_state(state: CapaStatus) -> Whole:
    world = running()
    world.do(OPEN, QUALITY)
    for step in STATES[1 : STATES.index(state) + 1]:
        assert not isinstance(world.do(*TO[step]), Refusal)
    return world


@pytest.mark.parametrize("after", STATES)
@pytest.mark.parametrize("before", STATES)
def test_an_action_takes_the_steps_of_its_table_and_no_other(before: CapaStatus, after: CapaStatus) -> None:
    if before == after:
        return
    world = in_state(before)
    decision = world.do(*TO[after])
    if after in TRANSITIONS[before]:
        assert world.states[CAPA][1].status == after
    else:
        assert (decision.rule, decision.state) == ("capa.transition", before)


@pytest.mark.parametrize("state", STATES)
def test_what_was_done_is_not_done_again(state: CapaStatus) -> None:
    world = in_state(state)
    command, actor = (OPEN, QUALITY) if state == "opened" else TO[state]
    assert world.do(command, actor) == []


@pytest.mark.parametrize("check", [WORKS, FAILS])
def test_who_implemented_an_action_does_not_check_it(check: CheckCapa) -> None:
    assert in_state("implemented").do(check, MONITOR).rule == "two_persons"


def test_an_action_that_does_not_work_is_open_again_and_needs_a_new_plan() -> None:
    world = in_state("implemented")
    world.do(FAILS, QUALITY)
    assert world.do(IMPLEMENT, MONITOR).rule == "capa.transition"
    assert not isinstance(world.do(PLAN, LEAD), Refusal)


@pytest.mark.parametrize(
    ("before", "command", "day", "rule"),
    [
        ("opened", PLAN, ("due_on", TODAY - DAY), "capa.due_in_past"),
        ("planned", PLAN, ("due_on", TODAY - DAY), "capa.due_in_past"),
        ("planned", IMPLEMENT, ("implemented_on", TODAY - DAY), "capa.before_cause"),
        ("planned", IMPLEMENT, ("implemented_on", TODAY + DAY), "capa.in_future"),
        ("implemented", WORKS, ("checked_on", TODAY - DAY), "capa.before_cause"),
        ("implemented", FAILS, ("checked_on", TODAY - DAY), "capa.before_cause"),
        ("implemented", WORKS, ("checked_on", TODAY + DAY), "capa.in_future"),
        ("implemented", FAILS, ("checked_on", TODAY + DAY), "capa.in_future"),
    ],
)
def test_a_day_is_neither_before_its_cause_nor_in_the_future(
    before: CapaStatus, command: Any, day: tuple[str, Any], rule: str
) -> None:
    refusal = in_state(before).do(command.model_copy(update=dict([day])), QUALITY)
    assert (refusal.rule, refusal.state) == (rule, before)


def test_a_plan_may_be_another_while_nothing_is_implemented() -> None:
    world = in_state("planned")
    later = PLAN.model_copy(update={"due_on": TODAY + 9 * DAY})
    assert world.do(later)[0].due_on == TODAY + 9 * DAY


def test_a_plan_whose_day_is_over_at_the_site_is_told_once() -> None:
    world = in_state("planned")
    assert world.wake(CAPA) == []
    world.now = world.wakes_at(CAPA)
    told = CapaOverdue(capa_id=CAPA, trial_id=TRIAL, site_id=SITE, due_on=PLAN.due_on)
    assert world.wake(CAPA) == [told]
    assert (world.wake(CAPA), world.wakes_at(CAPA)) == ([], None)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"trial_id": UUID(int=77)}, "trial.unknown"),
        ({"site_id": UUID(int=77)}, "site.unknown"),
        ({"source_kind": "deviation"}, "deviation.unknown"),
    ],
)
def test_an_action_is_opened_for_what_is_known(fields: dict[str, Any], rule: str) -> None:
    assert running().do(OPEN.model_copy(update=fields)).rule == rule


def test_an_action_of_the_whole_trial_has_no_site_and_goes_by_utc() -> None:
    (opened,) = running().do(OPEN.model_copy(update={"site_id": None}))
    assert (opened.site_id, opened.zone) == (None, "UTC")


def test_an_id_is_of_one_action() -> None:
    world = in_state("opened")
    assert world.do(OPEN.model_copy(update={"category": "drug"})).rule == "capa.known"
    assert world.do(PLAN.model_copy(update={"trial_id": UUID(int=77)})).rule == "capa.unknown"
    assert running().do(PLAN).rule == "capa.unknown"


def test_every_guard_stands_on_a_step_of_the_table() -> None:
    assert all(after in TRANSITIONS[before] for before, after in GUARDS)
