"""The rows of invoices: what a site asked for, what was approved and what was paid."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar, assert_never
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.budget import InvoiceApproved, InvoiceReceived, PaymentMade

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment on an invoice, in the minor unit of its currency."""

    payment_id: UUID
    amount_minor: int
    currency: str
    paid_on: date


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice; each amount has its own currency, for a report is kept whatever is wrong with it."""

    table: ClassVar[str] = "invoice"
    key: ClassVar[tuple[str, ...]] = ("invoice_id",)
    invoice_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    status: str | None = None
    number: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    invoiced_on: date | None = None
    document_ref: str | None = None
    approved_minor: int | None = None
    approved_currency: str | None = None
    approved_on: date | None = None
    payments: tuple[Payment, ...] = ()
    breaks: tuple[str, ...] = ()


def invoice_keys(message: Recorded[InvoiceReceived | InvoiceApproved | PaymentMade]) -> tuple[Key, ...]:
    return ((message.data.invoice_id,),)


def fold_invoice(row: InvoiceRow | None, message: Recorded[Any], key: Key) -> InvoiceRow:
    """The invoice after an event of its stream: `paid` once anything was, `breaks` of all its reports."""
    event = message.data
    bill = row or InvoiceRow(key[0], event.trial_id, event.site_id)
    bill = replace(bill, breaks=tuple(dict.fromkeys((*bill.breaks, *event.breaks))))
    match event:
        case InvoiceReceived():
            told = event.model_dump(
                include={"number", "amount_minor", "currency", "invoiced_on", "document_ref"}
            )
            return replace(bill, **told, status=bill.status or "invoiced")
        case InvoiceApproved(amount_minor=amount, currency=currency, approved_on=day):
            told = {"approved_minor": amount, "approved_currency": currency, "approved_on": day}
            return replace(bill, **told, status="paid" if bill.payments else "approved")
        case PaymentMade():
            paid = Payment(event.payment_id, event.amount_minor, event.currency, event.paid_on)
            return replace(bill, payments=(*bill.payments, paid), status="paid")
        case _:
            assert_never(event)
