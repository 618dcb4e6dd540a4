"""Deleting objects that nobody can read any more: of erased subjects, and of puts that were broken off."""

from dataclasses import dataclass
from datetime import timedelta

from shared.runtime.database import Pool
from shared.vault.objects import Objects

_ERASED = """
UPDATE vault.document d SET swept_at = now() FROM vault.subject s
WHERE s.subject_id = d.subject_id AND s.destroyed_at IS NOT NULL AND d.swept_at IS NULL
"""
# The row that a slow put is about to insert would meet this one: it fails, rather than name a deleted object.
_CLAIM = """
INSERT INTO vault.document (object, swept_at) SELECT u, now() FROM unnest($1::uuid[]) u ON CONFLICT DO NOTHING
"""
_GOING = """
SELECT object, subject_id IS NULL AS orphan FROM vault.document
WHERE object = ANY ($1::uuid[]) AND swept_at IS NOT NULL
"""


_GONE = """
SELECT d.object FROM vault.subject s JOIN vault.document d USING (subject_id)
WHERE s.destroyed_at IS NOT NULL AND d.swept_at IS NULL LIMIT 1000
"""
_DELETED = "UPDATE vault.document SET swept_at = now() WHERE object = ANY ($1::uuid[])"


@dataclass(frozen=True, slots=True)
class Swept:
    """How many objects a sweep deleted: without a row, of erased subjects, and parts of broken writes."""

    orphans: int = 0
    erased: int = 0
    parts: int = 0


async def delete_erased(pool: Pool, objects: Objects) -> int:
    """Delete up to a thousand objects of erased subjects, without a look at all others; answers how many."""
    names = [row["object"] for row in await pool.fetch(_GONE)]
    if names:
        await objects.delete(names)
        await pool.execute(_DELETED, names)
    return len(names)


async def sweep(pool: Pool, objects: Objects, older_than: timedelta) -> Swept:
    """Mark what is to go, then delete it; a sweep that was broken off is continued by the next.

    `older_than` is for what has no row, which may be a put under way.
    """
    before = await pool.fetchval("SELECT clock_timestamp()") - older_than
    await pool.execute(_ERASED)
    orphans = erased = 0
    async for page in objects.pages():
        await pool.execute(_CLAIM, [name for name, at in page if at < before])
        going = await pool.fetch(_GOING, [name for name, _ in page])
        await objects.delete([row["object"] for row in going])
        orphans += sum(row["orphan"] for row in going)
        erased += sum(not row["orphan"] for row in going)
    return Swept(orphans, erased, await objects.delete_parts(before))
