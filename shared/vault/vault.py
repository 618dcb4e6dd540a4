"""The vault of one service: documents as objects, particulars in Postgres, sealed under the subject's key."""

import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from shared.runtime.database import Connection, Pool, Record
from shared.vault import seal, sweep
from shared.vault.errors import DamagedError, ErasedError, TakenError, UnknownError
from shared.vault.keys import FileMasterKeys, MasterKeys
from shared.vault.objects import Objects
from shared.vault.sealed_particulars import SealedParticulars
from shared.vault.subjects import Subjects

# No parameters: they are the sender's own text, and a file's name may be a patient's.
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
# It locks the subject's row, so that an erasure comes before, and nothing is stored, or after, and finds it.
_STORED = """
INSERT INTO vault.document (object, ref, subject_id, sponsor_id, sha256, size, media_type, stored_at)
SELECT $1, $2, subject_id, $4, $5, $6, $7, now() FROM vault.subject
WHERE subject_id = $3 AND wrapped IS NOT NULL FOR SHARE RETURNING true
"""
_DOCUMENT = """
SELECT d.object, d.subject_id, d.sponsor_id, d.sha256, d.size, d.media_type, s.master_id, s.wrapped
FROM vault.document d JOIN vault.subject s USING (subject_id) WHERE d.ref = $1
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A document: its reference, the object with its bytes, whose it is, SHA-256 and size as sent."""

    ref: UUID
    object: UUID
    subject_id: UUID
    sponsor_id: UUID
    sha256: str
    size: int
    media_type: str


class Vault:
    """Documents of one service, and its `particulars`."""

    def __init__(self, pool: Pool, objects: Objects, subjects: Subjects) -> None:
        self._pool, self._objects, self._subjects = pool, objects, subjects
        self.particulars = SealedParticulars(pool, subjects)

    async def write(
        self, ref: UUID, subject_id: UUID, sponsor_id: UUID, chunks: AsyncIterable[bytes], media_type: str
    ) -> Stored:
        """Seal the bytes of a subject's document, which `record` then makes known; ErasedError.

        The subject's key is made with the first; `media_type` is `type/subtype`. Whatever breaks off between
        the two leaves at most an object that nobody knows.
        """
        if not _MEDIA_TYPE.fullmatch(media_type):
            raise ValueError("a media type is type/subtype in lower case, without parameters")
        key, name, tally = await self._subjects.key(subject_id), uuid7(), seal.Tally()
        await self._objects.write(name, seal.seal(key, _object(name), chunks, tally))
        return Stored(ref, name, subject_id, sponsor_id, tally.sha256(), tally.size, media_type)

    async def record(self, tx: Connection, stored: Stored) -> None:
        """Make a document known with the transaction that has its event.

        ErasedError if the subject was erased meanwhile, TakenError if another document has the reference,
        DamagedError if a sweep took the object before.
        """
        digest = bytes.fromhex(stored.sha256)
        of = (stored.object, stored.ref, stored.subject_id, stored.sponsor_id)
        try:
            recorded = await tx.fetchval(_STORED, *of, digest, stored.size, stored.media_type)
        except asyncpg.UniqueViolationError as fault:
            if fault.constraint_name == "document_ref_key":
                raise TakenError(f"{_document(stored.ref)}: another has this reference") from None
            raise DamagedError(f"{_document(stored.ref)}: was swept before it was recorded") from None
        if not recorded:
            raise ErasedError(f"subject {stored.subject_id} was erased")

    async def discard(self, stored: Stored) -> None:
        """Delete the bytes of a document that surely will not be recorded; else a sweep finds out."""
        await self._objects.delete([stored.object])

    async def find(self, ref: UUID) -> Stored:
        """What is known of a document, without a look at its bytes; UnknownError, ErasedError."""
        return _stored(ref, await self._row(ref))

    async def read(self, ref: UUID) -> AsyncIterator[bytes]:
        """A document's plaintext, 1 MiB at a time, each proven before it is given out.

        UnknownError, ErasedError and, for an object that is missing or has another size, DamagedError come
        before the first chunk; for a chunk that was edited DamagedError comes in its place.
        """
        row, tally = await self._row(ref), seal.Tally()
        name, where = row["object"], _document(ref)
        key = await self._subjects.unwrap(row["subject_id"], row["master_id"], row["wrapped"])
        wanted, found = seal.sealed_size(row["size"]), await self._objects.size(name)
        if found != wanted:
            raise DamagedError(
                f"{where}: its object is {'missing' if found is None else f'{found} bytes, not {wanted}'}"
            )
        try:
            async for chunk in seal.unseal(key, _object(name), self._objects.read(name, wanted), tally):
                yield chunk
        except DamagedError as fault:
            raise DamagedError(f"{where}: {fault}") from None
        if tally.size != row["size"] or tally.sha256() != row["sha256"].hex():
            raise DamagedError(f"{where}: its size or SHA-256 is not the one that was recorded")

    async def destroy(self, subject_id: UUID) -> bool:
        """Erase a subject: its key goes at once, its objects with the next sweep. False if it was done."""
        return await self._subjects.destroy(subject_id)

    async def use(self, masters: MasterKeys) -> None:
        """Go on with these master keys; with the former ones, and MasterKeyError, if these are not right."""
        await self._subjects.use(masters)

    async def rewrap(self) -> int:
        """Put subjects' keys under the current master key; documents stay as they are; answers how many."""
        return await self._subjects.rewrap()

    async def delete_erased(self) -> int:
        """Delete the objects of erased subjects; answers how many, a thousand at most."""
        return await sweep.delete_erased(self._pool, self._objects)

    async def sweep(self, older_than: timedelta) -> sweep.Swept:
        """Delete objects of erased subjects, and those without a row that are older than that."""
        return await sweep.sweep(self._pool, self._objects, older_than)

    async def _row(self, ref: UUID) -> Record:
        row = await self._pool.fetchrow(_DOCUMENT, ref)
        if row is None:
            raise UnknownError(f"no {_document(ref)}")
        if row["wrapped"] is None:
            raise ErasedError(f"subject {row['subject_id']} was erased")
        return row


async def open_vault(pool: Pool, service: str, url: str, masters: MasterKeys | Path) -> Vault:
    """The vault of a service, its objects at `url` (`file:///…` or `s3://…`).

    MasterKeyError, so that the service does not start, if the file `masters` is missing or breaks a rule, or
    the keys are not those that wrapped what is stored.
    """
    keys = FileMasterKeys(masters) if isinstance(masters, Path) else masters
    subjects = Subjects(pool, service, keys)
    await subjects.check()
    return Vault(pool, Objects(url, service), subjects)


def _stored(ref: UUID, row: Record) -> Stored:
    return Stored(
        ref,
        row["object"],
        row["subject_id"],
        row["sponsor_id"],
        row["sha256"].hex(),
        row["size"],
        row["media_type"],
    )


def _document(ref: UUID) -> str:
    return f"document {ref}"


def _object(name: UUID) -> str:
    return f"object {name}"
