"""What a service need not remember for ever: answers to repeated commands, notes of unreadable ones."""

import asyncio

from shared.runtime import logs
from shared.runtime.database import Pool, retried

DAYS = 30  # of real time; a commands topic keeps its records for seven
_BATCH = 1_000
# Rows that another replica deletes, or a command is about to repeat, are left to the next round.
_OLD = """
DELETE FROM es.{table} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM es.{table} WHERE at < clock_timestamp() - make_interval(days => $1) LIMIT $2
    FOR UPDATE SKIP LOCKED))
"""
_TABLES = {name: _OLD.format(table=name) for name in ("command", "bad_command")}


async def pruning(pool: Pool, every: float = 3_600, pause: float = 0.2) -> None:
    """Prune until cancelled, through whatever becomes of the database.

    `every` is the time between two rounds, `pause` that between two batches of one, in seconds of real time.
    """
    while True:
        try:
            await prune(pool, pause=pause)
        except Exception as fault:
            logs.log.error("prune.failed", error=type(fault).__name__)
        await asyncio.sleep(every)


async def prune(pool: Pool, batch: int = _BATCH, pause: float = 0.0) -> dict[str, int]:
    """Delete what is older than 30 days, a batch a transaction; answers with the rows of each table."""
    deleted = dict.fromkeys(_TABLES, 0)
    for table, sql in _TABLES.items():
        rows = batch
        while rows == batch:
            done = await retried(lambda sql=sql: pool.execute(sql, DAYS, batch))  # type: ignore[misc]
            rows = int(done.rpartition(" ")[2])
            deleted[table] += rows
            await asyncio.sleep(pause)
    return deleted
