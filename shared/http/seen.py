"""A query's transaction: it writes nothing, and sees the rows that the one who asks reaches."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import Request

from shared.rules.grants import Grants
from shared.runtime.database import Connection, Pool


@contextlib.asynccontextmanager
async def seen_by(pool: Pool, grants: Grants) -> AsyncIterator[Connection]:
    """A read-only transaction as the role `trialwire_api`, whose policies go by these grants."""
    async with pool.acquire(timeout=5) as connection, connection.transaction(readonly=True):
        await connection.execute(
            "SELECT es.enter($1, $2, $3, $4, $5)",
            grants.everything,
            list(grants.sponsors),
            list(grants.trials),
            list(grants.sites),
            list(grants.sites.values()),
        )
        yield connection


def seen(request: Request) -> contextlib.AbstractAsyncContextManager[Connection]:
    """The transaction of a query, for whoever asks."""
    return seen_by(request.app.state.pool, request.state.principal.grants)
