"""Commands on a subject's vault. The routes of documents and particulars give them, and reactions."""

from typing import Annotated, ClassVar
from uuid import UUID, uuid5

from pydantic import Field

from shared.contracts.message import Command, Wake
from shared.contracts.vault import ReadingPurpose

_VAULTS = UUID("c9a3c1be-0a43-5d1c-9a0e-3a52f1b7f6d4")
# What roles may do with a vault; a copy is a document that names nobody.
ACTS = (
    "read_copy", "read_document", "read_particulars", "read_sealed", "record_particulars", "store_copy",
    "store_document",
)  # fmt: skip
COPY = "pseudonymised_copy"  # the kind of a document that names nobody (domain.md 0.10)
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


def vault_of(subject_id: UUID) -> UUID:
    """The stream of a subject's vault, the same in every service."""
    return uuid5(_VAULTS, str(subject_id))


class _OfVault(Command):
    """Neither has a route of its own nor comes by the topic: bytes go through the vault's routes."""

    internal: ClassVar[bool] = True
    subject_id: UUID

    @property
    def stream_id(self) -> UUID:
        return vault_of(self.subject_id)


class HandVault(_OfVault):
    """Legs of a record request were handed to these vendors: they bring documents, and read none."""

    type: ClassVar[str] = "{service}.hand_vault.v1"
    report: ClassVar[bool] = True
    trial_id: UUID
    site_id: UUID | None = None
    request_id: UUID
    organisations: tuple[UUID, ...]


class StoreDocument(_OfVault):
    """A document's bytes are sealed and wait for their entry: SHA-256 and size in bytes of the plaintext.

    `organisation_id`: the vendor for which it is stored.
    """

    type: ClassVar[str] = "{service}.store_document.v1"
    trial_id: UUID
    site_id: UUID | None = None
    document_ref: UUID
    kind: Word
    media_type: str
    sha256: str
    size: int
    organisation_id: UUID | None = None


class ReadDocument(_OfVault):
    """Give out a document for a purpose. `sealed_too`: whether the reader's role looks into incidents."""

    type: ClassVar[str] = "{service}.read_document.v1"
    document_ref: UUID
    purpose: ReadingPurpose
    sealed_too: bool = False


class SealDocument(_OfVault):
    """Let nobody read a document any more."""

    type: ClassVar[str] = "{service}.seal_document.v1"
    report: ClassVar[bool] = True
    trial_id: UUID
    site_id: UUID | None = None
    document_ref: UUID
    reason: Word


class RecordParticulars(_OfVault):
    """Keep particulars of a kind, in place of those before them."""

    type: ClassVar[str] = "{service}.record_particulars.v1"
    trial_id: UUID
    site_id: UUID | None = None
    kind: Word


class ReadParticulars(_OfVault):
    """Give out particulars for a purpose."""

    type: ClassVar[str] = "{service}.read_particulars.v1"
    kind: Word
    purpose: ReadingPurpose


class CloseVault(_OfVault):
    """The subject was erased: by two persons, as the trials service says."""

    type: ClassVar[str] = "{service}.close_vault.v1"
    trial_id: UUID


class ConfirmDestruction(_OfVault):
    """The key is destroyed."""

    type: ClassVar[str] = "{service}.confirm_destruction.v1"
    report: ClassVar[bool] = True


VaultCommand = (
    HandVault
    | StoreDocument
    | ReadDocument
    | SealDocument
    | RecordParticulars
    | ReadParticulars
    | CloseVault
    | ConfirmDestruction
    | Wake
)
