"""A service's tables made once a server: each database of a test or a benchmark is a copy of a template."""

import hashlib
from pathlib import Path

import asyncpg

from shared.runtime import migrate
from shared.runtime.database import Connection, connected
from shared.stack import databases

_LOCK = 7100


def template_of(service: str, migrations: Path) -> str:
    """The template's name: another one as soon as a migration, or how they are applied, has other bytes."""
    read = hashlib.sha256(Path(migrate.__file__).read_bytes())
    for file in (file for folder in (migrate.RUNTIME, migrations) for file in sorted(folder.glob("*.sql"))):
        read.update(f"\0{file.name}\0".encode() + file.read_bytes())
    return f"template_{service}_{read.hexdigest()[:16]}"


async def copy(postgres: str, name: str, service: str, migrations: Path) -> str:
    """Make a database of this name with the tables of runtime and service; answers with its address.

    `postgres` is an administrator's address; he owns the copy as if he had migrated it.
    """
    template = template_of(service, migrations)
    async with connected(postgres, "template", statement_timeout="0") as admin:
        if not await _exists(admin, template):
            await _make(postgres, template, migrations)
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return _within(postgres, name)


async def _make(postgres: str, name: str, migrations: Path) -> None:
    """Make the template beside its place, then rename: it exists whole or not at all."""
    unfinished = f"making_{name}"
    admin = await asyncpg.connect(postgres)
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", _LOCK)  # until the connection ends
        if await _exists(admin, name):
            return
        await databases.readers(admin)
        await admin.execute(f'DROP DATABASE IF EXISTS "{unfinished}" WITH (FORCE)')
        await admin.execute(f'CREATE DATABASE "{unfinished}"')
        async with connected(_within(postgres, unfinished), "template", statement_timeout="0") as connection:
            await migrate.migrate(connection, migrations)
        # Nobody enters it any more, autovacuum neither: a database in use is not copied.
        await admin.execute(f'ALTER DATABASE "{unfinished}" WITH ALLOW_CONNECTIONS false')
        await admin.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
    finally:
        await admin.close()


async def _exists(admin: Connection, name: str) -> bool:
    return bool(await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", name))


def _within(postgres: str, database: str) -> str:
    return f"{postgres.rpartition('/')[0]}/{database}"
