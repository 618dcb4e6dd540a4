"""The monitoring of a trial: a plan, runs of its indicators, breaches until they recover."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import assert_never
from uuid import UUID, uuid5

from services.trials.commands.kri import ComputeIndicators, EndMonitoring, PlanMonitoring, RunIndicators
from services.trials.domain.kri_run import Breaches, run, told
from services.trials.projections.guards import TrialGuard
from services.trials.rules import NAMESPACE
from services.trials.rules.kri import DEFINITIONS
from services.trials.rules.lifecycle import FINISHED
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.kri import (
    KriBreached,
    KriComputed,
    KriEscalated,
    KriEvent,
    KriRecovered,
    KriRunCompleted,
    KriRunStarted,
    MonitoringEnded,
    MonitoringPlanned,
)
from shared.rules.dates import local_date, start_of_day

MonitoringCommand = PlanMonitoring | RunIndicators | ComputeIndicators | EndMonitoring
Events = list[KriEvent]


@dataclass(frozen=True)
class Monitoring:
    """`next_on` is the local day of the next run; `runs` are those begun, none once they are computed."""

    plan: MonitoringPlanned | None = None
    ended: bool = False
    next_on: date | None = None
    runs: dict[UUID, KriRunStarted | None] = field(default_factory=dict)
    breaches: Breaches = field(default_factory=dict)


def wake_at(monitoring: Monitoring) -> datetime | None:
    """When the local day of the next run begins."""
    if monitoring.plan is None or monitoring.next_on is None or monitoring.ended:
        return None
    return start_of_day(monitoring.next_on, monitoring.plan.zone)


def decide(
    monitoring: Monitoring, command: MonitoringCommand | Wake, facts: Facts, now: datetime
) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case Wake():
            return _on_time(monitoring, now)
        case PlanMonitoring():
            return _plan(monitoring, command, facts.get(TrialGuard, command.trial_id), now)
        case RunIndicators(run_id=run_id):
            if run_id in monitoring.runs:
                return []
            if monitoring.plan is None:
                return Refusal("monitoring.not_planned", "the trial has no monitoring plan", None, "trial_id")
            if monitoring.ended:
                return Refusal("monitoring.ended", "the trial is finished", "ended")
            begun = _begun(monitoring.plan, run_id, now)
            return [begun.model_copy(update={"by": "person", "data_cut_ref": command.data_cut_ref})]
        case ComputeIndicators(run_id=run_id, sites=sites):
            started = monitoring.runs.get(run_id)
            if monitoring.plan is None or started is None:
                return []
            return run(monitoring.plan, started, monitoring.breaches, sites, facts, now)
        case EndMonitoring(trial_id=trial_id):
            over = monitoring.plan is None or monitoring.ended
            return [] if over else [MonitoringEnded(trial_id=trial_id)]
        case _:
            assert_never(command)


def _on_time(monitoring: Monitoring, now: datetime) -> Events:
    at = wake_at(monitoring)
    if monitoring.plan is None or at is None or now < at:
        return []
    name = f"run|{monitoring.plan.trial_id}|{local_date(now, monitoring.plan.zone)}"
    return [_begun(monitoring.plan, uuid5(NAMESPACE, name), now)]


def _begun(plan: MonitoringPlanned, run_id: UUID, now: datetime) -> KriRunStarted:
    return KriRunStarted(
        run_id=run_id,
        trial_id=plan.trial_id,
        by="clock",
        cut_on=local_date(now, plan.zone),
        definitions=DEFINITIONS,
    )


def _plan(
    monitoring: Monitoring, command: PlanMonitoring, trial: TrialGuard | None, now: datetime
) -> Events | Refusal:
    if trial is None:
        return Refusal("trial.unknown", "there is no trial with this id", None, "trial_id")
    if trial.status in FINISHED or monitoring.ended:
        return Refusal("trial.finished", f"the trial is {trial.status}", trial.status)
    planned = MonitoringPlanned(**command.model_dump(), planned_on=local_date(now, command.zone))
    known = monitoring.plan
    same = known and known.model_copy(update={"planned_on": planned.planned_on}) == planned
    return [] if same else [planned]


def evolve(monitoring: Monitoring, event: KriEvent) -> Monitoring:
    match event:
        case MonitoringPlanned():
            after = timedelta(days=event.run_every_days)
            return replace(monitoring, plan=event, next_on=event.planned_on + after)
        case MonitoringEnded():
            return replace(monitoring, ended=True)
        case KriRunStarted(run_id=run_id, cut_on=day):
            every = timedelta(days=monitoring.plan.run_every_days if monitoring.plan else 0)
            return replace(monitoring, runs=monitoring.runs | {run_id: event}, next_on=day + every)
        case KriBreached():
            return replace(monitoring, breaches=told(monitoring.breaches, event, event.level))
        case KriEscalated():
            return replace(monitoring, breaches=told(monitoring.breaches, event, "action"))
        case KriRecovered(site_id=site_id, kri=kri):
            left = {of: known for of, known in monitoring.breaches.items() if of != (site_id, kri)}
            return replace(monitoring, breaches=left)
        case KriRunCompleted(run_id=run_id):
            return replace(monitoring, runs=monitoring.runs | {run_id: None})
        case KriComputed():
            return monitoring
        case _:
            assert_never(event)
