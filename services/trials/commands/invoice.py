"""Reports on a site's invoices: received, approved, paid."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field
from uuid_utils.compat import uuid7

from services.trials.commands.budget import Minor
from services.trials.commands.words import Code, Currency, Text
from shared.contracts.message import Command
from shared.rules.dates import Day


class OfInvoice(Command):
    """A report on the stream of an invoice."""

    trial_id: UUID
    site_id: UUID
    invoice_id: UUID
    amount_minor: Minor
    currency: Currency

    @property
    def stream_id(self) -> UUID:
        return self.invoice_id


class ReportInvoice(OfInvoice):
    """Report an invoice that a site sent."""

    type: ClassVar[str] = "trials.report_invoice.v1"
    report: ClassVar[bool] = True
    invoice_id: UUID = Field(default_factory=uuid7)
    number: Code
    invoiced_on: Day
    document_ref: Text | None = None


class ReportInvoiceApproval(OfInvoice):
    """Report that an invoice was approved for payment, wholly or in part; another approval adds to it."""

    type: ClassVar[str] = "trials.report_invoice_approval.v1"
    report: ClassVar[bool] = True
    approval_id: UUID = Field(default_factory=uuid7)
    approved_on: Day


class ReportPayment(OfInvoice):
    """Report money paid on an invoice."""

    type: ClassVar[str] = "trials.report_payment.v1"
    report: ClassVar[bool] = True
    payment_id: UUID = Field(default_factory=uuid7)
    paid_on: Day
