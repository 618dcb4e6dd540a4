"""Commands on budgets, on what makes their lines payable, and on invoices and payments."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID, uuid5

from pydantic import AfterValidator, Field, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.words import Code, Currency, Sha256, Text
from services.trials.projections.guards import SiteGuard
from services.trials.rules import NAMESPACE
from services.trials.rules.budget import OF_AN_ITEM, PAYS_ON
from shared.contracts.message import Command, Need, Signed, Value
from shared.contracts.trials.budget import BudgetCategory, CostCategory, Milestone, Unit
from shared.rules.dates import Day

Minor = Annotated[int, Field(ge=1, le=1_000_000_000_000)]
Planned = Annotated[int, Field(ge=1, le=1_000_000)]


class OfSiteBudget(Command):
    """A command on the stream of a site's budget."""

    trial_id: UUID
    site_id: UUID

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"budget/{self.trial_id}/{self.site_id}")


class Line(Value):
    """A line as it is agreed: what pays on a milestone says on which, of what unit it can be."""

    code: Code
    title: Text
    unit: Unit
    amount_minor: Minor
    currency: Currency
    planned: Planned
    due_on: Milestone | None = None
    item: Code | None = None

    @model_validator(mode="after")
    def _a_unit_pays_on_its_own_milestones(self) -> Self:
        if self.due_on and self.due_on not in PAYS_ON[self.unit]:
            allowed = ", ".join(PAYS_ON[self.unit]) or "no milestone"
            raise ValueError(f"due_on: a line of {self.unit} pays on {allowed}")
        if (self.due_on in OF_AN_ITEM) != (self.item is not None):
            raise ValueError("item: the visit or procedure, where the milestone is one, and there only")
        return self


def _codes_once(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    if len({line.code for line in lines}) < len(lines):
        raise ValueError("lines: each code once")
    return lines


class AgreeBudget(OfSiteBudget, Signed):
    """Agree to what a site is paid from a local day on: a signed act of the sponsor or its finance."""

    type: ClassVar[str] = "trials.agree_budget.v1"
    meaning: Literal["budget agreed"] = "budget agreed"
    effective_from: Day
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=500), AfterValidator(_codes_once)]
    document_ref: Text | None = None
    sha256: Sha256 | None = None

    def needs(self) -> tuple[Need, ...]:
        return (Need(SiteGuard, (self.site_id,)),)


class ReachMilestone(OfSiteBudget):
    """An event tells that a milestone was reached; `cause` is its id."""

    type: ClassVar[str] = "trials.reach_milestone.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    milestone: Milestone
    reached_on: Day
    cause: UUID
    subject_id: UUID | None = None
    item: Code | None = None


class ReportPayable(OfSiteBudget):
    """Report a visit or procedure that was done; `cause` is the id by which its source knows it."""

    type: ClassVar[str] = "trials.report_payable.v1"
    report: ClassVar[bool] = True
    milestone: Literal["visit_done", "procedure_done"]
    item: Code
    reached_on: Day
    subject_id: UUID
    cause: UUID = Field(default_factory=uuid7)

    def needs(self) -> tuple[Need, ...]:
        return (Need(SiteGuard, (self.site_id,)),)


class OfTrialBudget(Command):
    """A command on the stream of a trial's own budget."""

    trial_id: UUID

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"trial_budget/{self.trial_id}")


class Planning(Value):
    """What is planned for a category in one currency."""

    category: BudgetCategory
    amount_minor: Minor
    currency: Currency


def _categories_once(lines: tuple[Planning, ...]) -> tuple[Planning, ...]:
    if len({(line.category, line.currency) for line in lines}) < len(lines):
        raise ValueError("lines: each category once in a currency")
    return lines


class AgreeTrialBudget(OfTrialBudget, Signed):
    """Agree to the budget of a trial from a day (UTC) on: a signed act of the sponsor or its finance."""

    type: ClassVar[str] = "trials.agree_trial_budget.v1"
    meaning: Literal["budget agreed"] = "budget agreed"
    effective_from: Day
    lines: Annotated[
        tuple[Planning, ...], Field(min_length=1, max_length=500), AfterValidator(_categories_once)
    ]
    document_ref: Text | None = None
    sha256: Sha256 | None = None


class ReportCost(OfTrialBudget):
    """Report money spent on the trial beside what its sites are paid."""

    type: ClassVar[str] = "trials.report_cost.v1"
    report: ClassVar[bool] = True
    cost_id: UUID = Field(default_factory=uuid7)
    category: CostCategory
    amount_minor: Minor
    currency: Currency
    incurred_on: Day
    document_ref: Text | None = None
