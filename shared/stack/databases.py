"""One database and one role a service: the role owns its database and can enter no other."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from shared.stack.faults import StackError
from shared.stack.home import write_private
from shared.stack.sql import admits, run

READERS = "trialwire_api"
SERVICES = ("trials", "regulatory", "safety", "retrieval")


def ensure(file: Path, admin_dsn: str, name: str) -> str:
    """The DSN of a service's database; database, role and DSN file are made where missing."""
    if file.exists():
        address = urlsplit(admin_dsn).netloc.rpartition("@")[2]
        known = urlsplit(file.read_text(encoding="utf-8"))
        moved = urlunsplit(known._replace(netloc=f"{known.netloc.rpartition('@')[0]}@{address}"))
        if admits(moved):
            run(admin_dsn, lambda connection: _readers(connection, name))
            write_private(file, moved)
            return moved
    dsn = create(admin_dsn, name)
    write_private(file, dsn)
    return dsn


def create(admin_dsn: str, name: str) -> str:
    """Make a role and a database of that name (or give the role a new password); return the role's DSN."""
    _check(name)
    password = secrets.token_urlsafe(24)

    async def work(connection: asyncpg.Connection[Any]) -> None:
        exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
        verb = "ALTER" if exists else "CREATE"
        await connection.execute(f"{verb} ROLE \"{name}\" LOGIN PASSWORD '{password}'")
        await _readers(connection, name)
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            # From template0: copying template1 fails while anybody is connected to it.
            await connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}" TEMPLATE template0')
        await connection.execute(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')

    run(admin_dsn, work)
    server = urlsplit(admin_dsn)
    host = server.netloc.rpartition("@")[2]
    return urlunsplit(server._replace(netloc=f"{quote(name)}:{password}@{host}", path=f"/{name}"))


async def _readers(connection: asyncpg.Connection[Any], name: str) -> None:
    await readers(connection)
    await connection.execute(f'GRANT {READERS} TO "{name}"')


async def readers(connection: asyncpg.Connection[Any]) -> None:
    """The role that queries go on as, made where missing: it cannot log in, and owns nothing."""
    await connection.execute(
        f"DO $$ BEGIN CREATE ROLE {READERS} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation"
        " THEN NULL; END $$"
    )


def drop(admin_dsn: str, name: str) -> None:
    """Remove a database and its role, whoever is still connected."""
    _check(name)

    async def work(connection: asyncpg.Connection[Any]) -> None:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'DROP ROLE IF EXISTS "{name}"')

    run(admin_dsn, work)


def _check(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise StackError(f"{name!r} is no name for a database.", "Use a-z, 0-9 and _, at most 63.")
