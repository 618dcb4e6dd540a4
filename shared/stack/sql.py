"""A few statements as Postgres's administrator, from code that may or may not run inside an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg

Result = TypeVar("Result")


def admits(dsn: str) -> bool:
    """Whether the server answers and takes this password."""
    try:
        run(dsn, lambda connection: connection.fetchval("SELECT 1"))
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    return True


def run(dsn: str, work: Callable[[asyncpg.Connection[Any]], Awaitable[Result]]) -> Result:
    """Connect, do the work, disconnect; in a thread with its own loop, so that any caller may use it."""

    async def connected() -> Result:
        connection = await asyncpg.connect(dsn, timeout=5)
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
