"""The corrective or preventive action: planned, implemented, seen to work by another person, closed."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, assert_never

from services.trials.commands.capa import CheckCapa, CloseCapa, ImplementCapa, OpenCapa, PlanCapa
from services.trials.projections.guards import SiteGuard, TrialGuard
from services.trials.projections.holds import DeviationRow
from services.trials.rules.capa import TRANSITIONS
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.capa import (
    CapaClosed,
    CapaEffectivenessChecked,
    CapaEvent,
    CapaImplemented,
    CapaOpened,
    CapaOverdue,
    CapaPlanned,
    CapaStatus,
)
from shared.rules.dates import local_date, start_of_day

CapaCommand = OpenCapa | PlanCapa | ImplementCapa | CheckCapa | CloseCapa
Events = list[CapaEvent]


@dataclass(frozen=True)
class Capa:
    """`late`: it was told that the plan's day has passed. `implemented` is the last event that said so."""

    opened: CapaOpened | None = None
    status: CapaStatus | None = None
    plan: CapaPlanned | None = None
    late: bool = False
    implemented: CapaImplemented | None = None


def wake_at(capa: Capa) -> datetime | None:
    """When the last day of a plan that is not implemented is over."""
    if capa.opened is None or capa.plan is None or capa.status != "planned" or capa.late:
        return None
    return start_of_day(capa.plan.due_on + timedelta(days=1), capa.opened.zone)


def decide(capa: Capa, command: CapaCommand | Wake, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    who = facts.actor.id if facts.actor else ""
    if isinstance(command, Wake):
        return _on_time(capa, now)
    if isinstance(command, OpenCapa):
        return _open(capa, command, facts, now)
    if capa.opened is None or capa.opened.trial_id != command.trial_id:
        return Refusal("capa.unknown", "the trial has no action with this id", None, "capa_id")
    ids, today = _ids(capa.opened), local_date(now, capa.opened.zone)
    match command:
        case PlanCapa():
            return _plan(capa, CapaPlanned(**command.model_dump() | ids), today)
        case ImplementCapa(implemented_on=day):
            told = CapaImplemented(**command.model_dump() | ids, implemented_by=who)
            if capa.status == "implemented" and capa.implemented == told:
                return []
            wrong = _wrong(capa, "implemented") or _day(capa, day, capa.opened.opened_on, today)
            return wrong or [told]
        case CheckCapa():
            return _check(capa, command, who, today)
        case CloseCapa():
            if capa.status == "closed":
                return []
            return _wrong(capa, "closed") or [CapaClosed(**ids, closed_on=today)]
        case _:
            assert_never(command)


def _on_time(capa: Capa, now: datetime) -> Events:
    at = wake_at(capa)
    if capa.opened is None or capa.plan is None or at is None or now < at:
        return []
    return [CapaOverdue(**_ids(capa.opened), due_on=capa.plan.due_on)]


def _open(capa: Capa, command: OpenCapa, facts: Facts, now: datetime) -> Events | Refusal:
    if facts.get(TrialGuard, command.trial_id) is None:
        return Refusal("trial.unknown", "there is no trial with this id", None, "trial_id")
    site = facts.get(SiteGuard, command.site_id)
    if command.site_id and (site is None or site.trial_id != command.trial_id):
        return Refusal("site.unknown", "the trial has no such site", None, "site_id")
    for source in command.sources if command.source_kind == "deviation" else ():
        row = facts.get(DeviationRow, source)
        if row is None or row.trial_id != command.trial_id:
            return Refusal("deviation.unknown", f"the trial has no deviation {source}", None, "sources")
    zone = (site.zone if site else None) or "UTC"
    opened = CapaOpened(**command.model_dump(), opened_on=local_date(now, zone), zone=zone)
    if capa.opened:
        same = capa.opened.model_copy(update={"opened_on": opened.opened_on, "zone": zone}) == opened
        return [] if same else Refusal("capa.known", "it was opened otherwise", capa.status, "capa_id")
    return [opened]


def _plan(capa: Capa, planned: CapaPlanned, today: date) -> Events | Refusal:
    if capa.status == "planned" and capa.plan == planned:
        return []
    if capa.status != "planned" and (wrong := _wrong(capa, "planned")):
        return wrong
    if planned.due_on < today:
        return Refusal("capa.due_in_past", f"today is {today}", capa.status, "due_on")
    return [planned]


def _check(capa: Capa, command: CheckCapa, who: str, today: date) -> Events | Refusal:
    if capa.status == "effective" and command.effective:
        return []
    wrong = _wrong(capa, "effective" if command.effective else "opened")
    if wrong or capa.opened is None or capa.implemented is None:
        return wrong or []
    if capa.implemented.implemented_by == who:
        return Refusal("two_persons", "another person than who implemented it checks it", capa.status)
    if refusal := _day(capa, command.checked_on, capa.implemented.implemented_on, today):
        return refusal
    told = command.model_dump() | _ids(capa.opened)
    return [CapaEffectivenessChecked(**told, checked_by=who)]


def _wrong(capa: Capa, after: CapaStatus) -> Refusal | None:
    if capa.status and after in TRANSITIONS[capa.status]:
        return None
    return Refusal("capa.transition", f"an action that is {capa.status} does not become {after}", capa.status)


def _day(capa: Capa, day: date, since: date, today: date) -> Refusal | None:
    if day < since:
        return Refusal("capa.before_cause", f"what it follows was on {since}", capa.status)
    return Refusal("capa.in_future", f"today is {today}", capa.status) if day > today else None


def _ids(opened: CapaOpened) -> dict[str, Any]:
    return opened.model_dump(include={"capa_id", "trial_id", "site_id"})


def evolve(capa: Capa, event: CapaEvent) -> Capa:
    match event:
        case CapaOpened():
            return replace(capa, opened=event, status="opened")
        case CapaPlanned():
            return replace(capa, plan=event, status="planned", late=False)
        case CapaOverdue():
            return replace(capa, late=True)
        case CapaImplemented():
            return replace(capa, implemented=event, status="implemented")
        case CapaEffectivenessChecked(effective=works):
            return replace(capa, status="effective" if works else "opened")
        case CapaClosed():
            return replace(capa, status="closed")
        case _:
            assert_never(event)
