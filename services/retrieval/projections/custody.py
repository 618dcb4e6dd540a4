"""The chain of custody: who had which document when, one entry an act, never changed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts import retrieval as r
from shared.contracts.message import Recorded

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CustodyRow:
    """One act on one document. `holder` is the vault, or the recipient to whom the document went.

    `organisation_id`: the vendor that had the leg then; what it did stays its own when the leg goes on.
    """

    table: ClassVar[str] = "custody"
    key: ClassVar[tuple[str, ...]] = ("event_id", "document_ref")
    event_id: UUID
    document_ref: str
    trial_id: UUID | None = None
    request_id: UUID | None = None
    leg_id: UUID | None = None
    seq: int | None = None
    act: str | None = None
    holder: str | None = None
    actor: str | None = None
    at: datetime | None = None
    sha256: str | None = None
    pages: int | None = None
    received_on: date | None = None
    reason: str | None = None
    disclosure_id: UUID | None = None
    accountable: bool | None = None
    organisation_id: UUID | None = None


OfDocuments = (
    r.RecordsReceived
    | r.RecordsSealed
    | r.RecordsQcPassed
    | r.RecordsQcFailed
    | r.RecordsRedacted
    | r.RecordsDelivered
)


def custody_keys(message: Recorded[OfDocuments]) -> tuple[Key, ...]:
    """One key a document of the event."""
    return tuple((message.id, document.document_ref) for document in _documents(message.data))


def fold_custody(row: CustodyRow | None, message: Recorded[OfDocuments], key: Key) -> CustodyRow | None:
    """An entry is written once. `seq` is the request stream's version: the ledger's order in the request."""
    event = message.data
    document = next((d for d in _documents(event) if d.document_ref == key[1]), None)
    if row is not None or document is None:
        return row
    delivered = event if isinstance(event, r.RecordsDelivered) else None
    return CustodyRow(
        event_id=message.id,
        document_ref=document.document_ref,
        trial_id=event.trial_id,
        request_id=event.request_id,
        leg_id=event.leg_id,
        seq=message.version,
        act=type(event).__name__.removeprefix("Records").lower(),
        holder=delivered.recipient if delivered else "vault",
        actor=str(message.actor),
        at=message.time,
        sha256=document.sha256,
        pages=document.pages,
        received_on=getattr(event, "received_on", None),
        reason=event.reason if isinstance(event, r.RecordsSealed) else None,
        disclosure_id=delivered.disclosure_id if delivered else None,
        accountable=delivered.accountable if delivered else None,
        organisation_id=event.organisation_id,
    )


def _documents(event: OfDocuments) -> tuple[r.Document, ...]:
    if isinstance(event, r.RecordsReceived | r.RecordsSealed):
        return (r.Document.model_validate(event.model_dump(include={"document_ref", "sha256", "pages"})),)
    return event.documents
