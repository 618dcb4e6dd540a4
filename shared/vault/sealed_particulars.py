"""Small JSON documents of a subject in Postgres, one of a kind, each sealed like any other."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from shared.runtime.database import Connection, Pool
from shared.vault import seal
from shared.vault.errors import ErasedError
from shared.vault.subjects import Subjects

PARTICULARS_BYTES = 2**18
# It locks the subject's row, so that an erasure comes before, and nothing is stored, or after, and finds it.
_PARTICULARS = """
INSERT INTO vault.particulars (subject_id, kind, sealed)
SELECT subject_id, $2, $3 FROM vault.subject WHERE subject_id = $1 AND wrapped IS NOT NULL FOR SHARE
ON CONFLICT (subject_id, kind) DO UPDATE SET sealed = excluded.sealed, changed_at = now() RETURNING true
"""
_SEALED = """
SELECT s.master_id, s.wrapped, p.sealed
FROM vault.subject s LEFT JOIN vault.particulars p ON p.subject_id = s.subject_id AND p.kind = $2
WHERE s.subject_id = $1
"""


class SealedParticulars:
    """A subject's particulars, by kind."""

    def __init__(self, pool: Pool, subjects: Subjects) -> None:
        self._pool, self._subjects = pool, subjects

    async def put(self, tx: Connection, subject_id: UUID, kind: str, said: Mapping[str, Any]) -> None:
        """Store a small JSON document of a subject in place of the one of that kind; ErasedError.

        In the transaction that has its event; the subject's key is made with the first, in one of its own.
        """
        plain = json.dumps(dict(said), allow_nan=False).encode()
        if len(plain) > PARTICULARS_BYTES:
            raise ValueError(f"particulars have {PARTICULARS_BYTES} bytes at most")
        key = await self._subjects.key(subject_id)
        sealed = seal.seal_small(key, _named(subject_id, kind), plain)
        if not await tx.fetchval(_PARTICULARS, subject_id, kind, sealed):
            raise ErasedError(f"subject {subject_id} was erased")

    async def get(self, subject_id: UUID, kind: str) -> dict[str, Any] | None:
        """A subject's particulars of a kind, None if there are none; ErasedError, DamagedError."""
        row = await self._pool.fetchrow(_SEALED, subject_id, kind)
        if row is None:
            return None
        key = await self._subjects.unwrap(subject_id, row["master_id"], row["wrapped"])
        if row["sealed"] is None:
            return None
        found: dict[str, Any] = json.loads(seal.unseal_small(key, _named(subject_id, kind), row["sealed"]))
        return found


def _named(subject_id: UUID, kind: str) -> str:
    return f"particulars {subject_id} {kind}"
