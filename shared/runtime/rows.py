"""Projection rows: load and lock those that a batch touches, write them back; one round trip each."""

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, get_type_hints
from uuid import UUID

from pydantic import TypeAdapter

from shared.contracts.message import Facts, Need, Recorded
from shared.runtime.database import Connection, RacedError
from shared.runtime.takers import Key, Projection, Projections

_JSON: TypeAdapter[Any] = TypeAdapter(Any)
Statement = tuple[str, Sequence[Any]]  # and its parameters
NOTHING: Statement = ("", ())
_KEY_TYPES = {UUID: "uuid", str: "text", int: "bigint", date: "date"}


@dataclasses.dataclass(frozen=True)
class Table:
    """The statements of one table, each of one parameter: rows as JSON, so Postgres types them by the table.

    They are made of names that our own classes declare: no value ever becomes part of a statement.
    """

    row: type[Any]
    schema: str = "public"
    insert: str = dataclasses.field(init=False, compare=False)
    upsert: str = dataclasses.field(init=False, compare=False)
    delete: str = dataclasses.field(init=False, compare=False)
    rows: TypeAdapter[list[Any]] = dataclasses.field(init=False, compare=False)

    def __post_init__(self) -> None:
        name, key = f"{self.schema}.{self.row.table}", ", ".join(self.row.key)
        fields = [f.name for f in dataclasses.fields(self.row)]
        update = ", ".join(f"{f} = excluded.{f}" for f in fields if f not in self.row.key)
        given = f"FROM json_populate_recordset(NULL::{name}, $1::json)"
        insert = f"INSERT INTO {name} ({', '.join(fields)}) SELECT {', '.join(fields)} {given} ORDER BY {key}"
        matching = " AND ".join(f"t.{k} = k.{k}" for k in self.row.key)
        made = {
            "insert": f"{insert} ON CONFLICT DO NOTHING",
            "upsert": f"{insert} ON CONFLICT ({key}) DO " + (f"UPDATE SET {update}" if update else "NOTHING"),
            "delete": f"DELETE {given.replace('FROM', f'FROM {name} t USING')} k WHERE {matching}",
            "rows": TypeAdapter(list[self.row]),  # type: ignore[name-defined]
        }
        for attribute, value in made.items():
            object.__setattr__(self, attribute, value)

    def select(self, first: int, lock: str) -> str:
        """The rows of keys, which come as an array a column from parameter `first` on, as a JSON array."""
        hints, key = get_type_hints(self.row), ", ".join(self.row.key)
        keys = ", ".join(f"${n}::{_KEY_TYPES[hints[k]]}[]" for n, k in enumerate(self.row.key, first))
        return (
            f"(SELECT coalesce(json_agg(r), '[]') FROM (SELECT t.* FROM {self.schema}.{self.row.table} t"  # noqa: S608
            f" JOIN unnest({keys}) k({key}) USING ({key}) ORDER BY {key} FOR {lock} OF t) r)"
        )

    def key_of(self, row: Any) -> Key:
        return tuple(getattr(row, name) for name in self.row.key)


_TABLES: dict[tuple[type[Any], str], Table] = {}


def table_of(row: type[Any], schema: str = "public") -> Table:
    """The statements of a row's table, made once."""
    if (row, schema) not in _TABLES:
        _TABLES[row, schema] = Table(row, schema)
    return _TABLES[row, schema]


async def load(
    tx: Connection, asked: Sequence[tuple[Table, str, Collection[Key]]], also: Statement = NOTHING
) -> list[dict[Key, Any]]:
    """The rows of these keys, table by table, each locked FOR its UPDATE or SHARE in key order.

    `also`: a SELECT that is done in the same round trip, before the rows are read.
    """
    if not (asked or also[0]):
        return []
    columns = [column for _, _, keys in asked for column in zip(*keys, strict=True)]
    sql = _selecting(tuple((table, lock) for table, lock, _ in asked), also[0], len(also[1]))
    found = tuple(await tx.fetchrow(sql, *also[1], *columns) or ())
    return [
        {table.key_of(row): row for row in table.rows.validate_json(text)}
        for (table, _, _), text in zip(asked, found[len(found) - len(asked) :], strict=True)
    ]


