"""The sponsor's budget of a trial by category, and what was spent beside its sites' payments."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.trials.commands.budget import AgreeTrialBudget, ReportCost
from services.trials.domain.broken import deviation, in_future
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.budget import CostReported, TrialBudgetAgreed, TrialBudgetEvent
from shared.contracts.trials.deviation import DeviationReported

TrialBudgetCommand = AgreeTrialBudget | ReportCost
Events = list[TrialBudgetEvent | DeviationReported]


@dataclass(frozen=True)
class TrialBudget:
    """Versions in the order of agreement, and the costs told."""

    versions: tuple[TrialBudgetAgreed, ...] = ()
    costs: frozenset[UUID] = frozenset()


def decide(
    budget: TrialBudget, command: TrialBudgetCommand | Wake, facts: Facts, now: datetime
) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case AgreeTrialBudget():
            return _agree(budget, command, now)
        case ReportCost():
            return _cost(budget, command, now)
        case Wake():
            return []
        case _:
            assert_never(command)


def evolve(budget: TrialBudget, event: TrialBudgetEvent | DeviationReported) -> TrialBudget:
    match event:
        case TrialBudgetAgreed():
            return replace(budget, versions=(*budget.versions, event))
        case CostReported(cost_id=cost):
            return replace(budget, costs=budget.costs | {cost})
        case DeviationReported():
            return budget
        case _:
            assert_never(event)


def _agree(budget: TrialBudget, command: AgreeTrialBudget, now: datetime) -> Events | Refusal:
    last, told = budget.versions[-1] if budget.versions else None, command.model_dump(exclude={"meaning"})
    if last and TrialBudgetAgreed(**told, version=last.version) == last:
        return []
    begun = next((one for one in reversed(budget.versions) if not in_future(one.effective_from, now)), None)
    if begun and command.effective_from <= begun.effective_from:
        detail = f"version {begun.version} is in force from {begun.effective_from}: the next one comes later"
        return Refusal("budget.overlap", detail, f"version {begun.version}", "effective_from")
    return [TrialBudgetAgreed(**told, version=last.version + 1 if last else 1)]


def _cost(budget: TrialBudget, command: ReportCost, now: datetime) -> Events:
    if command.cost_id in budget.costs:
        return []
    day = command.incurred_on
    breaks = ("cost.in_future",) if in_future(day, now) else ()
    reported = CostReported(**command.model_dump(), breaks=breaks)
    return [reported, *deviation(command.trial_id, "payment", f"{command.cost_id}", breaks, day)]
