"""A query's transaction: it leaves who reads what, and sees the rows that the one who asks reaches."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import Request

from shared.http.reading import Reading, reading_of
from shared.rules.grants import Grants
from shared.runtime.database import Connection, Pool

_ENTER = "SELECT es.enter($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"


@contextlib.asynccontextmanager
async def seen_by(
    pool: Pool, grants: Grants, reading: Reading, by_row: bool = True
) -> AsyncIterator[Connection]:
    """A transaction that writes the reading and nothing else.

    It goes on as the role `trialwire_api`, whose policies go by these grants; as the service's own role where
    `by_row` is false.
    """
    async with pool.acquire(timeout=5) as connection, connection.transaction():
        await connection.execute(
            _ENTER,
            grants.everything,
            grants.restricted,
            list(grants.sponsors),
            list(grants.trials),
            list(grants.sites),
            list(grants.sites.values()),
            list(grants.organisations),
            reading.actor,
            reading.roles,
            reading.page,
            reading.path,
            reading.ids,
            reading.parameters,
            reading.request_id,
            by_row,
        )
        yield connection


def seen(request: Request) -> contextlib.AbstractAsyncContextManager[Connection]:
    """The transaction of a query, for whoever asks."""
    return seen_by(request.app.state.pool, request.state.principal.grants, reading_of(request))


def seen_by_operators(request: Request) -> contextlib.AbstractAsyncContextManager[Connection]:
    """The transaction of a page about the service itself, whoever's rows its tables are about."""
    grants, reading = request.state.principal.grants, reading_of(request)
    return seen_by(request.app.state.pool, grants, reading, by_row=False)
