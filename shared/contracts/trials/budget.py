"""What a trial costs: agreed budgets, milestones that are due for payment, invoices and payments.

Money is an integer in the minor unit of its ISO 4217 currency, and never summed across currencies.
"""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Value

Unit = Literal["visit", "procedure", "start_up", "close_out", "screen_failure", "pass_through"]
Milestone = Literal[
    "site_activated",
    "site_closed",
    "subject_screened",
    "screen_failed",
    "subject_enrolled",
    "visit_done",
    "procedure_done",
]
CostCategory = Literal[
    "management",
    "monitoring",
    "data_management",
    "statistics",
    "safety",
    "regulatory",
    "laboratory",
    "drug_supply",
    "recruitment",
    "contingency",
    "other",
]
BudgetCategory = CostCategory | Literal["site_payments"]


class BudgetLine(Value):
    """One line of a site's budget: what a unit costs and how many are planned.

    `due_on`: the milestone that makes one unit payable; without it, the line is paid by invoice alone.
    `item` is the code of the visit or procedure where the milestone is one of these.
    """

    code: str
    title: str
    unit: Unit
    amount_minor: int
    currency: str
    planned: int
    due_on: Milestone | None = None
    item: str | None = None


class SiteBudgetAgreed(Event):
    """The sponsor agreed by signature to what the site is paid, from the site's local day on."""

    type: ClassVar[str] = "trials.budget.agreed.v1"
    trial_id: UUID
    site_id: UUID
    version: int
    effective_from: date
    lines: tuple[BudgetLine, ...]
    document_ref: str | None = None
    sha256: str | None = None


class PaymentMilestoneReached(Event):
    """A unit of a budget line is due, by the version in force on that local day.

    `cause` is the event or report that it rests on; each makes a line due once.
    """

    type: ClassVar[str] = "trials.payment.milestone_reached.v1"
    trial_id: UUID
    site_id: UUID
    milestone: Milestone
    line: str
    version: int
    amount_minor: int
    currency: str
    reached_on: date
    cause: UUID
    subject_id: UUID | None = None
    item: str | None = None
    breaks: tuple[str, ...] = ()


class PaymentMilestoneUnpriced(Event):
    """A milestone was reached that no budget pays: one that is agreed later for its day may."""

    type: ClassVar[str] = "trials.payment.milestone_unpriced.v1"
    trial_id: UUID
    site_id: UUID
    milestone: Milestone
    reached_on: date
    cause: UUID
    subject_id: UUID | None = None
    item: str | None = None
    breaks: tuple[str, ...] = ()


class InvoiceReceived(Event):
    """A site sent an invoice."""

    type: ClassVar[str] = "trials.payment.invoiced.v1"
    trial_id: UUID
    site_id: UUID
    invoice_id: UUID
    number: str
    amount_minor: int
    currency: str
    invoiced_on: date
    document_ref: str | None = None
    breaks: tuple[str, ...] = ()


class InvoiceApproved(Event):
    """An invoice was approved for payment, wholly or in part: approvals of one invoice add up."""

    type: ClassVar[str] = "trials.payment.approved.v1"
    trial_id: UUID
    site_id: UUID
    invoice_id: UUID
    amount_minor: int
    currency: str
    approved_on: date
    breaks: tuple[str, ...] = ()
    approval_id: UUID | None = None


class PaymentMade(Event):
    """Money was paid on an invoice."""

    type: ClassVar[str] = "trials.payment.paid.v1"
    trial_id: UUID
    site_id: UUID
    invoice_id: UUID
    payment_id: UUID
    amount_minor: int
    currency: str
    paid_on: date
    breaks: tuple[str, ...] = ()


class PlannedCost(Value):
    """What the sponsor plans to spend on one category in one currency."""

    category: BudgetCategory
    amount_minor: int
    currency: str


class TrialBudgetAgreed(Event):
    """The sponsor agreed by signature to the budget of the trial, from that day (UTC) on."""

    type: ClassVar[str] = "trials.budget.trial_agreed.v1"
    trial_id: UUID
    version: int
    effective_from: date
    lines: tuple[PlannedCost, ...]
    document_ref: str | None = None
    sha256: str | None = None


class CostReported(Event):
    """Money was spent on the trial beside what its sites are paid."""

    type: ClassVar[str] = "trials.budget.cost_reported.v1"
    trial_id: UUID
    cost_id: UUID
    category: CostCategory
    amount_minor: int
    currency: str
    incurred_on: date
    document_ref: str | None = None
    breaks: tuple[str, ...] = ()


SiteBudgetEvent = SiteBudgetAgreed | PaymentMilestoneReached | PaymentMilestoneUnpriced
InvoiceEvent = InvoiceReceived | InvoiceApproved | PaymentMade
TrialBudgetEvent = TrialBudgetAgreed | CostReported
