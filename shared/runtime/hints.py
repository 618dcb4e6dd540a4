"""A word to the relays of other replicas that something was committed: a hint, whose loss costs one poll."""

import asyncio
from collections.abc import Callable

from shared.runtime import logs
from shared.runtime.database import TRANSIENT, Connection, Dsn, connected

_APART = 0.05  # seconds between two hints; NOTIFY takes a lock that all of the cluster's commits wait for
_BEAT = 5.0  # seconds of silence after which the connection is tried


class Hints:
    """LISTEN and NOTIFY over a connection of its own, outside every business transaction."""

    def __init__(self, dsn: Dsn, name: str, heard: Callable[[], None]) -> None:
        self._dsn = dsn
        self._name = name
        self._heard = heard
        self._due = asyncio.Event()

    def tell(self) -> None:
        """Something was committed; say so as soon as the last hint is long enough ago."""
        self._due.set()

    async def run(self) -> None:
        """Pass hints on for ever; while the connection is lost the relays poll."""
        while True:
            try:
                async with connected(self._dsn, f"{self._name} hints") as connection:
                    await connection.add_listener("outbox", lambda *_: self._heard())
                    await self._pass_on(connection)
            except (*TRANSIENT, TimeoutError) as fault:
                logs.log.warning("hints.again", error=type(fault).__name__)
                await asyncio.sleep(1)

    async def _pass_on(self, connection: Connection) -> None:
        while True:
            try:
                await asyncio.wait_for(self._due.wait(), _BEAT)
            except TimeoutError:
                await connection.fetchval("SELECT 1", timeout=3)
                continue
            self._due.clear()
            await connection.execute("NOTIFY outbox", timeout=3)
            await asyncio.sleep(_APART)
