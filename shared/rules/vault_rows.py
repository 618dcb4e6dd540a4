"""A vault's documents and subjects as projected rows: what lies where and was read how often, no content."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts import vault as v
from shared.contracts.message import Recorded

Key = tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document. `vault_id` is the stream of its subject's vault; times are UTC, `size` is in bytes.

    `sealed` is the reason why nobody may read it.
    """

    table: ClassVar[str] = "document"
    key: ClassVar[tuple[str, ...]] = ("document_ref",)
    document_ref: UUID
    vault_id: UUID | None = None
    subject_id: UUID | None = None
    trial_id: UUID | None = None
    site_id: UUID | None = None
    kind: str | None = None
    media_type: str | None = None
    sha256: str | None = None
    size: int | None = None
    organisation_id: UUID | None = None
    stored_at: datetime | None = None
    stored_by: str | None = None
    sealed: str | None = None
    reads: int = 0
    last_read_at: datetime | None = None
    last_read_by: str | None = None


def document_keys(message: Recorded[v.DocumentStored | v.DocumentRead | v.DocumentSealed]) -> tuple[Key, ...]:
    return ((message.data.document_ref,),)


def fold_document(row: DocumentRow | None, message: Recorded[Any], key: Key) -> DocumentRow:
    """The row after an event of its vault."""
    event, who = message.data, str(message.actor)
    row = row or DocumentRow(key[0], message.stream_id, event.subject_id, event.trial_id, event.site_id)
    match event:
        case v.DocumentStored():
            told = event.model_dump(include={"kind", "media_type", "sha256", "size", "organisation_id"})
            return replace(row, **told, stored_at=message.time, stored_by=who)
        case v.DocumentRead():
            return replace(row, reads=row.reads + 1, last_read_at=message.time, last_read_by=who)
        case v.DocumentSealed(reason=reason):
            return replace(row, sealed=reason)
        case _:
            return row


@dataclass(frozen=True, slots=True)
class VaultSubjectRow:
    """What the vault holds of a subject. `handed`: which vendors bring documents for which record request.

    `organisation_ids` are all of these. `closed_at` once the subject is erased, `destroyed_at` once the key
    is; times are UTC.
    """

    table: ClassVar[str] = "vault_subject"
    key: ClassVar[tuple[str, ...]] = ("subject_id",)
    subject_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    organisation_ids: tuple[UUID, ...] = ()
    handed: dict[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    documents: int = 0
    particulars: tuple[str, ...] = ()
    closed_at: datetime | None = None
    destroyed_at: datetime | None = None


def vault_subject_keys(message: Recorded[v.VaultEvent]) -> tuple[Key, ...]:
    return ((message.data.subject_id,),)


def fold_vault_subject(row: VaultSubjectRow | None, message: Recorded[Any], key: Key) -> VaultSubjectRow:
    """The row after an event of the subject's vault."""
    event = message.data
    row = row or VaultSubjectRow(key[0], event.trial_id, event.site_id)
    match event:
        case v.VaultHanded(request_id=request, organisations=to):
            handed = {one: vendors for one, vendors in {**row.handed, request: to}.items() if vendors}
            vendors = {vendor for those in handed.values() for vendor in those}
            return replace(row, handed=handed, organisation_ids=tuple(sorted(vendors)))
        case v.DocumentStored():
            return replace(row, documents=row.documents + 1)
        case v.ParticularsRecorded(kind=kind):
            return replace(row, particulars=tuple(sorted({*row.particulars, kind})))
        case v.VaultClosed():
            return replace(row, particulars=(), closed_at=message.time)
        case v.KeyDestroyed():
            return replace(row, destroyed_at=message.time)
        case _:
            return row
