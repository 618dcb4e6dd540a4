"""Deleting objects that nobody can read any more: of erased subjects, and of puts that were broken off."""

from dataclasses import dataclass
from datetime import timedelta

from shared.runtime.database import Pool
from shared.vault.objects import Objects

# The row that a slow put is about to insert would meet this one: it fails, rather than name a deleted object.
_CLAIM = """
INSERT INTO vault.document (object, swept_at) SELECT u, now() FROM unnest($1::uuid[]) u ON CONFLICT DO NOTHING
"""
_GOING = "SELECT object FROM vault.document WHERE object = ANY ($1::uuid[]) AND swept_at IS NOT NULL"
_ERASED = """
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
    names = [row["object"] for row in await pool.fetch(_ERASED)]
    if names:
        await objects.delete(names)
        await pool.execute(_DELETED, names)
    return len(names)


async def sweep(pool: Pool, objects: Objects, older_than: timedelta) -> Swept:
    """Delete what is left of the erased; mark what nobody names, then delete it.

    One that was broken off is continued by the next. `older_than` is for what has no row, which may be a put
    under way.
    """
    before = await pool.fetchval("SELECT clock_timestamp()") - older_than
    orphans = erased = 0
    while gone := await delete_erased(pool, objects):
        erased += gone
    async for page in objects.pages():
        await pool.execute(_CLAIM, [name for name, at in page if at < before])
        going = [row["object"] for row in await pool.fetch(_GOING, [name for name, _ in page])]
        await objects.delete(going)
        orphans += len(going)
    return Swept(orphans, erased, await objects.delete_parts(before))
