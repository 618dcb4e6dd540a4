"""Row-level security by itself, without any check of the application: what is not yours is not there."""

import contextlib
import importlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.http.reading import Reading
from shared.http.seen import seen_by
from shared.rules.grants import EVERYTHING, Grants
from shared.runtime.database import Connection, Pool
from shared.runtime.rebuild import Rebuild
from tests.support import identity
from tests.support.answering import answering
from tests.support.stack import Servers, executor

NAMES = ("trials", "regulatory", "safety", "retrieval")
COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attnum = ANY (i.indkey) AS key,
    a.attnum = i.indkey[0] AS leads
FROM pg_attribute a JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
WHERE a.attrelid = ('public.' || quote_ident($1))::regclass AND a.attnum > 0 AND NOT a.attisdropped
"""


OWNED = ("trial_id", "site_id", "trial_ids", "organisation_id", "organisation_ids")
# Of each service, what an organisation sees of what was handed to it.
HANDED = {
    "trials": {"deadline", "obligation"},
    "regulatory": {"deadline", "report"},
    "safety": {"deadline"},
    "retrieval": {"deadline", "leg", "custody", "request"},
}
VAULT = {"document", "vault_subject"}  # tables that every service has
ENTER = (
    "SELECT es.enter(false, false, '{}', '{}', '{}', '{}', '{}',"
    " 'x-01', '{}', 'x.page', '/v1/page', '{}', '{}', 'r-01', true)"
)
SOMEBODY = Reading("x-01", ("auditor",), "x.page", "/v1/page", (), "{}", "r-01")


@dataclass(frozen=True)
class Tenant:
    """A sponsor's trial with a site, the id that each of its rows has as key, and whom some were handed to.

    `handed` is a stream that was handed over as a whole.
    """

    sponsor: UUID
    trial: UUID
    site: UUID
    id: UUID
    organisation: UUID
    handed: UUID

    @classmethod
    def new(cls) -> "Tenant":
        return cls(*(uuid4() for _ in range(6)))

    def value(self, name: str, type_: str) -> Any:
        if name in ("trial_ids", "organisation_ids"):
            return f'["{self.trial if name == "trial_ids" else self.organisation}"]'
        if name in OWNED:
            return getattr(self, name.removesuffix("_id"))
        return {"uuid": self.id, "text": str(self.id), "integer": 1}[type_]


async def tables(pool: Pool) -> list[str]:
    of = "relnamespace = 'public'::regnamespace AND relkind = 'r'"
    return [row[0] for row in await pool.fetch(f"SELECT relname FROM pg_class WHERE {of} ORDER BY 1")]  # noqa: S608


async def fill(pool: Pool, tenant: Tenant) -> None:
    """A row in every table of the service, and the stream behind it."""
    await pool.execute("INSERT INTO es.trial VALUES ($1, $2)", tenant.trial, tenant.sponsor)
    streams = (
        (tenant.id, None, None),
        (tenant.site, tenant.site, None),
        (tenant.handed, None, tenant.organisation),
    )
    for stream, site, organisation in streams:
        await pool.execute(
            "INSERT INTO es.stream VALUES ($1, 'x', $2, $3, $4, $1, 'k', 0, 't', 1, '', $5)",
            stream,
            tenant.sponsor,
            tenant.trial,
            site,
            organisation,
        )
        await pool.execute(
            "INSERT INTO es.event (stream_id, version, event_id, type, sponsor_id, key, data, meta,"
            " recorded_at, prev_hash, hash)"
            " VALUES ($1, 1, gen_random_uuid(), 'x', $2, 'k', '{}', '{}', now(), '', '')",
            stream,
            tenant.sponsor,
        )
    for table in await tables(pool):
        columns = await pool.fetch(COLUMNS, table)
        wanted = [c for c in columns if c["key"] or c["name"] in OWNED]
        names = ", ".join(c["name"] for c in wanted)
        marks = ", ".join(f"${n}" for n in range(1, len(wanted) + 1))
        values = [tenant.value(c["name"], c["type"]) for c in wanted]
        await pool.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", *values)  # noqa: S608


@contextlib.asynccontextmanager
async def world(servers: Servers, name: str) -> AsyncIterator[tuple[Pool, Tenant, Tenant]]:
    """The tables of a service with the rows of two tenants."""
    service = importlib.import_module(f"services.{name}.handlers").SERVICE
    async with executor(servers, service) as run:
        mine, others = Tenant.new(), Tenant.new()
        for tenant in (mine, others):
            await fill(run.pool, tenant)
        yield run.pool, mine, others


async def count(tx: Connection, table: str) -> int:
    return int(await tx.fetchval(f"SELECT count(*) FROM {table}"))  # noqa: S608


LOG = ("es.stream", "es.event", "es.trial")


async def seen_of(pool: Pool, grants: Grants, names: list[str]) -> dict[str, int]:
    """How many rows of each table are seen with these grants."""
    async with seen_by(pool, grants, SOMEBODY) as tx:
        return {name: await count(tx, name) for name in names}


@pytest.mark.parametrize("name", NAMES)
async def test_of_every_table_each_sees_their_own_rows_and_a_stranger_none(
    servers: Servers, name: str
) -> None:
    async with world(servers, name) as (pool, mine, others):
        names = [*await tables(pool), *LOG]
        there = await seen_of(pool, EVERYTHING, names)
        assert min(there.values()) >= 2, there
        half, none = {table: n // 2 for table, n in there.items()}, dict.fromkeys(names, 0)
        for tenant in (mine, others):
            assert await seen_of(pool, Grants(sponsors=frozenset({tenant.sponsor})), names) == half
            assert await seen_of(pool, Grants(trials=frozenset({tenant.trial})), names) == half
        both = frozenset({mine.sponsor, others.sponsor})
        assert await seen_of(pool, Grants(sponsors=both), names) == there
        one = frozenset({uuid4()})
        stranger = Grants(one, one, {uuid4(): uuid4()}, organisations=one)
        assert await seen_of(pool, stranger, names) == none
        assert await seen_of(pool, Grants(), names) == none


@pytest.mark.parametrize("name", NAMES)
async def test_a_site_sees_its_own_rows_and_what_concerns_its_trial_as_a_whole(
    servers: Servers, name: str
) -> None:
    whole = {"trials": {"trial", "trial_guard", "trial_sites", "trial_count", "hold"}}
    async with world(servers, name) as (pool, mine, _):
        for table in await tables(pool):
            columns = {c["name"]: c["leads"] for c in await pool.fetch(COLUMNS, table)}
            of_trial = columns.get("trial_id") is True or table in whole.get(name, set())
            expected = 1 if "site_id" in columns or of_trial else 0
            async with seen_by(pool, Grants(sites={mine.site: mine.trial}), SOMEBODY) as tx:
                assert await count(tx, table) == expected, table
                assert await count(tx, "es.stream") == 1
                assert await count(tx, "es.event") == 1


@pytest.mark.parametrize("name", NAMES)
async def test_an_organisation_sees_what_was_handed_to_it_and_nothing_else_of_the_trial(
    servers: Servers, name: str
) -> None:
    async with world(servers, name) as (pool, mine, others):
        names = [*await tables(pool), *LOG]
        expected = {table: int(table in HANDED[name] | VAULT) for table in names}
        expected |= {"es.stream": 1, "es.event": 1}
        for tenant in (mine, others):
            only = Grants(organisations=frozenset({tenant.organisation}))
            assert await seen_of(pool, only, names) == expected
            async with seen_by(pool, only, SOMEBODY) as tx:
                assert await tx.fetchval("SELECT stream_id FROM es.event") == tenant.handed
        both = Grants(organisations=frozenset({mine.organisation, others.organisation}))
        assert await seen_of(pool, both, names) == {table: 2 * n for table, n in expected.items()}


async def test_the_readers_role_writes_nothing_and_sees_nothing_of_the_rest(servers: Servers) -> None:
    async with world(servers, "trials") as (pool, _, _):
        for sql in (
            "INSERT INTO trial (trial_id) VALUES (gen_random_uuid())",
            "UPDATE trial SET title = 'x'",
            "DELETE FROM es.event",
            "SELECT * FROM es.command",
            "SELECT * FROM es.parked_event",
            "SELECT * FROM es.outbox",
            "SELECT * FROM es.external_id",
            "SELECT * FROM es.reading",
            "SELECT es.set_wakes(ARRAY[gen_random_uuid()], ARRAY[now()])",
            "SELECT es.hand(ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()])",
            "INSERT INTO es.reading SELECT * FROM es.reading",
            "DELETE FROM es.reading",
            ENTER,
        ):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
                async with seen_by(pool, EVERYTHING, SOMEBODY) as tx:
                    await tx.execute(sql)
        async with pool.acquire() as connection:
            for sql in ("UPDATE trial SET title = 'x'", "INSERT INTO es.reading DEFAULT VALUES", ENTER):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(f"BEGIN; SET LOCAL ROLE trialwire_api; {sql}")
                await connection.execute("ROLLBACK")


async def test_what_one_request_may_see_ends_with_its_transaction(servers: Servers) -> None:
    async with world(servers, "trials") as (pool, mine, _), pool.acquire() as connection:
        async with connection.transaction():
            await connection.execute(ENTER.replace("'{}'", f"'{{{mine.sponsor}}}'", 1))
            assert await count(connection, "trial") == 1
        who = "SELECT current_user, current_setting('trialwire.sponsors', true)"
        user, sponsors = await connection.fetchrow(who) or ("", "")
        assert user != "trialwire_api"
        assert not sponsors
        async with connection.transaction():
            await connection.execute("SET LOCAL ROLE trialwire_api")
            assert await count(connection, "trial") == 0, "nothing was said of whom to show"


async def test_a_table_stands_under_its_rule_after_a_rebuild_and_a_new_column(servers: Servers) -> None:
    service = importlib.import_module("services.trials.handlers").SERVICE
    async with executor(servers, service) as run:
        await Rebuild(run, servers.cluster, "deviation").run()
        mine = Tenant.new()
        await run.pool.execute("INSERT INTO es.trial VALUES ($1, $2)", mine.trial, mine.sponsor)
        add = "INSERT INTO deviation (deviation_id, trial_id) VALUES (gen_random_uuid(), $1)"
        for trial in (mine.trial, uuid4()):
            await run.pool.execute(add, trial)
        only = Grants(sponsors=frozenset({mine.sponsor}))
        assert await seen_of(run.pool, only, ["deviation"]) == {"deviation": 1}
        rule = "SELECT obj_description(oid, 'pg_policy') FROM pg_policy WHERE polrelid = 'hold'::regclass"
        before = await run.pool.fetchval(f"{rule} AND polname = 'seen'")
        await run.pool.execute("ALTER TABLE hold ADD COLUMN site_id uuid; SELECT es.protect('hold')")
        assert await run.pool.fetchval(f"{rule} AND polname = 'seen'") != before


async def test_queries_over_http_show_each_sponsor_its_own_and_404_for_the_rest(servers: Servers) -> None:
    async with answering(servers, "trials") as (run, client):

        async def register(sponsor: str) -> tuple[str, str]:
            body = {"trial_id": str(uuid4()), "title": "A trial", "sponsor": sponsor}
            headers = {"Idempotency-Key": str(uuid4())}
            made = await client.post("/v1/commands/register-trial", json=body, headers=headers)
            assert made.status_code == 201, made.text
            of = "SELECT sponsor_id FROM es.trial WHERE trial_id = $1"
            owner = await run.pool.fetchval(of, UUID(body["trial_id"]))
            return body["trial_id"], str(owner)

        (mine, me), (theirs, them) = await register("One"), await register("Another")
        for own, sponsor, foreign in ((mine, me, theirs), (theirs, them, mine)):
            who = identity.issuer().headers("sponsor:s-01", sponsors=[sponsor])
            listed = (await client.get("/v1/trials", headers=who)).json()["items"]
            assert [row["trial_id"] for row in listed] == [own]
            assert (await client.get(f"/v1/trials/{own}", headers=who)).status_code == 200
            auditor = identity.issuer().headers("auditor:a-01", sponsors=[sponsor])
            lists = {f"/v1/trials/{foreign}/sites": "items", f"/v1/events?trial_id={foreign}": "events"}
            for path, rows in lists.items():
                assert (await client.get(path, headers=auditor)).json()[rows] == [], path
            for path in (f"/v1/trials/{foreign}", f"/v1/trials/{foreign}/permissions"):
                assert (await client.get(path, headers=auditor)).status_code == 404, path
