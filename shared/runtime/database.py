"""Connections to the service's own Postgres."""

from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Record: TypeAlias = "asyncpg.Record"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

# What a retry of the whole transaction heals: conflicts, deadlocks, lost connections, a server on its way up.
TRANSIENT = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server went away in the middle of an answer
    OSError,
)

# What no retry can heal: a value beyond its column, refused by the server or before it gets there.
UNSTORABLE = (asyncpg.DataError, asyncpg.exceptions._base.DataError)

_SERVER_SETTINGS = {
    "timezone": "UTC",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "30s",
}


async def open_pool(dsn: str, name: str, size: int) -> Pool:
    """A pool of `size` connections; `name` tells them apart in pg_stat_activity."""
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        command_timeout=35,
        server_settings={**_SERVER_SETTINGS, "application_name": name},
    )


async def connect(dsn: str, name: str, **settings: str) -> Connection:
    """One connection outside the pool, for a loop that lives as long as the process."""
    return await asyncpg.connect(
        dsn, command_timeout=35, server_settings={**_SERVER_SETTINGS, "application_name": name, **settings}
    )
