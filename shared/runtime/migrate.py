"""Numbered SQL files, applied once each, in order, under a lock; a changed file is refused."""

import hashlib
from pathlib import Path

from shared.runtime import logs
from shared.runtime.database import Connection, Dsn, connected

RUNTIME = Path(__file__).parent / "migrations"
_LOCK = 7001
_BOOKKEEPING = """
CREATE SCHEMA IF NOT EXISTS es;
CREATE TABLE IF NOT EXISTS es.migration (
    owner text NOT NULL, name text NOT NULL, sha256 text NOT NULL, at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, name))
"""
# What a migration has made stands under its rule at once, and what changed its columns under another.
_PROTECT = """
SELECT es.protect(relname::text) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""


class ChangedMigrationError(Exception):
    """A migration that was applied before has other bytes now."""


async def migrate(connection: Connection, service: Path) -> list[str]:
    """Apply what is missing of the runtime's and the service's files; return the names applied."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(_BOOKKEEPING)
        applied = []
        for owner, folder in (("runtime", RUNTIME), ("service", service)):
            for file in sorted(folder.glob("*.sql")):
                if await _apply(connection, owner, file):
                    applied.append(f"{owner}/{file.name}")
        await connection.execute(_PROTECT)
        return applied


async def migrated(dsn: Dsn, name: str, service: Path) -> None:
    """Bring the database of the service of this name up to date, on a connection of its own."""
    async with connected(dsn, f"{name} migrate", statement_timeout="0") as connection:
        for file in await migrate(connection, service):
            logs.log.info("migrated", name=file)


async def _apply(connection: Connection, owner: str, file: Path) -> bool:
    sql = file.read_bytes()  # noqa: ASYNC240  a few kilobytes, once, before anything runs
    digest = hashlib.sha256(sql).hexdigest()
    known = await connection.fetchval(
        "SELECT sha256 FROM es.migration WHERE owner = $1 AND name = $2", owner, file.name
    )
    if known == digest:
        return False
    if known:
        raise ChangedMigrationError(
            f"{owner}/{file.name} was applied with other contents; add a new file instead"
        )
    await connection.execute(sql.decode())
    await connection.execute("INSERT INTO es.migration VALUES ($1, $2, $3)", owner, file.name, digest)
    return True
