"""A few statements as Postgres's administrator, from code that may or may not run inside an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg

from shared.stack.faults import NotReady

Result = TypeVar("Result")


def admits(dsn: str) -> bool:
    """Whether the server answers and takes this password."""
    try:
        run(dsn, lambda connection: connection.fetchval("SELECT 1"))
    except NotReady:
        return False
    return True


async def _connect(dsn: str) -> asyncpg.Connection[Any]:
    try:
        return await asyncpg.connect(dsn, timeout=5)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        place = urlsplit(dsn).netloc.rpartition("@")[2]
        raise NotReady(
            f"Postgres at {place} does not let us in: {error or 'no answer'}.",
            "Does it run, and are address and password right? See `trialwire status`.",
        ) from error


def run(dsn: str, work: Callable[[asyncpg.Connection[Any]], Awaitable[Result]]) -> Result:
    """Connect, do the work, disconnect; in a thread with its own loop, so that any caller may use it."""

    async def connected() -> Result:
        connection = await _connect(dsn)
        try:
            return await work(connection)
        finally:
            await connection.close()

    outcome: list[Result] = []
    failure: list[BaseException] = []

    def body() -> None:
        try:
            outcome.append(asyncio.run(connected()))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]
