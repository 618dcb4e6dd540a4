"""Projection rows: load and lock those that a batch touches, write them back in one statement a table."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter

from shared.contracts.message import Facts, Need, Recorded
from shared.runtime.database import Connection, RacedError
from shared.runtime.service import Key, Projection


@dataclasses.dataclass(frozen=True)
class Table:
    """The statements of one table. Rows travel as JSON, so Postgres types them by the table itself."""

    row: type[Any]
    schema: str = "public"

    def __post_init__(self) -> None:
        name = f"{self.schema}.{self.row.table}"
        key = ", ".join(self.row.key)
        fields = [f.name for f in dataclasses.fields(self.row)]
        rest = [f for f in fields if f not in self.row.key]
        update = ", ".join(f"{f} = excluded.{f}" for f in rest)
        names = ", ".join(fields)
        matching = f"{name} t JOIN json_populate_recordset(NULL::{name}, $1::json) k USING ({key})"
        ordered = ", ".join(f"t.{k}" for k in self.row.key)
        given = f"FROM json_populate_recordset(NULL::{name}, $1::json)"
        statements = {  # of names that our own classes declare: no value ever becomes part of a statement
            "select": "SELECT coalesce(json_agg(r), '[]')"  # noqa: S608
            f" FROM (SELECT t.* FROM {matching} ORDER BY {ordered}",
            "insert": f"INSERT INTO {name} ({names}) SELECT {names} {given} ORDER BY {key}"
            " ON CONFLICT DO NOTHING",
            "upsert": f"INSERT INTO {name} ({names}) SELECT {names} {given} ON CONFLICT ({key}) DO "
            + (f"UPDATE SET {update}" if update else "NOTHING"),
            "delete": f"DELETE FROM {name} t"  # noqa: S608
            f" USING json_populate_recordset(NULL::{name}, $1::json) k WHERE "
            + " AND ".join(f"t.{k} = k.{k}" for k in self.row.key),
        }
        for statement, sql in statements.items():
            object.__setattr__(self, statement, sql)
        object.__setattr__(self, "rows", TypeAdapter(list[self.row]))  # type: ignore[name-defined]

    select: str = dataclasses.field(init=False)
    insert: str = dataclasses.field(init=False)
    upsert: str = dataclasses.field(init=False)
    delete: str = dataclasses.field(init=False)
    rows: TypeAdapter[list[Any]] = dataclasses.field(init=False, compare=False, hash=False)

    def keys_json(self, keys: Iterable[Key]) -> str:
        return _JSON.dump_json([dict(zip(self.row.key, key, strict=True)) for key in keys]).decode()

    def key_of(self, row: Any) -> Key:
        return tuple(getattr(row, name) for name in self.row.key)

    async def load(self, tx: Connection, keys: Iterable[Key], lock: str = "UPDATE") -> dict[Key, Any]:
        """The rows of these keys, locked FOR `lock` (UPDATE or SHARE) in key order."""
        text = await tx.fetchval(f"{self.select} FOR {lock} OF t) r", self.keys_json(keys))
        return {self.key_of(row): row for row in self.rows.validate_json(text)}


_JSON: TypeAdapter[Any] = TypeAdapter(Any)


_TABLES: dict[tuple[type[Any], str], Table] = {}


def table_of(row: type[Any], schema: str = "public") -> Table:
    """The statements of a row's table, made once."""
    if (row, schema) not in _TABLES:
        _TABLES[row, schema] = Table(row, schema)
    return _TABLES[row, schema]


async def facts(tx: Connection, needs: Sequence[Need]) -> Facts:
    """The guard rows named, locked in key order until the decision commits.

    Readers that share a row pass by whoever waits to change it: where that must not be, they read it alone.
    """
    wanted: dict[tuple[type[Any], bool], list[Key]] = defaultdict(list)
    for need in needs:
        wanted[need.row, need.alone].append(need.key)
    found: list[Any] = []
    for (row, alone), keys in sorted(wanted.items(), key=lambda item: (str(item[0][0].table), item[0][1])):
        found += (await table_of(row).load(tx, dict.fromkeys(keys), "UPDATE" if alone else "SHARE")).values()
    return Facts(*found)


async def project(
    tx: Connection,
    projections: Sequence[Projection],
    messages: Sequence[Recorded[Any]],
    schema: str = "public",
) -> None:
    """Fold messages, in their order, into the rows that they touch."""
    for projection in sorted(projections, key=lambda p: p.table):
        touched = [(message, key) for message in messages for key in projection.keys(message)]
        if touched:
            await _fold(tx, projection, touched, table_of(projection.row, schema))


async def _fold(
    tx: Connection, projection: Projection, touched: Sequence[tuple[Recorded[Any], Key]], table: Table
) -> None:
    keys = dict.fromkeys(key for _, key in touched)
    known = await table.load(tx, keys)
    rows: dict[Key, Any] = dict(known)
    for message, key in touched:
        rows[key] = projection.fold(rows.get(key), message, key)
    if changed := [rows[key] for key in known if rows[key] is not None]:
        await tx.execute(table.upsert, table.rows.dump_json(changed).decode())
    if gone := [key for key in known if rows[key] is None]:
        await tx.execute(table.delete, table.keys_json(gone))
    if new := [row for key, row in rows.items() if key not in known and row is not None]:
        # A missing row could not be locked. Where another made it meanwhile, all is done again from that row.
        done = await tx.execute(table.insert, table.rows.dump_json(new).decode())
        if int(done.rpartition(" ")[2]) < len(new):
            raise RacedError(table.row.table)
