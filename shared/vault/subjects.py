"""The keys of subjects: made once, wrapped by a master key, asked for each time, destroyed for good.

Nothing is kept between two calls, so what one process destroys no other can still use.
"""

import secrets
from uuid import UUID

from shared.runtime.database import Pool, RacedError
from shared.vault.errors import DamagedError, ErasedError, MasterKeyError
from shared.vault.keys import MasterKeys
from shared.vault.seal import KEY

_KNOWN = "SELECT master_id, wrapped FROM vault.subject WHERE subject_id = $1"
_MADE = (
    "INSERT INTO vault.subject (subject_id, master_id, wrapped) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
)
# A subject that is unknown here gets its row too: a document of it that comes late must find it erased.
_DESTROYED = """
INSERT INTO vault.subject (subject_id, destroyed_at) VALUES ($1, now())
ON CONFLICT (subject_id) DO UPDATE SET master_id = NULL, wrapped = NULL, destroyed_at = excluded.destroyed_at
    WHERE subject.destroyed_at IS NULL
"""
_OTHERS = """
SELECT subject_id, master_id, wrapped FROM vault.subject
WHERE subject_id > $1 AND wrapped IS NOT NULL AND master_id <> $2 ORDER BY subject_id LIMIT 100
"""
# Only what was read is replaced: a key that was destroyed meanwhile stays destroyed.
_REWRAPPED = (
    "UPDATE vault.subject SET master_id = $2, wrapped = $3 WHERE subject_id = $1 AND wrapped = $4"
    " RETURNING true"
)
_USED = """
SELECT master_id, wrapped FROM vault.check c
WHERE EXISTS (SELECT FROM vault.subject s WHERE s.master_id = c.master_id AND s.wrapped IS NOT NULL)
"""
_CHECKED = "INSERT INTO vault.check (master_id, wrapped) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_CHECK = b"trialwire vault check value 0001"


class Subjects:
    """The subjects' keys of one service."""

    def __init__(self, pool: Pool, service: str, masters: MasterKeys) -> None:
        self._pool, self._service, self._masters = pool, service, masters

    async def key(self, subject_id: UUID) -> bytes:
        """The subject's key, made if it has none yet; ErasedError if it was destroyed."""
        known = await self._pool.fetchrow(_KNOWN, subject_id)
        if known is None:
            master_id = self._masters.current()
            fresh = await self._masters.wrap(master_id, secrets.token_bytes(KEY), self._context(subject_id))
            await self._pool.execute(_MADE, subject_id, master_id, fresh)
            # of several that make one at once, one is first: what counts is what is stored
            known = await self._pool.fetchrow(_KNOWN, subject_id)
        if known is None:
            raise RacedError(f"the row of subject {subject_id} has vanished")
        return await self.unwrap(subject_id, known["master_id"], known["wrapped"])

    async def unwrap(self, subject_id: UUID, master_id: str | None, wrapped: bytes | None) -> bytes:
        """A subject's key from its row; ErasedError if it was destroyed, DamagedError if it was changed."""
        if master_id is None or wrapped is None:
            raise ErasedError(f"subject {subject_id} was erased")
        try:
            return await self._masters.unwrap(master_id, wrapped, self._context(subject_id))
        except DamagedError as fault:
            raise DamagedError(f"subject {subject_id}: {fault}") from None

    async def destroy(self, subject_id: UUID) -> bool:
        """Destroy a subject's key and particulars; answers whether this call did it, not one before."""
        async with self._pool.acquire(timeout=5) as tx, tx.transaction():
            done = await tx.execute(_DESTROYED, subject_id)
            # whoever puts particulars locks the subject's row first, so none come after this
            await tx.execute("DELETE FROM vault.particulars WHERE subject_id = $1", subject_id)
        return bool(done == "INSERT 0 1")

    async def rewrap(self) -> int:
        """Wrap every key that is under another master key anew under the current one; answers how many were.

        A run that was broken off is continued by the next. Processes that still have another current key may
        make more: once all have the new one, run it until it answers 0.
        """
        current, last, count = self._masters.current(), UUID(int=0), 0
        while rows := await self._pool.fetch(_OTHERS, last, current):
            for row in rows:
                last, wrapped = row["subject_id"], row["wrapped"]
                key = await self.unwrap(last, row["master_id"], wrapped)
                anew = await self._masters.wrap(current, key, self._context(last))
                count += bool(await self._pool.fetchval(_REWRAPPED, last, current, anew, wrapped))
        return count

    async def use(self, masters: MasterKeys) -> None:
        """Go on with these master keys, once they are checked; MasterKeyError leaves the former ones."""
        await Subjects(self._pool, self._service, masters).check()
        self._masters = masters

    async def check(self) -> None:
        """MasterKeyError unless every master key that is in use here is at hand and is the one it was."""
        for row in await self._pool.fetch(_USED):
            await self._check(row["master_id"], row["wrapped"])
        current = self._masters.current()
        value = await self._masters.wrap(current, _CHECK, self._context("check"))
        await self._pool.execute(_CHECKED, current, value)
        known = await self._pool.fetchval("SELECT wrapped FROM vault.check WHERE master_id = $1", current)
        await self._check(current, known)

    async def _check(self, master_id: str, wrapped: bytes) -> None:
        try:
            await self._masters.unwrap(master_id, wrapped, self._context("check"))
        except DamagedError:
            raise MasterKeyError(
                f"the master key {master_id!r} is not the one that {self._service}'s vault knows by that id"
            ) from None

    def _context(self, whose: UUID | str) -> bytes:
        return f"{self._service}\0{whose}".encode()
