"""Commands about the records themselves: received, checked, redacted, delivered, or not to be had."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from services.retrieval.commands.fields import (
    Code,
    NewDocument,
    OfLeg,
    Pages,
    Reference,
    Sha256,
    in_vault,
)
from shared.contracts.message import Need, Signed, Value
from shared.rules.dates import Day, ZoneName
from shared.rules.vault_rows import DocumentRow

QcFault = Literal[
    "missing_pages", "wrong_patient", "films_missing", "illegible", "out_of_range", "wrong_types"
]


class QcFindings(Value):
    """What a person looked at, page by page."""

    right_patient: bool
    range_complete: bool
    types_complete: bool
    legible: bool
    images_present: bool


class ReceiveRecords(OfLeg):
    """Records arrived. `received_on` is the local date in `zone`, the place of receipt.

    `document_ref` is a document of retrieval's vault, or a name in another archive.
    """

    type: ClassVar[str] = "retrieval.receive_records.v1"
    report: ClassVar[bool] = True
    received_on: Day
    zone: ZoneName
    pages: Pages
    sha256: Sha256
    document_ref: Reference

    def needs(self) -> tuple[Need, ...]:
        document = in_vault(self.document_ref)
        return (Need(DocumentRow, (document,)),) if document else ()


class PassQualityControl(Signed, OfLeg):
    """A person releases the records; `redaction` names what must be taken out before they leave."""

    type: ClassVar[str] = "retrieval.pass_quality_control.v1"
    meaning: Literal["quality control passed and records released"] = (
        "quality control passed and records released"
    )
    findings: QcFindings
    redaction: tuple[Code, ...] = Field(default=(), max_length=20)


class FailQualityControl(OfLeg):
    """The records do not answer the request."""

    type: ClassVar[str] = "retrieval.fail_quality_control.v1"
    reasons: tuple[QcFault, ...] = Field(min_length=1, max_length=10)


class RecordRedaction(OfLeg):
    """The redacted copies lie in the vault."""

    type: ClassVar[str] = "retrieval.record_redaction.v1"
    documents: tuple[NewDocument, ...] = Field(min_length=1, max_length=500)


class DeliverRecords(OfLeg):
    """Hand the records to the recipient; Part 2 records travel with their notice (42 CFR 2.32)."""

    type: ClassVar[str] = "retrieval.deliver_records.v1"
    recipient: Reference
    link_expires_on: Day | None = None
    part2_notice: bool = False


class CloseLegWithoutRecords(OfLeg):
    """There are no records (certified, or three attempts without an answer), or the custodian refuses."""

    type: ClassVar[str] = "retrieval.close_leg_without_records.v1"
    outcome: Literal["no_records", "refused"]
    certificate_ref: Reference | None = None
    reason: Code | None = None

    @model_validator(mode="after")
    def _a_refusal_has_a_reason(self) -> "CloseLegWithoutRecords":
        if self.outcome == "refused" and self.reason is None:
            raise ValueError("reason: a refusal has one")
        return self
