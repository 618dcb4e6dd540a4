"""Which of the twelve outbox buckets this process relays: leased in Postgres, shared among live relays."""

import asyncio
import math
import time
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.runtime import logs
from shared.runtime.database import TRANSIENT, Connection, Dsn, connected
from shared.runtime.record import PARTITIONS

RENEW_EVERY = 2.0  # seconds
STALE_AFTER = 6.0  # seconds without a renewal: stop sending, well before another may take over
_LEASE = "10 seconds"

_ALIVE = f"""
WITH gone AS (DELETE FROM es.relay_owner
              WHERE seen < clock_timestamp() - interval '{_LEASE}' AND owner <> $1),
     me AS (INSERT INTO es.relay_owner VALUES ($1, clock_timestamp())
            ON CONFLICT (owner) DO UPDATE SET seen = excluded.seen)
SELECT count(*) + 1 FROM es.relay_owner WHERE owner <> $1 AND seen >= clock_timestamp() - interval '{_LEASE}'
"""  # noqa: S608  constants of this module
# Keep what is ours up to the fair share, take what has expired up to it, in one statement: two owners at
# once would only repeat records, never lose or reorder them.
_RENEW = f"""
WITH wanted AS (
    SELECT bucket FROM es.relay_lease WHERE owner = $1 OR until < clock_timestamp()
    ORDER BY (owner = $1) IS TRUE DESC, bucket LIMIT $2 FOR UPDATE SKIP LOCKED)
UPDATE es.relay_lease l
SET owner = CASE WHEN w.bucket IS NULL THEN NULL ELSE $1 END,
    until = CASE WHEN w.bucket IS NULL THEN '-infinity' ELSE clock_timestamp() + interval '{_LEASE}' END
FROM es.relay_lease a LEFT JOIN wanted w USING (bucket)
WHERE l.bucket = a.bucket AND (w.bucket IS NOT NULL OR a.owner = $1)
RETURNING l.bucket, l.owner IS NOT NULL AS held
"""  # noqa: S608


class Leases:
    """The buckets held, as of the last renewal, and whether that is recent enough to act on."""

    def __init__(self, dsn: Dsn, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self.owner: UUID = uuid7()
        self.buckets: list[int] = []
        self.live = 1
        self._renewed = -math.inf

    def valid(self) -> bool:
        return time.monotonic() - self._renewed < STALE_AFTER

    def held(self) -> list[int]:
        """The buckets that may be sent from now."""
        return self.buckets if self.valid() else []

    async def run(self) -> None:
        """Renew for ever over a connection of its own; a lost one costs the leases, not the process."""
        while True:
            try:
                async with connected(self._dsn, f"{self._name} leases") as connection:
                    while True:
                        await self.renew(connection)
                        await asyncio.sleep(RENEW_EVERY)
            except (*TRANSIENT, TimeoutError) as fault:
                logs.log.warning("relay.lease_lost", error=type(fault).__name__)
                await asyncio.sleep(1)

    async def renew(self, connection: Connection) -> None:
        asked = time.monotonic()
        self.live = await connection.fetchval(_ALIVE, self.owner, timeout=3)
        rows = await connection.fetch(_RENEW, self.owner, math.ceil(PARTITIONS / self.live), timeout=3)
        self.buckets = sorted(row["bucket"] for row in rows if row["held"])
        self._renewed = asked

    async def release(self) -> None:
        """Give the buckets back at once, so that a successor need not wait for the lease to run out."""
        self._renewed = -math.inf
        async with connected(self._dsn, f"{self._name} leases") as connection:
            await connection.execute(
                "UPDATE es.relay_lease SET owner = NULL, until = '-infinity' WHERE owner = $1", self.owner
            )
            await connection.execute("DELETE FROM es.relay_owner WHERE owner = $1", self.owner)
