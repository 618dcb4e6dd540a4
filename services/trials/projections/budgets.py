"""The rows of budgets: what is agreed with a site, what is due, the sponsor's budget of a trial."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.budget import (
    BudgetLine,
    CostReported,
    PaymentMilestoneReached,
    PaymentMilestoneUnpriced,
    PlannedCost,
    SiteBudgetAgreed,
    TrialBudgetAgreed,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SiteBudget:
    """The version agreed last with a site."""

    table: ClassVar[str] = "site_budget"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    trial_id: UUID | None = None
    version: int | None = None
    effective_from: date | None = None
    lines: tuple[BudgetLine, ...] = ()
    document_ref: str | None = None
    agreed_by: str | None = None


def site_budget_keys(message: Recorded[SiteBudgetAgreed]) -> tuple[Key, ...]:
    return ((message.data.site_id,),)


def fold_site_budget(row: SiteBudget | None, message: Recorded[Any], key: Key) -> SiteBudget:
    event: SiteBudgetAgreed = message.data
    return SiteBudget(
        key[0],
        event.trial_id,
        event.version,
        event.effective_from,
        event.lines,
        event.document_ref,
        message.actor.id,
    )


@dataclass(frozen=True, slots=True)
class Payable:
    """A unit of a line that is due, by its cause; without a line, a milestone that has no price yet."""

    table: ClassVar[str] = "payable"
    key: ClassVar[tuple[str, ...]] = ("trial_id", "site_id", "cause", "line")
    trial_id: UUID
    site_id: UUID
    cause: UUID
    line: str = ""
    milestone: str | None = None
    version: int | None = None
    amount_minor: int | None = None
    currency: str | None = None
    reached_on: date | None = None
    subject_id: UUID | None = None
    item: str | None = None
    breaks: tuple[str, ...] = ()


def payable_keys(message: Recorded[PaymentMilestoneReached | PaymentMilestoneUnpriced]) -> tuple[Key, ...]:
    of = (message.data.trial_id, message.data.site_id, message.data.cause)
    if isinstance(message.data, PaymentMilestoneReached):
        return ((*of, message.data.line), (*of, ""))
    return ((*of, ""),)


def fold_payable(row: Payable | None, message: Recorded[Any], key: Key) -> Payable | None:
    """The unit that is due; the milestone without a price is gone once it has one."""
    event = message.data
    if isinstance(event, PaymentMilestoneReached) and not key[3]:
        return None
    return Payable(**event.model_dump())


@dataclass(frozen=True, slots=True)
class TrialBudget:
    """The sponsor's budget of a trial, and what was spent by category and currency, in minor units."""

    table: ClassVar[str] = "trial_budget"
    key: ClassVar[tuple[str, ...]] = ("budget_id",)
    budget_id: UUID
    trial_id: UUID | None = None
    version: int | None = None
    effective_from: date | None = None
    lines: tuple[PlannedCost, ...] = ()
    spent: dict[str, dict[str, int]] = field(default_factory=dict)
    document_ref: str | None = None
    agreed_by: str | None = None


def trial_budget_keys(message: Recorded[TrialBudgetAgreed | CostReported]) -> tuple[Key, ...]:
    return ((message.stream_id,),)


def fold_trial_budget(row: TrialBudget | None, message: Recorded[Any], key: Key) -> TrialBudget:
    """The budget after an event of its stream."""
    budget = replace(row or TrialBudget(key[0]), trial_id=message.data.trial_id)
    match message.data:
        case TrialBudgetAgreed() as event:
            told = replace(budget, version=event.version, effective_from=event.effective_from)
            return replace(
                told, lines=event.lines, document_ref=event.document_ref, agreed_by=message.actor.id
            )
        case CostReported(category=category, currency=currency, amount_minor=amount):
            of = budget.spent.get(category, {})
            spent = budget.spent | {category: of | {currency: of.get(currency, 0) + amount}}
            return replace(budget, spent=spent)
        case _:
            return budget
