"""A site's end and its monitoring: the close-out report closes it, what waits there is called off."""

from datetime import date
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from services.trials.commands.hold import ApplyHold
from services.trials.commands.kri import PlanMonitoring
from services.trials.commands.monitoring import ApproveVisitReport, AskForVisit, ReportVisit, ScheduleVisit
from services.trials.commands.site_steps import BeginSiteClosing, CloseSite, TerminateSite
from services.trials.projections.guard_folds import fold_site_guard, site_guard_keys
from services.trials.projections.guards import CloseOut, SiteGuard
from services.trials.projections.kri_guards import SiteCounters
from shared.contracts.message import Event, Refusal
from shared.contracts.trials.monitoring import VisitCancelled, VisitConducted, VisitReportApproved
from shared.contracts.trials.site_steps import SiteClosed
from tests.support.touched import touched
from tests.unit.trials.monitoring_world import APPROVE, BARE, DAY, LEAD, MONITOR, TODAY, Whole, running
from tests.unit.trials.trials_world import SITE, TO_OWN, TRIAL, recorded

AT: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE}
FIRST, SECOND, INTERIM, TARGETED = (UUID(int=n) for n in (701, 702, 703, 704))
CLOSE = CloseSite(**AT, ip_reconciled_on=TODAY, documents_filed_on=TODAY)


def close_out(world: Whole, visit: UUID = FIRST, day: date = TODAY) -> None:
    world.do(ReportVisit(**AT, visit_id=visit, kind="close_out", conducted_on=day), MONITOR)
    world.do(BARE.model_copy(update={"visit_id": visit, "document_ref": f"etmf:{visit.int}"}), MONITOR)


def approve(world: Whole, visit: UUID = FIRST) -> None:
    world.do(ApproveVisitReport(**AT, visit_id=visit, meaning=APPROVE.meaning), LEAD)


def closing() -> Whole:
    world = running()
    world.do(BeginSiteClosing(**AT), LEAD)
    return world


def closed(world: Whole, visited: date = TODAY) -> None:
    world.do(CLOSE.model_copy(update={"visited_on": visited, "report_ref": "etmf:elsewhere"}), LEAD)


def test_the_approved_report_of_the_close_out_visit_closes_its_site() -> None:
    world = closing()
    close_out(world, day=TODAY - DAY)
    refusal = world.do(CLOSE, LEAD)
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "site.close_out_not_approved"
    approve(world)
    told, answer = world.do(CLOSE, LEAD)
    assert "procedures" in answer.closed
    assert (told.visited_on, told.report_ref, told.closed_on) == (TODAY - DAY, "etmf:701", TODAY)


def test_what_is_stated_counts_where_no_visit_is_recorded_and_agrees_where_one_is() -> None:
    world = closing()
    assert world.do(CLOSE.model_copy(update={"report_ref": "etmf:elsewhere"})).field == "visited_on"
    assert world.do(CLOSE.model_copy(update={"visited_on": TODAY})).field == "report_ref"
    close_out(world)
    approve(world)
    refusal = world.do(CLOSE.model_copy(update={"visited_on": TODAY - DAY}))
    assert (refusal.rule, refusal.field) == ("site.close_out_differs", "visited_on")
    told, _ = world.do(CLOSE.model_copy(update={"visited_on": TODAY, "report_ref": "etmf:701"}))
    assert isinstance(told, SiteClosed)


def conducted(visit: UUID, day: date) -> Event:
    return VisitConducted(**AT, visit_id=visit, kind="close_out", conducted_on=day, zone="UTC")


def approved(visit: UUID, day: date) -> Event:
    who: dict[str, Any] = {"submitted_by": "m-1", "approved_by": "l-1", "document_ref": f"etmf:{visit.int}"}
    return VisitReportApproved(**AT, **who, visit_id=visit, kind="close_out", conducted_on=day)


def test_of_two_visits_the_last_one_with_an_approved_report_counts_in_any_order() -> None:
    told = [conducted(FIRST, TODAY - DAY), approved(FIRST, TODAY - DAY), conducted(SECOND, TODAY)]
    for order in permutations(told):
        row = None
        for event in order:
            message = recorded(event, FIRST)
            (key,) = touched(site_guard_keys, message)
            row = fold_site_guard(row, message, key)
        assert row == SiteGuard(SITE, close_out=CloseOut(FIRST, TODAY - DAY, "etmf:701"))


def waiting(world: Whole) -> set[UUID]:
    return set(world.guard(SiteCounters, SITE).visits)


def ask(world: Whole, visit: UUID, kind: Any) -> Any:
    asked = AskForVisit(**AT, visit_id=visit, kind=kind, planned_on=TODAY + DAY, cause=UUID(int=9))
    return world.do(asked, LEAD)


@pytest.mark.parametrize("order", list(permutations((INTERIM, TARGETED, SITE))))
def test_no_visit_waits_at_a_site_that_is_over_whichever_comes_first(order: tuple[UUID, ...]) -> None:
    world = closing()
    world.do(ScheduleVisit(**AT, visit_id=SECOND, kind="close_out", planned_on=TODAY + DAY), LEAD)
    kinds = {INTERIM: "interim", TARGETED: "targeted"}
    for step in order:
        if step == SITE:
            closed(world)
        else:
            ask(world, step, kinds[step])
    assert waiting(world) == {SECOND}
    called_off = {event.visit_id: event.reason for event in world.events(VisitCancelled)}
    assert called_off == dict.fromkeys(order[: order.index(SITE)], "site_is_over")


def test_a_terminated_site_is_visited_no_more_by_plan() -> None:
    world = running()
    world.do(PlanMonitoring(trial_id=TRIAL, visit_interval_days=60, zone="America/New_York"), LEAD)
    assert len(waiting(world)) == 1
    held: dict[str, Any] = {"scope_kind": "site", "scope_id": SITE, "since": TODAY}
    world.do(ApplyHold(hold_id=SECOND, trial_id=TRIAL, source="sponsor_pause", **held), LEAD)
    world.do(TerminateSite(**AT, reason="misconduct"), LEAD)
    assert waiting(world) == set()
    world.do(ReportVisit(**AT, visit_id=INTERIM, kind="interim", conducted_on=TODAY), MONITOR)
    world.do(PlanMonitoring(trial_id=TRIAL, visit_interval_days=30, zone="America/New_York"), LEAD)
    assert waiting(world) == set()


def test_the_end_of_a_site_that_nobody_watched_calls_nothing_off() -> None:
    told = SiteClosed(
        **AT,
        visited_on=TODAY,
        report_ref="etmf:1",
        ip_reconciled_on=TODAY,
        documents_filed_on=TODAY,
        closed_on=TODAY,
    )
    message = recorded(told, SITE)
    world = Whole()
    commands = TO_OWN.react(message, world.facts(TO_OWN.needs(message)))
    assert [command for command in commands if type(command).__name__ == "CancelVisit"] == []
