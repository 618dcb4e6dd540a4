"""Rows of a trial as they were at an instant: folded anew from the events recorded up to then, in memory.

The query itself stays as it is: what was folded takes the place of its tables, under their own row policies.
"""

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import AwareDatetime

from shared.http.problems import ProblemError
from shared.runtime.database import Pool
from shared.runtime.execute import Executor
from shared.runtime.record import stored
from shared.runtime.rows import table_of
from shared.runtime.takers import Projection, Projections

AsOf = Annotated[
    AwareDatetime | None,
    Query(description="as recorded up to this instant (RFC 3339 with a zone): rebuilt from the events"),
]
AT_MOST = 100_000  # events that one answer is folded from, in 2 to 3 s of a processor
_CHUNK = 500  # a chunk is folded in one go: others wait no longer than that
_one_at_a_time = asyncio.Semaphore(1)
_TABLES = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)\b(?!\.)")

_WHOSE = "SELECT sponsor_id FROM es.trial WHERE trial_id = $1"
_BEGUN = "SELECT recorded_at <= $2 FROM es.event WHERE key = $1 ORDER BY pos LIMIT 1"
_POSITIONS = """
SELECT pos FROM es.event WHERE key = $1 AND recorded_at <= $2 AND type = ANY($3) ORDER BY pos LIMIT $4
"""
_EVENTS = "SELECT * FROM es.event WHERE pos = ANY($1) ORDER BY pos"


async def rebuilt(
    request: Request, trial_id: UUID, as_of: datetime | None, sql: str, *values: Any
) -> tuple[str, tuple[Any, ...]]:
    """The query and its values, over the trial's rows as of the instant; as they are where none is named.

    ProblemError 404 for a trial that is not reached; 422 for an instant to come, for one before the trial's
    first event, and where more than `AT_MOST` events make the rows.
    """
    if as_of is None:
        return sql, values
    executor: Executor = request.app.state.executor
    sponsor = await executor.pool.fetchval(_WHOSE, trial_id)
    grants = request.state.principal.grants
    if sponsor is None or not (grants.reach(sponsor, trial_id, None) or trial_id in grants.sites.values()):
        raise ProblemError(404, "unknown", "there is nothing of this id")
    named = set(_TABLES.findall(sql))
    known = [projection for projection in executor.service.projections if projection.table in named]
    own = [projection for projection in known if projection.sources == (executor.service.name,)]
    folding = Projections(own)
    # Readings by the day are most of a trial's events and in no page: those that no row takes are not read.
    types = [name for name, event in executor.service.types.items() if folding.of(event)]
    async with _one_at_a_time:
        positions = await _positions(executor.pool, trial_id, as_of, types)
        folded = await _folded(executor, folding, positions)
    # What other services tell is not in this log: of those tables nothing is known as of then.
    shadows = [f"{p.table} AS (SELECT * FROM public.{p.table} WHERE false)" for p in known if p not in own]  # noqa: S608
    for n, projection in enumerate(own, len(values) + 1):
        rule = await executor.pool.fetchval("SELECT es.rule_of($1)", projection.table)
        rows = f"json_populate_recordset(NULL::public.{projection.table}, ${n}::text::json)"
        shadows.append(f"{projection.table} AS (SELECT * FROM {rows} WHERE {rule})")  # noqa: S608
    return f"WITH {', '.join(shadows)} {sql}", (*values, *folded)


async def _positions(pool: Pool, trial_id: UUID, as_of: datetime, types: Sequence[str]) -> list[int]:
    """Where in the log the events of these types stand, in their order; ProblemError 422 out of bounds."""
    if as_of > datetime.now(UTC):
        raise _refused("as-of.future", "lies in the future")
    if not await pool.fetchval(_BEGUN, str(trial_id), as_of):
        raise _refused("as-of.before-first-event", "lies before the trial's first event")
    found = await pool.fetch(_POSITIONS, str(trial_id), as_of, types, AT_MOST + 1)
    if len(found) > AT_MOST:
        raise _refused("as-of.too-many-events", f"comes after more than {AT_MOST} events: ask for an earlier")
    return [row["pos"] for row in found]


def _refused(rule: str, detail: str) -> ProblemError:
    return ProblemError(422, rule, f"as_of {detail}", errors=[("/query/as_of", detail)])


async def _folded(executor: Executor, folding: Projections, positions: Sequence[int]) -> list[str]:
    """The rows of each projection as JSON, in the order of the projections."""
    tables: dict[Projection, dict[tuple[Any, ...], Any]] = {projection: {} for projection in folding.each}
    service = executor.service
    for first in range(0, len(positions), _CHUNK):
        for row in await executor.pool.fetch(_EVENTS, positions[first : first + _CHUNK]):
            message = stored(service.name, row, executor.streams.read(row["type"], row["data"]))
            for projection, key in folding.touched(message):
                rows = tables[projection]
                rows[key] = projection.fold(rows.get(key), message, key)
    return [
        table_of(projection.row).rows.dump_json([row for row in rows.values() if row is not None]).decode()
        for projection, rows in tables.items()
    ]
