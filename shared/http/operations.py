"""What operations ask of every service alike: events as recorded, parked events, bad commands, rebuilds."""

import json
from typing import Annotated, Any
from uuid import UUID

from aiokafka.errors import KafkaError
from fastapi import APIRouter, Depends, Query, Request

from shared.http import identity
from shared.http.problems import ProblemError, described
from shared.http.seen import seen, seen_by_operators
from shared.rules.discard import OUTBOX
from shared.runtime.rebuild import Rebuild, RebuildingError
from shared.runtime.replay import replay

router = APIRouter(prefix="/v1", tags=["operations"], dependencies=[Depends(identity.permitted)])
Limit = Annotated[int, Query(ge=1, le=500)]
_EVENTS = """
SELECT e.pos, e.event_id, e.type, e.stream_id, s.stream_type, e.version, e.recorded_at, e.data, e.meta
FROM es.event e JOIN es.stream s USING (stream_id) WHERE e.pos > $1"""
# That something lies on a restricted topic may reveal an allocation: it is listed for restricted roles alone.
_OPEN = "(topic NOT LIKE '%.restricted' OR (SELECT es.restricted()))"
# With what the broker refused: those streams wait in the outbox, under a group of that name.
_BLOCKED = f"""
SELECT * FROM (
    SELECT grp, stream_id, topic, version, reason, detail, asked_at, at FROM es.blocked_stream UNION ALL
    SELECT 'outbox', b.stream_id, s.topic, b.version, 'refused', b.reason, NULL, b.at
    FROM es.outbox_block b JOIN es.stream s USING (stream_id)) b
WHERE {_OPEN}
ORDER BY at LIMIT $1
"""  # noqa: S608 - a constant
# With what the last word about each says that was proposed to be discarded.
_PARKED = f"""
SELECT p.grp, p.topic, p.part, p.koffset AS "offset", p.stream_id, p.version, p.reason, p.error, p.at,
       p.discard_id, e.data->>'reason_code' AS reason_code, e.data->>'proposed_by' AS proposed_by
FROM es.parked_event p LEFT JOIN LATERAL (
    SELECT data::json FROM es.event WHERE stream_id = p.discard_id ORDER BY version DESC LIMIT 1) e ON true
WHERE {_OPEN}
ORDER BY p.at, p.grp, p.topic, p.part, p.koffset LIMIT $1
"""  # noqa: S608 - a constant
_DISCARDED = f"""
SELECT grp, topic, part, koffset AS "offset", stream_id, version, reason, error, discard_id,
       encode(sha256, 'hex') AS sha256, reason_code, proposed_by, confirmed_by, at
FROM es.discarded_event WHERE {_OPEN} ORDER BY number DESC LIMIT $1
"""  # noqa: S608 - a constant


@router.get("/events")
async def events(
    request: Request,
    stream_id: UUID | None = None,
    trial_id: UUID | None = None,
    correlation_id: UUID | None = None,
    after: int = 0,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Events as recorded, oldest first, of a stream, a trial or a correlation; `next` continues the list."""
    # A condition only where it is asked for: plans are made once, for any value, else by no index.
    asked = {
        "e.stream_id": stream_id,
        "e.key": trial_id and str(trial_id),
        "s.correlation_id": correlation_id,
    }
    given = {column: value for column, value in asked.items() if value is not None}
    conditions = [f" AND {column} = ${n}" for n, column in enumerate(given, 2)]
    sql = f"{_EVENTS}{''.join(conditions)} ORDER BY e.pos LIMIT ${len(given) + 2}"
    async with seen(request) as tx:
        rows = await tx.fetch(sql, after, *given.values(), limit)
    listed = [
        {**json.loads(row["meta"]), **{name: row[name] for name in row if name not in ("meta", "data")}}
        | {"data": json.loads(row["data"])}
        for row in (dict(r) for r in rows)
    ]
    return {"events": listed, "next": rows[-1]["pos"] if len(rows) == limit else None}


def whole(request: Request) -> None:
    """404 for whoever does not reach everything: a service's own matters may be about anybody's trial."""
    if not request.state.principal.grants.everything:
        raise ProblemError(404, "unknown", "what is the service's own is for those who reach everything")


@router.get("/parked")
async def parked(request: Request, limit: Limit = 100) -> dict[str, Any]:
    """Blocked streams and parked events, oldest first, and the discarded, newest first: where and why.

    Never their content. A `discard_id` of a parked one waits for another person's confirmation.
    """
    whole(request)
    lists = {"blocked": _BLOCKED, "parked": _PARKED, "discarded": _DISCARDED}
    async with seen_by_operators(request) as tx:
        return {name: [dict(r) for r in await tx.fetch(sql, limit)] for name, sql in lists.items()}


@router.post("/parked/{group}/{stream_id}/replay")
async def replay_stream(request: Request, group: str, stream_id: UUID) -> dict[str, int]:
    """Apply what waits of a stream, as far as it goes now; it stays blocked where something is left.

    Of the group `outbox`: send again what the broker refused; `replayed` is then 1 where it was blocked.
    """
    whole(request)
    process = request.app.state.process
    if group == OUTBOX:
        return {"replayed": await process.relay.unblock(process.pool, stream_id)}
    if group not in {s.group for s in process.subscriptions}:
        raise ProblemError(404, "unknown-group", "this service has no such consumer group")
    return {"replayed": await replay(process.service, process.executor, group, stream_id)}


@router.get("/bad-commands")
async def bad_commands(request: Request, limit: Limit = 100) -> dict[str, Any]:
    """Commands from the topic that could not be read, newest first."""
    whole(request)
    async with seen_by_operators(request) as tx:
        rows = await tx.fetch(
            "SELECT topic, part, koffset AS \"offset\", encode(sha256, 'hex') AS sha256, headers, error, at"
            " FROM es.bad_command ORDER BY at DESC LIMIT $1",
            limit,
        )
    return {"commands": [dict(r) | {"headers": json.loads(r["headers"])} for r in rows]}


@router.post("/projections/{table}/rebuild", responses=described(409))
async def rebuild(request: Request, table: str) -> dict[str, Any]:
    """Fold one table anew from the events and swap it in; the live one serves until then."""
    whole(request)
    process = request.app.state.process
    try:
        work = Rebuild(process.executor, process.kafka, table)
    except KeyError:
        raise ProblemError(404, "unknown-table", "this service has no such projection") from None
    try:
        return {"table": table, "events": await work.run()}
    except RebuildingError:
        raise ProblemError(409, "rebuilding", "this table is being rebuilt already") from None
    except KafkaError as fault:
        raise ProblemError(503, "unavailable", f"the broker: {type(fault).__name__}") from None
