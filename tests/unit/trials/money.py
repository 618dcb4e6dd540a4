"""Budgets and invoices that tests of money begin with."""

from datetime import date
from typing import Any
from uuid import UUID

from services.trials.commands.budget import AgreeBudget, AgreeTrialBudget, Line, Planning, ReportPayable
from services.trials.commands.invoice import ReportInvoice, ReportInvoiceApproval, ReportPayment
from shared.contracts.message import Command, Refusal
from tests.unit.trials.trials_world import NOW, SITE, SUBJECT, TRIAL, World

TODAY = NOW.date()
JANUARY = date(2026, 1, 1)
INVOICE = UUID(int=50)

START_UP: dict[str, Any] = {
    "code": "START",
    "title": "Start-up",
    "unit": "start_up",
    "amount_minor": 250_000,
    "currency": "USD",
    "planned": 1,
    "due_on": "site_activated",
}
ENROLMENT = START_UP | {
    "code": "V1",
    "title": "Visit 1",
    "unit": "visit",
    "amount_minor": 90_000,
    "planned": 20,
    "due_on": "subject_enrolled",
}
VISIT_2 = ENROLMENT | {"code": "V2", "title": "Visit 2", "due_on": "visit_done", "item": "VISIT 2"}
SCREEN_FAILURE = ENROLMENT | {
    "code": "SF",
    "title": "Screen failure",
    "unit": "screen_failure",
    "amount_minor": 40_000,
    "currency": "EUR",
    "due_on": "screen_failed",
}


def made(world: World, command: Command) -> list[Any]:
    """The events of a command that is not refused."""
    decision = world.do(command)
    assert not isinstance(decision, Refusal), decision
    return [*decision]


def lines(*given: dict[str, Any]) -> tuple[Line, ...]:
    return tuple(Line(**one) for one in given or (START_UP, ENROLMENT, VISIT_2, SCREEN_FAILURE))


def agree(*given: dict[str, Any], start: date = JANUARY, **more: Any) -> AgreeBudget:
    return AgreeBudget(trial_id=TRIAL, site_id=SITE, effective_from=start, lines=lines(*given), **more)


def visit(cause: int = 70, on: date = TODAY, item: str = "VISIT 2") -> ReportPayable:
    return ReportPayable(
        trial_id=TRIAL,
        site_id=SITE,
        subject_id=SUBJECT,
        milestone="visit_done",
        item=item,
        reached_on=on,
        cause=UUID(int=cause),
    )


def plan(*given: tuple[str, int, str], start: date = JANUARY) -> AgreeTrialBudget:
    planned = tuple(Planning(category=c, amount_minor=n, currency=of) for c, n, of in given)  # type: ignore[arg-type]
    return AgreeTrialBudget(trial_id=TRIAL, effective_from=start, lines=planned)


BILL: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "invoice_id": INVOICE, "currency": "USD"}


def invoiced(amount: int = 340_000, on: date = TODAY, **more: Any) -> ReportInvoice:
    return ReportInvoice(**BILL | {"number": "2026-7", "amount_minor": amount, "invoiced_on": on} | more)


def approved(
    amount: int = 340_000, on: date = TODAY, approval: int = 80, **more: Any
) -> ReportInvoiceApproval:
    told = {"amount_minor": amount, "approved_on": on, "approval_id": UUID(int=approval)}
    return ReportInvoiceApproval(**BILL | told | more)


def paid(amount: int = 340_000, on: date = TODAY, payment: int = 60, **more: Any) -> ReportPayment:
    return ReportPayment(
        **BILL | {"amount_minor": amount, "paid_on": on, "payment_id": UUID(int=payment)} | more
    )
