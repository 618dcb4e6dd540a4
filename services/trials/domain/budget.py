"""A site's budget: its versions, and the milestones that make its lines payable, each once."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from services.trials.commands.budget import AgreeBudget, ReachMilestone, ReportPayable
from services.trials.domain.broken import deviation, in_future, site_breaks
from services.trials.projections.guards import SiteGuard
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.budget import (
    PaymentMilestoneReached,
    PaymentMilestoneUnpriced,
    SiteBudgetAgreed,
    SiteBudgetEvent,
)
from shared.contracts.trials.deviation import DeviationReported

BudgetCommand = AgreeBudget | ReachMilestone | ReportPayable
Events = list[SiteBudgetEvent | DeviationReported]


@dataclass(frozen=True)
class Budget:
    """Versions in the order of agreement; causes told; the latest day that is priced; what waits."""

    versions: tuple[SiteBudgetAgreed, ...] = ()
    causes: frozenset[UUID] = frozenset()
    priced_to: date | None = None
    waiting: tuple[PaymentMilestoneUnpriced, ...] = ()

    def in_force(self, day: date) -> SiteBudgetAgreed | None:
        """The version by which a unit of that day is paid: the one agreed last of those that cover it."""
        return next((one for one in reversed(self.versions) if one.effective_from <= day), None)


def decide(budget: Budget, command: BudgetCommand | Wake, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case AgreeBudget():
            return _agree(budget, command, facts, now)
        case ReachMilestone() | ReportPayable():
            return _reach(budget, command, facts, now)
        case Wake():
            return []
        case _:
            assert_never(command)


def evolve(budget: Budget, event: SiteBudgetEvent | DeviationReported) -> Budget:
    match event:
        case SiteBudgetAgreed():
            return replace(budget, versions=(*budget.versions, event))
        case PaymentMilestoneUnpriced(cause=cause):
            return replace(budget, causes=budget.causes | {cause}, waiting=(*budget.waiting, event))
        case PaymentMilestoneReached(cause=cause, reached_on=day):
            # A day to come is an error: it must not keep the next version out for ever.
            latest = budget.priced_to if event.breaks else max(day, budget.priced_to or day)
            still = tuple(one for one in budget.waiting if one.cause != cause)
            return replace(budget, causes=budget.causes | {cause}, priced_to=latest, waiting=still)
        case DeviationReported():
            return budget
        case _:
            assert_never(event)


def _agree(budget: Budget, command: AgreeBudget, facts: Facts, now: datetime) -> Events | Refusal:
    site = facts.get(SiteGuard, command.site_id)
    if site is None or site.trial_id is None:
        return Refusal("site.unknown", "there is no site with this id", None, "site_id")
    if site.trial_id != command.trial_id:
        return Refusal("site.other_trial", "the site belongs to another trial", site.status, "trial_id")
    last = budget.versions[-1] if budget.versions else None
    told = command.model_dump(exclude={"meaning"})
    if last and SiteBudgetAgreed(**told, version=last.version) == last:
        return []
    agreed = SiteBudgetAgreed(**told, version=last.version + 1 if last else 1)
    first = agreed.effective_from
    if last and first <= last.effective_from and not in_future(last.effective_from, now):
        detail = f"version {last.version} is in force from {last.effective_from}: the next one comes later"
        return Refusal("budget.overlap", detail, f"version {last.version}", "effective_from")
    if last and budget.priced_to and first <= budget.priced_to:
        detail = f"a milestone of {budget.priced_to} is priced by version {last.version}"
        return Refusal("budget.priced", detail, f"version {last.version}", "effective_from")
    waited = [
        due for one in budget.waiting if one.reached_on >= first for due in _due(agreed, one, one.breaks)
    ]
    return [agreed, *waited]


def _reach(budget: Budget, command: ReachMilestone | ReportPayable, facts: Facts, now: datetime) -> Events:
    if command.cause in budget.causes:
        return []
    day = command.reached_on
    misplaced = site_breaks(facts.get(SiteGuard, command.site_id), command.trial_id)
    breaks = (*(("payment.in_future",) if in_future(day, now) else ()), *misplaced)
    unpriced = PaymentMilestoneUnpriced(**command.model_dump(), breaks=breaks)
    version = budget.in_force(day)
    found: Events = [*_due(version, unpriced, breaks)] if version else []
    if not found and (version is None or isinstance(command, ReportPayable)):
        found = [unpriced]  # what somebody reports is kept; what no line pays of all that happens here is not
    name = f"{command.site_id}|{command.cause}"
    trial_id, site_id = command.trial_id, command.site_id
    return [*found, *(deviation(trial_id, "payment", name, breaks, day, site_id) if found else ())]


def _due(
    version: SiteBudgetAgreed, told: PaymentMilestoneUnpriced, breaks: tuple[str, ...]
) -> list[PaymentMilestoneReached]:
    """A unit of each line that pays on the milestone; of none where the budget has no such line."""
    about = told.model_dump(exclude={"breaks"})
    return [
        PaymentMilestoneReached(
            **about,
            line=line.code,
            version=version.version,
            amount_minor=line.amount_minor,
            currency=line.currency,
            breaks=breaks,
        )
        for line in version.lines
        if (line.due_on, line.item) == (told.milestone, told.item)
    ]