@lru_cache(maxsize=500)
def _selecting(asked: tuple[tuple[Table, str], ...], also: str, parameters: int) -> str:
    selects, first = [also or "SELECT"], parameters + 1
    for table, lock in asked:
        selects.append(f"{', ' if also or selects[1:] else ''}{table.select(first, lock)}")
        first += len(table.row.key)
    return " ".join(selects)


async def facts(tx: Connection, needs: Sequence[Need]) -> Facts:
    """The guard rows named, locked in key order until the decision commits.

    Readers that share a row pass by whoever waits to change it: where that must not be, they read it alone.
    """
    wanted: dict[tuple[type[Any], bool], dict[Key, None]] = defaultdict(dict)
    for need in needs:
        wanted[need.row, need.alone][need.key] = None
    asked = [
        (table_of(row), "UPDATE" if alone else "SHARE", keys)
        for (row, alone), keys in sorted(wanted.items(), key=lambda item: (item[0][0].table, item[0][1]))
    ]
    return Facts(*[row for found in await load(tx, asked) for row in found.values()])


Touched = Sequence[tuple[Recorded[Any], Key]]
Write = tuple[Table, str, str, int]  # one of the table's statements, what it is given, how many rows


async def project(
    tx: Connection,
    projections: Projections,
    messages: Sequence[Recorded[Any]],
    schema: str = "public",
    also: Statement = NOTHING,
) -> None:
    """Fold messages, in their order, into the rows that they touch; a table has one projection.

    `also`: a SELECT that is done before anything else, whatever the messages are.
    """
    touched: dict[Projection, list[tuple[Recorded[Any], Key]]] = defaultdict(list)
    for message in messages:
        for projection, key in projections.touched(message):
            touched[projection].append((message, key))
    folding: list[tuple[Projection, Table, Touched]] = [
        (projection, table_of(projection.row, schema), touched[projection])
        for projection in sorted(touched, key=lambda p: p.table)
    ]
    asked = [(table, "UPDATE", {key: None for _, key in touched}) for _, table, touched in folding]
    loaded = await load(tx, asked, also)
    writes = [
        write
        for (projection, table, touched), known in zip(folding, loaded, strict=True)
        for write in _folded(projection, table, touched, known)
    ]
    if not writes:
        return
    counts = await tx.fetchrow(
        _writing(tuple((t, what) for t, what, _, _ in writes)), *[w[2] for w in writes]
    )
    for (table, what, _, given), done in zip(writes, counts or (), strict=True):
        # A missing row could not be locked. Where another made it meanwhile, all is done again from that row.
        if what == "insert" and done < given:
            raise RacedError(table.row.table)


def _folded(projection: Projection, table: Table, touched: Touched, known: dict[Key, Any]) -> list[Write]:
    rows = dict(known)
    for message, key in touched:
        rows[key] = projection.fold(rows.get(key), message, key)
    changed = [rows[key] for key in known if rows[key] is not None]
    new = [row for key, row in rows.items() if key not in known and row is not None]
    gone = [dict(zip(table.row.key, key, strict=True)) for key in known if rows[key] is None]
    return [
        (table, what, adapter.dump_json(given).decode(), len(given))
        for what, given, adapter in (
            ("upsert", changed, table.rows),
            ("insert", new, table.rows),
            ("delete", gone, _JSON),
        )
        if given
    ]


@lru_cache(maxsize=2_000)
def _writing(given: tuple[tuple[Table, str], ...]) -> str:
    steps = [getattr(table, what).replace("$1", f"${n}") for n, (table, what) in enumerate(given, 1)]
    made = ", ".join(f"w{n} AS ({step} RETURNING 1)" for n, step in enumerate(steps, 1))
    counts = ", ".join(f"(SELECT count(*) FROM w{n})" for n in range(1, len(steps) + 1))  # noqa: S608
    return f"WITH {made} SELECT {counts}"
