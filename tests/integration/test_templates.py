"""A database that is copied from its template is the one that the migrations make, and is made once."""

import asyncio
import secrets
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from services.regulatory.handlers import SERVICE as REGULATORY
from services.trials.handlers import SERVICE as TRIALS
from shared.runtime.database import connected
from shared.runtime.migrate import migrate
from shared.runtime.service import Service
from tests.support import probe
from tests.support.stack import Servers, new_database
from tests.support.templates import template_of

# What the server knows of schemas, tables, columns, rules, grants and functions, ids of its own left out.
KNOWN = (
    "SELECT nspname, nspowner::regrole, nspacl FROM pg_namespace WHERE nspname IN ('es', 'public')",
    "SELECT relname, relkind, relowner::regrole, relacl, relrowsecurity, relforcerowsecurity FROM c",
    "SELECT relname, attname, attnum, format_type(atttypid, atttypmod), attnotnull, attacl,"
    " pg_get_expr(adbin, adrelid) FROM pg_attribute a JOIN c ON c.oid = attrelid"
    " LEFT JOIN pg_attrdef d ON (adrelid, adnum) = (attrelid, attnum) WHERE attnum > 0",
    "SELECT schemaname, tablename, policyname, permissive, roles, cmd, qual, with_check FROM pg_policies",
    "SELECT obj_description(p.oid), polname, relname FROM pg_policy p JOIN c ON c.oid = polrelid",
    "SELECT indexdef FROM pg_indexes WHERE schemaname IN ('es', 'public')",
    "SELECT conname, pg_get_constraintdef(o.oid) FROM pg_constraint o JOIN c ON c.oid = conrelid",
    "SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN c ON c.oid = tgrelid WHERE NOT tgisinternal",
    "SELECT proname, proowner::regrole, proacl, pg_get_functiondef(p.oid) FROM pg_proc p"
    " WHERE pronamespace IN ('es'::regnamespace, 'public'::regnamespace)",
    "SELECT owner, name, sha256 FROM es.migration",
    "SELECT datdba::regrole, datacl, encoding, datcollate, datallowconn, datistemplate, datconnlimit"
    " FROM pg_database WHERE datname = current_database()",
)
CLASSES = "WITH c AS (SELECT * FROM pg_class WHERE relnamespace::regnamespace::text IN ('es', 'public')) "


async def known(dsn: str) -> list[list[str]]:
    async with connected(dsn, "test") as connection:
        return [sorted(str(tuple(row)) for row in await connection.fetch(CLASSES + sql)) for sql in KNOWN]


async def query(servers: Servers, sql: str, *values: object) -> object:
    async with connected(servers.postgres, "test") as admin:
        found: object = await admin.fetchval(sql, *values)
        return found


@pytest.mark.parametrize("service", [TRIALS, REGULATORY, probe.alpha()], ids=lambda service: service.name)
async def test_a_copy_has_the_tables_rules_grants_and_functions_that_migrations_make(
    servers: Servers, service: Service
) -> None:
    copied = await known(await new_database(servers, service))
    name = f"migrated_{secrets.token_hex(4)}"
    await query(servers, f'CREATE DATABASE "{name}"')
    async with connected(servers.dsn(name), "test") as connection:
        await migrate(connection, service.migrations)
    migrated = await known(servers.dsn(name))
    assert all(migrated), "each question finds something"
    assert copied == migrated


async def test_many_who_ask_at_once_make_one_template_and_get_a_database_each(
    servers: Servers, tmp_path: Path
) -> None:
    (tmp_path / "0001_thing.sql").write_text("CREATE TABLE thing (trial_id uuid PRIMARY KEY);")
    service = replace(probe.alpha(), name=f"crowd_{secrets.token_hex(2)}", migrations=tmp_path)
    made = await asyncio.gather(*(new_database(servers, service) for _ in range(12)))
    assert len(set(made)) == 12
    for dsn in made:
        assert await query(replace(servers, postgres=dsn), "SELECT count(*) FROM thing") == 0
    like = template_of(service.name, tmp_path)[:-16] + "%"
    assert await query(servers, "SELECT count(*) FROM pg_database WHERE datname LIKE $1", like) == 1
    assert await query(servers, "SELECT count(*) FROM pg_database WHERE datname LIKE 'making_%crowd%'") == 0


async def test_a_migration_with_other_bytes_has_another_template(servers: Servers, tmp_path: Path) -> None:
    service = replace(probe.alpha(), name=f"bytes_{secrets.token_hex(2)}", migrations=tmp_path)
    file = tmp_path / "0001_thing.sql"
    for table in ("one", "other"):
        file.write_text(f"CREATE TABLE {table} (trial_id uuid PRIMARY KEY);")
        dsn = await new_database(servers, service)
        assert await query(replace(servers, postgres=dsn), f"SELECT count(*) FROM {table}") == 0  # noqa: S608


async def test_a_migration_that_fails_leaves_no_template(servers: Servers, tmp_path: Path) -> None:
    service = replace(probe.alpha(), name=f"broken_{secrets.token_hex(2)}", migrations=tmp_path)
    (tmp_path / "0001_thing.sql").write_text("CREATE TABLE thing (")
    for _ in range(2):
        with pytest.raises(asyncpg.PostgresSyntaxError):
            await new_database(servers, service)
    name = template_of(service.name, tmp_path)
    assert await query(servers, "SELECT count(*) FROM pg_database WHERE datname = $1", name) == 0
