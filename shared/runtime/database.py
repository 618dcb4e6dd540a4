"""Connections to the service's own Postgres."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.runtime import logs

Record: TypeAlias = "asyncpg.Record"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Dsn: TypeAlias = str | Callable[[], str]  # a callable is asked for each connection: passwords change
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"


class RacedError(Exception):
    """Another transaction made a row that this one did not find: repeat it whole."""


# What a retry of the whole transaction heals: conflicts, deadlocks, lost connections, a server on its way up.
TRANSIENT = (
    RacedError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidPasswordError,  # it is being changed: the file, or the role, comes next
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,  # by the time that a statement may take
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby that is not promoted yet
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server went away in the middle of an answer
    OSError,
)

# What no retry can heal: a value beyond its column, refused by the server or before it gets there.
UNSTORABLE = (asyncpg.DataError, asyncpg.exceptions._base.DataError, asyncpg.ProgramLimitExceededError)

_SERVER_SETTINGS = {
    "timezone": "UTC",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "30s",
    # Plans are made once and for tables that grow: the planner would plan each short array anew, and go on
    # scanning whole a table that was small when it was planned for.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "jit": "off",
}


async def _nothing_to_undo(_: Connection) -> None:
    """No code of ours leaves a setting, lock or cursor on a pooled connection; saves a round trip a command.

    A transaction that was left open is rolled back by the pool itself.
    """


async def open_pool(dsn: Dsn, name: str, size: int) -> Pool:
    """A pool of `size` connections; `name` tells them apart in pg_stat_activity."""
    enter: Any = lambda _, **how: asyncpg.connect(_now(dsn), **how)  # noqa: E731  of the pool's own type
    return await asyncpg.create_pool(
        connect=enter,
        min_size=1,
        max_size=size,
        command_timeout=35,
        max_queries=10**9,  # a connection is as good as new, and has its statements
        reset=_nothing_to_undo,
        server_settings={**_SERVER_SETTINGS, "application_name": name},
    )


@contextlib.asynccontextmanager
async def writing(pool: Pool) -> AsyncIterator[Connection]:
    """A transaction that may write rows; with its BEGIN comes the lock under which rebuilds swap tables."""
    async with pool.acquire(timeout=5) as tx:
        await tx.execute("BEGIN; SELECT pg_advisory_xact_lock_shared(7002)")
        try:
            yield tx
        except BaseException:
            with contextlib.suppress(*TRANSIENT):
                await tx.execute("ROLLBACK")
            raise
        await tx.execute("COMMIT")


def _now(dsn: Dsn) -> str:
    return dsn() if callable(dsn) else dsn


async def connect(dsn: Dsn, name: str, **settings: str) -> Connection:
    """One connection outside the pool, for a loop that lives as long as the process."""
    given = {**_SERVER_SETTINGS, "application_name": name, **settings}
    return await asyncpg.connect(_now(dsn), command_timeout=35, server_settings=given)


@contextlib.asynccontextmanager
async def connected(dsn: Dsn, name: str, **settings: str) -> AsyncIterator[Connection]:
    """The same for a block; closed within 2 s even if the server is gone."""
    connection = await connect(dsn, name, **settings)
    try:
        yield connection
    finally:
        with contextlib.suppress(*TRANSIENT, TimeoutError):
            await asyncio.wait_for(connection.close(), 2)


async def retried(do: Callable[[], Awaitable[Any]]) -> Any:
    """Repeat while Postgres is not to be had, for as long as that takes."""
    pause = 0.2
    while True:
        try:
            return await do()
        except (*TRANSIENT, TimeoutError) as fault:
            logs.log.warning("postgres.again", error=type(fault).__name__)
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  jitter, not a secret
            pause = min(pause * 2, 10)
