"""The vault of one subject as decisions see it: what lies in it, what is sealed, and whether it is closed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from shared.contracts import vault as v
from shared.contracts.message import Command, Facts, Refusal, Wake
from shared.rules.vault_commands import (
    CloseVault,
    ConfirmDestruction,
    HandVault,
    ReadDocument,
    ReadParticulars,
    RecordParticulars,
    SealDocument,
    StoreDocument,
    VaultCommand,
)

Decision = list[v.VaultEvent] | Refusal


@dataclass(frozen=True)
class Holding:
    """What a vault holds of a subject: documents with SHA-256 and kind, kinds of particulars.

    `vendors` bring documents, by the record request for which they do.
    """

    trial_id: UUID | None = None
    site_id: UUID | None = None
    documents: Mapping[UUID, tuple[str, str]] = field(default_factory=dict)
    sealed: frozenset[UUID] = frozenset()
    kinds: frozenset[str] = frozenset()
    vendors: Mapping[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    closed: bool = False
    destroyed: bool = False


def decide(holding: Holding, command: VaultCommand, facts: Facts, now: datetime) -> Decision:
    """The events of a command; of a closed vault nothing is given out, and nothing comes into it."""
    if isinstance(command, Wake):
        return []
    about: dict[str, Any] = {
        "subject_id": command.subject_id,
        "trial_id": holding.trial_id or command.trial_id,
        "site_id": holding.site_id or command.at_site(),
    }
    match command:
        case HandVault(request_id=request, organisations=to):
            same = holding.closed or holding.vendors.get(request, ()) == to
            return [] if same else [v.VaultHanded(**about, request_id=request, organisations=to)]
        case SealDocument(document_ref=ref, reason=reason):
            sealed = v.DocumentSealed(**about, document_ref=ref, reason=reason)
            return [] if ref in holding.sealed else [sealed]
        case CloseVault() if command.trial_id != about["trial_id"]:
            # By the retention of a trial that is not theirs nobody is erased.
            return Refusal("other_trial", "the subject is in another trial", None, "trial_id")
        case CloseVault():
            return [] if holding.closed else [v.VaultClosed(**about)]
        case ConfirmDestruction():
            if not holding.closed:
                return Refusal("not_erased", "only the key of an erased subject is destroyed")
            return [] if holding.destroyed else [v.KeyDestroyed(**about)]
        case _ if holding.closed:
            return Refusal("erased", "the subject was erased", "closed", "subject_id")
        case StoreDocument() | RecordParticulars() if command.trial_id != about["trial_id"]:
            return Refusal("other_trial", "the subject is in another trial", None, "trial_id")
        case StoreDocument():
            return _store(holding, command, about)
        case ReadDocument():
            return _read(holding, command, about)
        case RecordParticulars(kind=kind):
            return [v.ParticularsRecorded(**about, kind=kind)]
        case ReadParticulars(kind=kind, purpose=purpose):
            if kind not in holding.kinds:
                return Refusal("no_particulars", "nobody has entered any of this kind", None, "kind")
            return [v.ParticularsRead(**about, kind=kind, purpose=purpose)]
        case _:
            assert_never(command)


def _store(holding: Holding, command: StoreDocument, about: dict[str, Any]) -> Decision:
    if command.organisation_id and held_by(holding, command) is None:
        return Refusal("not_handed", "no leg was handed to that organisation", None, "organisation_id")
    if known := holding.documents.get(command.document_ref):
        if known == (command.sha256, command.kind):
            return []
        return Refusal("document_exists", "another document has this reference", None, "document_ref")
    told = command.model_dump(
        include={"document_ref", "kind", "media_type", "sha256", "size", "organisation_id"}
    )
    return [v.DocumentStored(**about, **told)]


def _read(holding: Holding, command: ReadDocument, about: dict[str, Any]) -> Decision:
    ref = command.document_ref
    if ref not in holding.documents:
        return Refusal("no_document", "the vault has no such document of this subject", None, "document_ref")
    if ref in holding.sealed and not (command.sealed_too and command.purpose == "privacy_incident"):
        return Refusal("sealed", "the document is sealed: nobody may read it", "sealed", "document_ref")
    return [v.DocumentRead(**about, document_ref=ref, purpose=command.purpose)]


def held_by(holding: Holding, command: Command | None) -> UUID | None:
    """The vendor that brings a document, where the vault was handed to it for that."""
    if not isinstance(command, StoreDocument):
        return None
    handed = {vendor for vendors in holding.vendors.values() for vendor in vendors}
    return command.organisation_id if command.organisation_id in handed else None


def evolve(holding: Holding, event: v.VaultEvent) -> Holding:
    holding = replace(holding, trial_id=event.trial_id, site_id=event.site_id)
    match event:
        case v.VaultHanded(request_id=request, organisations=to):
            return replace(holding, vendors={**holding.vendors, request: to})
        case v.DocumentStored(document_ref=ref, sha256=sha256, kind=kind):
            return replace(holding, documents={**holding.documents, ref: (sha256, kind)})
        case v.DocumentSealed(document_ref=ref):
            return replace(holding, sealed=holding.sealed | {ref})
        case v.ParticularsRecorded(kind=kind):
            return replace(holding, kinds=holding.kinds | {kind})
        case v.VaultClosed():
            return replace(holding, closed=True, kinds=frozenset())
        case v.KeyDestroyed():
            return replace(holding, destroyed=True)
        case v.DocumentRead() | v.ParticularsRead():
            return holding
        case _:
            assert_never(event)
