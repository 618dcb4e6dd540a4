"""Commands about a leg on its way: to whom, sent, asked again, answered, priced."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.retrieval.commands.fields import Code, Currency, Minor, OfLeg, Reference
from shared.contracts.retrieval import Method
from shared.rules.dates import Day


class AddLeg(OfLeg):
    """One custodian and the least that is needed from it. `fee_limit_minor` is paid without asking."""

    type: ClassVar[str] = "retrieval.add_leg.v1"
    leg_id: UUID = Field(default_factory=uuid7)
    custodian: Reference
    custodian_kind: Code = "hospital"
    custodian_state: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    record_types: tuple[Code, ...] = Field(min_length=1, max_length=40)
    range_from: Day
    range_to: Day
    fee_limit_minor: Minor = 0
    fee_currency: Currency = "USD"

    @model_validator(mode="after")
    def _range_is_a_range(self) -> "AddLeg":
        if self.range_to < self.range_from:
            raise ValueError("range_to: not before range_from")
        return self


class AssignLeg(OfLeg):
    """Hand the leg to a vendor; what another vendor had of it is no longer theirs."""

    type: ClassVar[str] = "retrieval.assign_leg.v1"
    organisation_id: UUID


class CancelLeg(OfLeg):
    """This custodian need not be asked."""

    type: ClassVar[str] = "retrieval.cancel_leg.v1"
    reason: Code


class SendLeg(OfLeg):
    """Send the request to the custodian; again, after records failed quality control."""

    type: ClassVar[str] = "retrieval.send_leg.v1"
    method: Method


class ReportLegUnroutable(OfLeg):
    """The custodian cannot be reached."""

    type: ClassVar[str] = "retrieval.report_leg_unroutable.v1"
    report: ClassVar[bool] = True
    reason: Code


class RerouteLeg(OfLeg):
    """A verified contact of the same custodian was found."""

    type: ClassVar[str] = "retrieval.reroute_leg.v1"
    contact_ref: Reference


class AcknowledgeLeg(OfLeg):
    """The custodian confirmed the request."""

    type: ClassVar[str] = "retrieval.acknowledge_leg.v1"
    report: ClassVar[bool] = True
    acknowledged_on: Day


class RecordFollowUp(OfLeg):
    """The custodian was asked again."""

    type: ClassVar[str] = "retrieval.record_follow_up.v1"
    report: ClassVar[bool] = True
    method: Code


class QuoteFee(OfLeg):
    """The custodian named a price; `cap_minor` is the most that the state's law lets it ask."""

    type: ClassVar[str] = "retrieval.quote_fee.v1"
    report: ClassVar[bool] = True
    amount_minor: Minor
    currency: Currency
    cap_minor: Minor | None = None


class ApproveFee(OfLeg):
    """The price will be paid."""

    type: ClassVar[str] = "retrieval.approve_fee.v1"


class DisputeFee(OfLeg):
    """The price is not accepted."""

    type: ClassVar[str] = "retrieval.dispute_fee.v1"
    reason: Code


class RecordFeePayment(OfLeg):
    """The price was paid."""

    type: ClassVar[str] = "retrieval.record_fee_payment.v1"
    report: ClassVar[bool] = True
