"""A site's invoice: received, approved, paid. These have happened, whatever is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, assert_never
from uuid import UUID

from services.trials.commands.invoice import ReportInvoice, ReportInvoiceApproval, ReportPayment
from services.trials.domain.broken import deviation, in_future, rules_of
from shared.contracts.message import Facts, Wake
from shared.contracts.trials.budget import InvoiceApproved, InvoiceEvent, InvoiceReceived, PaymentMade
from shared.contracts.trials.deviation import DeviationReported

InvoiceCommand = ReportInvoice | ReportInvoiceApproval | ReportPayment
Events = list[InvoiceEvent | DeviationReported]


@dataclass(frozen=True)
class Invoice:
    """What was told of it first, for a second report that differs takes nothing back.

    Approvals and payments by id; an approval of an earlier version of its event has none.
    """

    received: InvoiceReceived | None = None
    approved: Mapping[UUID | None, InvoiceApproved] = field(default_factory=dict)
    paid: Mapping[UUID, PaymentMade] = field(default_factory=dict)
    reported: frozenset[UUID] = frozenset()


def decide(invoice: Invoice, command: InvoiceCommand | Wake, facts: Facts, now: datetime) -> Events:
    """The report as told with the rules that it breaks, and their deviation; a repeat causes nothing."""
    match command:
        case ReportInvoice():
            received = InvoiceReceived(**command.model_dump(), breaks=_received(command, now))
            return _first(invoice, invoice.received, received, command.invoiced_on)
        case ReportInvoiceApproval(approval_id=approval):
            approved = InvoiceApproved(**command.model_dump(), breaks=_approved(invoice, command, now))
            return _first(invoice, invoice.approved.get(approval), approved, command.approved_on)
        case ReportPayment(payment_id=payment):
            paid = PaymentMade(**command.model_dump(), breaks=_paid(invoice, command, now))
            return _first(invoice, invoice.paid.get(payment), paid, command.paid_on)
        case Wake():
            return []
        case _:
            assert_never(command)


def evolve(invoice: Invoice, event: InvoiceEvent | DeviationReported) -> Invoice:
    match event:
        case InvoiceReceived():
            return replace(invoice, received=event)
        case InvoiceApproved(approval_id=approval):
            return replace(invoice, approved={**invoice.approved, approval: event})
        case PaymentMade(payment_id=payment):
            return replace(invoice, paid={**invoice.paid, payment: event})
        case DeviationReported(deviation_id=deviation_id):
            return replace(invoice, reported=invoice.reported | {deviation_id})
        case _:
            assert_never(event)


def _first(invoice: Invoice, known: InvoiceEvent | None, told: InvoiceEvent, on: date) -> Events:
    """The event where it is the first of its kind; another that differs is a contradiction, kept as such."""
    said = told.model_dump_json(exclude={"breaks"})
    if known is None:
        return [told, *_deviation(told, said, told.breaks, on)]
    if known.model_dump_json(exclude={"breaks"}) == said:
        return []
    contradiction = _deviation(told, said, ("payment.contradicted",), on)
    return [one for one in contradiction if one.deviation_id not in invoice.reported]


def _deviation(told: InvoiceEvent, said: str, breaks: tuple[str, ...], on: date) -> list[DeviationReported]:
    return deviation(told.trial_id, "payment", f"{told.type}|{said}", breaks, on, told.site_id)


def _received(command: ReportInvoice, now: datetime) -> tuple[str, ...]:
    return rules_of({"payment.in_future": in_future(command.invoiced_on, now)})


def _approved(invoice: Invoice, command: ReportInvoiceApproval, now: datetime) -> tuple[str, ...]:
    bill = invoice.received
    total = command.amount_minor + _sum(invoice.approved)
    return rules_of(
        {
            "payment.in_future": in_future(command.approved_on, now),
            "payment.not_invoiced": bill is None,
            "payment.before_invoice": bill is not None and command.approved_on < bill.invoiced_on,
            "payment.other_currency": bill is not None and command.currency != bill.currency,
            "payment.above_invoice": bill is not None and total > bill.amount_minor,
        }
    )


def _paid(invoice: Invoice, command: ReportPayment, now: datetime) -> tuple[str, ...]:
    words = invoice.approved.values()
    total = command.amount_minor + _sum(invoice.paid)
    return rules_of(
        {
            "payment.in_future": in_future(command.paid_on, now),
            "payment.not_approved": not words,
            "payment.before_approval": bool(words)
            and command.paid_on < min(one.approved_on for one in words),
            "payment.other_currency": bool(words) and command.currency not in {one.currency for one in words},
            "payment.above_approval": bool(words) and total > _sum(invoice.approved),
        }
    )


def _sum(told: Mapping[Any, InvoiceApproved | PaymentMade]) -> int:
    return sum(one.amount_minor for one in told.values())
