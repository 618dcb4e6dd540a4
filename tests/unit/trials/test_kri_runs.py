"""A monitoring plan, runs by person and by clock, breaches told once, and visits that they ask for."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.trials.commands.kri import ComputeIndicators, EndMonitoring, PlanMonitoring, RunIndicators
from services.trials.commands.monitoring import ReportVisit, ScheduleVisit
from services.trials.commands.trial import ChangeTrialStatus
from services.trials.handlers import SERVICE
from services.trials.projections.indicators import IndicatorRow, RunRow
from services.trials.projections.kri_guards import MonitoringPlan, SiteCounters
from services.trials.projections.monitoring import VisitRow
from shared.contracts.message import Refusal
from shared.contracts.trials.data import DataCountsRecorded
from shared.contracts.trials.kri import (
    KriBreached,
    KriComputed,
    KriEscalated,
    KriRecovered,
    KriRunCompleted,
    KriRunStarted,
    MonitoringEnded,
)
from shared.contracts.trials.monitoring import VisitScheduled
from shared.contracts.trials.site import GateEvidenceRecorded, SiteActivated
from shared.rules.dates import start_of_day
from tests.unit.trials.monitoring_world import (
    APPROVE,
    BARE,
    CONDUCT,
    DAY,
    LEAD,
    MONITOR,
    TODAY,
    Whole,
    running,
)
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, recorded

SITES = (SITE, UUID(int=12), UUID(int=13))
RUN = UUID(int=541)
PLAN = PlanMonitoring(trial_id=TRIAL, visit_interval_days=60, zone="America/New_York")
STREAM = PLAN.stream_id


def planned(**fields: Any) -> Whole:
    world = running(*SITES)
    world.do(PLAN.model_copy(update=fields), LEAD)
    return world


def queries(world: Whole, oldest: int, site: UUID = SITE) -> None:
    """The capture system counts, on a later day each time."""
    as_of = TODAY + len(world.told) * DAY
    counted = DataCountsRecorded(
        trial_id=TRIAL,
        site_id=site,
        as_of=as_of,
        source="edc",
        forms_expected=9,
        forms_entered=9,
        forms_verified=9,
        queries_opened=1,
        queries_answered=0,
        queries_closed=0,
        oldest_open_days=oldest,
    )
    world.fold(recorded(counted, UUID(int=99)))


def run(world: Whole, number: int) -> list[Any]:
    """A run by a person; what it told of breaches."""
    before = len(world.told)
    world.do(RunIndicators(trial_id=TRIAL, run_id=UUID(int=540 + number)), LEAD)
    told = [message.data for message in world.told[before:]]
    return [one for one in told if isinstance(one, KriBreached | KriEscalated | KriRecovered)]


def test_a_plan_is_stated_once_and_may_change() -> None:
    world = planned()
    assert world.do(PLAN) == []
    (again,) = world.do(PLAN.model_copy(update={"sdv_percent": 20}))
    assert (again.sdv_percent, world.guard(MonitoringPlan, TRIAL).sdv_percent) == (20, 20)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"visit_interval_days": 0}, "visit_interval_days"),
        ({"run_every_days": 0}, "run_every_days"),
        ({"sdv_percent": 0}, "sdv_percent"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"kris": ()}, "kris"),
        ({"kris": ("sdv_backlog", "sdv_backlog")}, "kris: an indicator is named twice"),
        (
            {"tolerances": [{"kri": "query_ageing", "alert": 1, "action": 2}] * 2},
            "tolerances: an indicator is named twice",
        ),
        ({"tolerances": [{"kri": "query_ageing", "alert": 3, "action": 2}]}, "action begins before alert"),
        ({"tolerances": [{"kri": "deviation_rate", "alert": 1, "action": 2}]}, "has no limits of its own"),
    ],
)
def test_a_plan_that_cannot_be_meant_names_the_field(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        PlanMonitoring(**PLAN.model_dump() | fields)


def test_only_a_known_and_unfinished_trial_is_watched() -> None:
    assert Whole().do(PLAN).rule == "trial.unknown"
    world = running()
    for status, reason in (("admin_completed", "no_funds"), ("archived", None)):
        world.do(ChangeTrialStatus(trial_id=TRIAL, status=status, reason=reason))  # type: ignore[arg-type]
        assert world.do(PLAN).rule == "trial.finished"


def test_no_run_without_a_plan() -> None:
    assert running().do(RunIndicators(trial_id=TRIAL)).rule == "monitoring.not_planned"


def test_a_run_records_its_data_cut_its_day_and_its_definitions_and_computes_every_active_site() -> None:
    world = planned()
    ask = RunIndicators(trial_id=TRIAL, run_id=RUN, data_cut_ref="edc:extract-7")
    (started,) = world.do(ask, LEAD)
    told: dict[str, Any] = {"run_id": RUN, "trial_id": TRIAL, "cut_on": TODAY, "definitions": "2026-2"}
    assert started == KriRunStarted(**told, by="person", data_cut_ref="edc:extract-7")
    (completed,) = world.events(KriRunCompleted)
    assert completed == KriRunCompleted(**told, data_cut_ref="edc:extract-7", data_cut_at=NOW, sites=3)
    assert sorted(one.site_id for one in world.events(KriComputed)) == sorted(SITES)
    row = world.guard(RunRow, TRIAL, RUN)
    assert (row.status, row.sites, row.breaches, row.data_cut_ref) == ("completed", 3, 0, "edc:extract-7")


def test_a_run_is_made_once() -> None:
    world = planned()
    run(world, 1)
    assert world.do(RunIndicators(trial_id=TRIAL, run_id=RUN), LEAD) == []
    assert world.do(ComputeIndicators(trial_id=TRIAL, run_id=RUN, sites=SITES)) == []
    assert running().do(ComputeIndicators(trial_id=TRIAL, run_id=RUN, sites=SITES)) == []


def test_the_clock_makes_a_run_a_week_after_the_plan_and_after_each_run() -> None:
    world = planned()
    assert world.wakes_at(STREAM) == start_of_day(TODAY + 7 * DAY, "America/New_York")
    assert world.wake(STREAM) == []
    for week in (1, 2):
        world.now = world.wakes_at(STREAM)
        (started,) = world.wake(STREAM)
        assert (started.by, started.cut_on) == ("clock", TODAY + 7 * week * DAY)
    assert len(world.events(KriRunCompleted)) == 2


def test_a_breach_is_told_once_while_it_stands_and_its_end_is_told() -> None:
    world = planned(kris=("query_ageing",))
    queries(world, 31)
    (breached,) = run(world, 1)
    assert (breached.level, breached.found.kri, breached.site_id) == ("alert", "query_ageing", SITE)
    assert breached.visit_by == TODAY + 14 * DAY
    assert run(world, 2) == []
    queries(world, 61)
    (escalated,) = run(world, 3)
    assert isinstance(escalated, KriEscalated)
    assert escalated.breach_id == breached.breach_id
    assert world.guard(IndicatorRow, SITE, "query_ageing").breach_level == "action"
    queries(world, 40)
    assert run(world, 4) == []
    queries(world, 2)
    (recovered,) = run(world, 5)
    assert (recovered.breach_id, recovered.kri) == (breached.breach_id, "query_ageing")
    row = world.guard(IndicatorRow, SITE, "query_ageing")
    assert (row.breach_id, row.verdict, row.value) == (None, "within", 2)
    queries(world, 31)
    (again,) = run(world, 6)
    assert again.breach_id != breached.breach_id


def test_a_plans_own_limits_count() -> None:
    strict = PlanMonitoring(
        **PLAN.model_dump() | {"tolerances": [{"kri": "query_ageing", "alert": 1, "action": 2}]}
    )
    world = running(*SITES)
    world.do(strict)
    queries(world, 3)
    assert run(world, 1)[0].level == "action"
    assert world.guard(MonitoringPlan, TRIAL).tolerances[0].action == 2


def test_a_breach_asks_for_one_targeted_visit() -> None:
    world = planned(kris=("query_ageing",))
    queries(world, 31)
    run(world, 1)
    queries(world, 61)
    run(world, 2)
    (visit,) = [one for one in world.events(VisitScheduled) if one.kind == "targeted"]
    assert (visit.site_id, visit.kri, visit.planned_on) == (SITE, "query_ageing", TODAY + 14 * DAY)
    assert world.guard(VisitRow, visit.visit_id).status == "scheduled"


def test_a_plan_may_want_visits_for_what_calls_for_action_alone() -> None:
    world = planned(kris=("query_ageing",), visit_from="action")
    queries(world, 31)
    assert run(world, 1)[0].visit_by is None
    assert not [one for one in world.events(VisitScheduled) if one.kind == "targeted"]
    queries(world, 61)
    assert run(world, 2)[0].visit_by == TODAY + 14 * DAY
    assert len([one for one in world.events(VisitScheduled) if one.kind == "targeted"]) == 1


def test_what_is_not_judged_neither_breaches_nor_recovers() -> None:
    world = planned(kris=("query_ageing",))
    queries(world, 31)
    run(world, 1)
    world.guards[SiteCounters, (SITE,)] = SiteCounters(SITE, TRIAL)
    assert run(world, 2) == []
    assert world.guard(IndicatorRow, SITE, "query_ageing").breach_level == "alert"


def test_a_site_of_which_nothing_is_counted_is_computed_all_the_same() -> None:
    world = planned()
    del world.guards[SiteCounters, (SITE,)]
    run(world, 1)
    assert len(world.events(KriComputed)) == 3


def test_a_finished_trial_is_watched_no_more() -> None:
    world = planned()
    world.do(ChangeTrialStatus(trial_id=TRIAL, status="admin_completed", reason="no_funds"))
    assert world.events(MonitoringEnded) == [MonitoringEnded(trial_id=TRIAL)]
    assert (world.wakes_at(STREAM), world.guard(MonitoringPlan, TRIAL).ended) == (None, True)
    assert world.do(RunIndicators(trial_id=TRIAL)).rule == "monitoring.ended"
    assert world.do(EndMonitoring(trial_id=TRIAL)) == []
    assert running().do(EndMonitoring(trial_id=TRIAL)) == []
    (_, state) = world.states[STREAM]
    assert SERVICE.aggregate_of["monitoring"].wake_at is not None
    assert state.ended
    assert world.do(PLAN.model_copy(update={"sdv_percent": 5})).rule == "trial.finished"


def interims(world: Whole, site: UUID = SITE) -> list[date]:
    visits = world.guard(SiteCounters, site).visits.values()
    return [visit.planned_on for visit in visits if visit.kind == "interim"]


def test_the_plan_asks_for_an_interim_visit_at_each_active_site_and_for_the_next_after_each() -> None:
    world = planned()
    assert [interims(world, site) for site in SITES] == [[TODAY + 60 * DAY]] * 3
    (waiting,) = world.guard(SiteCounters, SITE).visits
    made = CONDUCT.model_copy(update={"visit_id": waiting, "conducted_on": TODAY - DAY})
    world.do(made, MONITOR)
    assert interims(world) == [TODAY + 59 * DAY]


def test_an_interim_visit_that_waits_is_the_next() -> None:
    world = planned()
    world.do(CONDUCT, MONITOR)
    assert interims(world) == [TODAY + 60 * DAY]


def test_a_site_that_is_activated_under_a_plan_gets_its_first_interim_visit() -> None:
    world = planned()
    other = UUID(int=14)
    where: dict[str, Any] = {"trial_id": TRIAL, "site_id": other}
    activated = SiteActivated(**where, gates=(), activated_on=TODAY, zone="UTC", country="US")
    world.tell(other, SERVICE.aggregate_of["site"], [activated])
    assert interims(world, other) == [TODAY + 60 * DAY]


def test_without_a_plan_and_after_the_close_out_no_interim_visit_is_asked_for() -> None:
    world = running()
    world.do(CONDUCT, MONITOR)
    assert interims(world) == []
    world = planned()
    (waiting,) = world.guard(SiteCounters, SITE).visits
    closing: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "conducted_on": TODAY}
    world.do(ReportVisit(**closing, visit_id=UUID(int=551), kind="close_out"), MONITOR)
    world.do(ReportVisit(**closing, visit_id=waiting, kind="interim"), MONITOR)
    assert interims(world) == []


def test_an_initiation_visit_is_the_evidence_of_its_gate_once_its_report_is_signed() -> None:
    world = running()
    world.do(CONDUCT.model_copy(update={"kind": "initiation"}), MONITOR)
    world.do(BARE, MONITOR)
    assert world.events(GateEvidenceRecorded) == []
    world.do(APPROVE, LEAD)
    (evidence,) = world.events(GateEvidenceRecorded)
    assert (evidence.gate, evidence.evidence_id, evidence.valid_from) == ("siv_done", BARE.visit_id, TODAY)
    assert evidence.document_ref == "etmf:report-2"


def test_visits_of_other_kinds_are_no_evidence() -> None:
    world = running()
    world.do(CONDUCT, MONITOR)
    world.do(BARE, MONITOR)
    world.do(APPROVE, LEAD)
    assert world.events(GateEvidenceRecorded) == []


def test_a_run_of_a_trial_without_active_sites_is_told_too() -> None:
    world = planned()
    world.guards = {key: row for key, row in world.guards.items() if key[0].table != "trial_sites"}
    run(world, 1)
    assert world.events(KriRunCompleted)[0].sites == 0


def test_a_plan_of_visits_is_no_refusal() -> None:
    ask = ScheduleVisit(trial_id=TRIAL, site_id=SITE, kind="remote", planned_on=TODAY)
    assert not isinstance(planned().do(ask), Refusal)
