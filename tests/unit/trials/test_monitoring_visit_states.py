"""Every pair of a visit's states: the step that is allowed happens, every other names the rule against it."""

from typing import get_args

import pytest

from services.trials.commands.monitoring import (
    CancelVisit,
    CompleteActionItem,
    RescheduleVisit,
    ReturnVisitReport,
)
from services.trials.rules.monitoring_visit import GUARDS, TRANSITIONS
from shared.contracts.message import Refusal
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.monitoring import VisitConducted, VisitStatus
from tests.unit.trials.monitoring_world import (
    APPROVE,
    AT,
    BARE,
    CONDUCT,
    DAY,
    ITEM,
    LEAD,
    MONITOR,
    REPORT,
    SCHEDULE,
    TODAY,
    VISIT,
    Whole,
    running,
)

STATES: tuple[VisitStatus, ...] = get_args(VisitStatus)
CANCEL = CancelVisit(**AT, reason="no_subjects")
LATER = RescheduleVisit(**AT, planned_on=TODAY + 30 * DAY, reason="site_asked")
DONE = CompleteActionItem(**AT, item_id=ITEM, completed_on=TODAY)
RETURN = ReturnVisitReport(**AT, reason="incomplete")


def in_state(state: VisitStatus) -> Whole:
    """A visit that came into the state by its own commands."""
    world = running()
    if state == "awaiting_report":
        world.do(CONDUCT, MONITOR)
    elif state in ("report_pending_review", "follow_up", "complete"):
        world.do(CONDUCT, MONITOR)
        world.do(BARE if state == "complete" else REPORT, MONITOR)
        if state != "report_pending_review":
            world.do(APPROVE, LEAD)
    else:
        world.do(SCHEDULE)
        if state == "cancelled":
            world.do(CANCEL)
        elif state == "overdue":
            world.now += 4 * DAY
            world.wake(VISIT)
    assert world.states[VISIT][1].told == state
    return world


def step(world: Whole, after: VisitStatus) -> str | None:
    """Try what leads to the state; the rule that was named against it."""
    before = world.states[VISIT][1].told
    match after:
        case "scheduled":
            decision = world.do(LATER)
        case "overdue":
            world.now += 4 * DAY
            return (
                None if world.wake(VISIT) else "visit.transition"
            )  # time asks for nothing, and is not refused
        case "awaiting_report" if before == "report_pending_review":
            decision = world.do(RETURN, LEAD)
        case "awaiting_report":
            decision = world.do(CONDUCT.model_copy(update={"conducted_on": TODAY - DAY}), MONITOR)
            told = [one for one in decision if isinstance(one, VisitConducted | DeviationReported)]
            broken = {rule for one in told for rule in getattr(one, "rules", ())}
            return "visit.transition" if broken & {"visit.transition", "visit.contradicted"} else None
        case "report_pending_review":
            decision = world.do(BARE.model_copy(update={"document_ref": "etmf:report-3"}), MONITOR)
        case "follow_up" | "complete":
            decision = world.do(DONE if before == "follow_up" else APPROVE, LEAD)
        case "cancelled":
            decision = world.do(CANCEL)
    return decision.rule if isinstance(decision, Refusal) else None


@pytest.mark.parametrize("after", STATES)
@pytest.mark.parametrize("before", STATES)
def test_a_visit_takes_the_steps_of_its_table_and_no_other(before: VisitStatus, after: VisitStatus) -> None:
    if before == after:
        return
    world = in_state(before)
    if (before, after) == ("report_pending_review", "complete"):
        world.do(RETURN, LEAD)
        world.do(BARE, MONITOR)  # a report that asks for nothing
    if (before, after) == ("complete", "follow_up"):
        assert world.do(DONE).rule == "visit.transition"  # nothing of it is open again
        return
    rule = step(world, after)
    if after in TRANSITIONS[before]:
        assert (rule, world.states[VISIT][1].told) == (None, after)
    elif rule is None:
        assert world.states[VISIT][1].told == before  # a repeat, or an approval that is given already
    else:
        assert rule == "visit.transition"


def test_a_visit_that_was_cancelled_and_took_place_all_the_same_is_kept_with_the_rule_it_breaks() -> None:
    world = in_state("cancelled")
    conducted, deviation, _ = world.do(CONDUCT, MONITOR)
    assert conducted.breaks == ("visit.transition",)
    assert (deviation.rules, deviation.category) == (("visit.transition",), "monitoring_visit")


@pytest.mark.parametrize("command", [RETURN, APPROVE])
def test_the_author_of_a_report_does_not_review_it(command: ReturnVisitReport) -> None:
    world = in_state("report_pending_review")
    assert world.do(command, MONITOR).rule == "two_persons"


def test_a_visit_is_not_planned_for_a_day_that_has_passed() -> None:
    world = in_state("overdue")
    refusal = world.do(LATER.model_copy(update={"planned_on": TODAY}))
    assert (refusal.rule, refusal.field, refusal.state) == ("visit.planned_in_past", "planned_on", "overdue")


def test_nothing_is_done_before_the_visit_that_asked_for_it() -> None:
    world = in_state("follow_up")
    refusal = world.do(DONE.model_copy(update={"completed_on": TODAY - DAY}))
    assert (refusal.rule, refusal.field) == ("action_item.before_visit", "completed_on")


def test_every_guard_stands_on_a_step_of_the_table_and_is_tested_here() -> None:
    assert all(after in TRANSITIONS[before] for before, after in GUARDS)
    assert {rule for rules in GUARDS.values() for rule in rules} == {
        "visit.planned_in_past",
        "two_persons",
        "action_item.before_visit",
    }
