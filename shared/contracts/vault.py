"""What happens in a vault: documents and particulars, by reference and kind, never by content."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event

# Why somebody reads what is in a vault (45 CFR 164.502(b): no more than the purpose needs).
ReadingPurpose = Literal[
    "legal_basis_check",
    "quality_control",
    "redaction",
    "delivery",
    "safety_assessment",
    "subject_request",
    "privacy_incident",
]


class OfSubject(Event):
    """What every event of a vault says: whose it is, in which trial and at which site."""

    subject_id: UUID
    trial_id: UUID
    site_id: UUID | None = None


class VaultHanded(OfSubject):
    """These organisations, and no longer others, bring documents of the subject for this record request."""

    type: ClassVar[str] = "{service}.vault.handed.v1"
    request_id: UUID
    organisations: tuple[UUID, ...]


class DocumentStored(OfSubject):
    """A document lies in the vault: SHA-256 and `size` in bytes of what was sent.

    `organisation_id`: the vendor that brought it, where one did.
    """

    type: ClassVar[str] = "{service}.document.stored.v1"
    document_ref: UUID
    kind: str
    media_type: str
    sha256: str
    size: int
    organisation_id: UUID | None = None


class DocumentRead(OfSubject):
    """Somebody was given the document, for this purpose; the envelope says who."""

    type: ClassVar[str] = "{service}.document.read.v1"
    document_ref: UUID
    purpose: ReadingPurpose


class DocumentSealed(OfSubject):
    """Nobody reads the document any more but whoever looks into a privacy incident."""

    type: ClassVar[str] = "{service}.document.sealed.v1"
    document_ref: UUID
    reason: str


class ParticularsRecorded(OfSubject):
    """Particulars of this kind were entered, or replaced those before them."""

    type: ClassVar[str] = "{service}.particulars.recorded.v1"
    kind: str


class ParticularsRead(OfSubject):
    """Somebody was given the particulars of this kind, for this purpose; the envelope says who."""

    type: ClassVar[str] = "{service}.particulars.read.v1"
    kind: str
    purpose: ReadingPurpose


class VaultClosed(OfSubject):
    """The subject was erased: from now on the vault gives out nothing and takes nothing of theirs."""

    type: ClassVar[str] = "{service}.vault.closed.v1"


class KeyDestroyed(OfSubject):
    """The subject's key and particulars are gone: what is left of their documents cannot be opened."""

    type: ClassVar[str] = "{service}.vault.key_destroyed.v1"


VaultEvent = (
    VaultHanded
    | DocumentStored
    | DocumentRead
    | DocumentSealed
    | ParticularsRecorded
    | ParticularsRead
    | VaultClosed
    | KeyDestroyed
)
