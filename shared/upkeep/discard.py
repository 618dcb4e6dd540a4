"""A parked record discarded by two persons: the proposal, and what its confirmation does to the stream."""

import hashlib
import json
import re
from dataclasses import replace

from shared.contracts.message import Command, Facts, Refusal
from shared.contracts.parked import Discarded, DiscardProposed, DiscardWithdrawn, ParkedEvent, ParkedRecord
from shared.rules.discard import Lying
from shared.rules.discard_commands import ConfirmDiscard, ProposeDiscard, WithdrawDiscard, discard_id
from shared.runtime import clock, offsets, reach, telemetry
from shared.runtime.apply import Applier
from shared.runtime.cause import Cause, RefusedError, Work
from shared.runtime.database import Connection, Record
from shared.runtime.execute import Executor
from shared.runtime.offsets import Batch
from shared.runtime.service import DISCARD, Outcome
from shared.runtime.store import HOUSE, ForeignStreamError

_TYPE = re.compile(r"[a-z]{1,60}(\.[a-z][a-z0-9_]{0,60}){2}\.v[1-9][0-9]{0,5}")
# Of several records of one version the first, as a replay takes them.
_RECORD = """
SELECT p.*, coalesce(s.version, 0) AS seen, EXISTS (
    SELECT FROM es.parked_event b WHERE b.grp = p.grp AND b.stream_id = p.stream_id
    AND (b.version, b.koffset) < (p.version, p.koffset)) AS behind
FROM es.parked_event p LEFT JOIN es.seen s ON s.grp = p.grp AND s.stream_id = p.stream_id
WHERE p.discard_id = $1 OR p.grp = $2 AND (
    p.stream_id = $3 AND p.version = $4 OR p.topic = $5 AND p.part = $6 AND p.koffset = $7)
ORDER BY p.koffset LIMIT 1
"""
_PARTITIONS = """
SELECT DISTINCT topic, part FROM es.parked_event
WHERE grp = $1 AND (stream_id = $2 OR topic = $3 AND part = $4 AND koffset = $5)
"""
_PLACE = ("topic", "part", "koffset")
_MARK = (
    "UPDATE es.parked_event SET discard_id = $1 WHERE grp = $2 AND topic = $3 AND part = $4 AND koffset = $5"
)
_UNMARK = "UPDATE es.parked_event SET discard_id = NULL WHERE discard_id = $1"


async def run(executor: Executor, tx: Connection, work: Work, command: Command, cause: Cause) -> Outcome:
    """Decide a command about a parked record and do what it says, in the transaction of its event.

    Raises RefusedError, ConflictError, or ForeignStreamError for whoever does not reach everything: what is
    parked is the service's, whoever's trial it may be about.
    """
    if not cause.grants.everything:
        raise ForeignStreamError("what is parked is for those who reach everything")
    found = await _locked(tx, executor, command)
    record = _record(found) if found else None
    lying = Lying(
        record=record,
        behind=bool(found and found["behind"]),
        missing=bool(found and found["version"] and found["version"] > found["seen"] + 1),
    )
    stream_id = discard_id(record) if record and isinstance(command, ProposeDiscard) else command.stream_id
    await executor.load(tx, work, {stream_id: DISCARD})
    stream = work.streams[stream_id]
    if unfit := reach.unfit(stream, DISCARD, command, cause):
        raise unfit
    now = clock.now()
    decision = DISCARD.decide(stream.state, command, Facts(lying, actor=cause.actor), now)
    telemetry.follow(stream.traceparent)
    if isinstance(decision, Refusal):
        raise RefusedError(decision)
    if not decision:
        return Outcome(stream.id, stream.version, stream.correlation_id or cause.command_id)
    event: ParkedEvent = decision[0]  # type: ignore[assignment]
    cause = replace(cause, sponsor_id=HOUSE, reason=event.reason_code)
    outcome = await executor.append(tx, work, DISCARD, stream, command, cause, decision, now)
    await executor.flush(tx, work)
    await _follow(tx, executor, work, event)
    return outcome


async def _locked(tx: Connection, executor: Executor, command: Command) -> "Record | None":
    """The record that the command is about, behind the fence of its group's consumer; None: not parked."""
    match command:
        case ProposeDiscard(group=group, record=named):
            place = named.model_dump()
            fields = ("stream_id", "version", "topic", "partition", "offset")
            values = [None, group, *(place.get(name) for name in fields)]
        case ConfirmDiscard() | WithdrawDiscard():
            values = [command.discard_id, *[None] * 6]
        case _:
            raise TypeError(type(command).__name__)
    found = await tx.fetchrow(_RECORD, *values)
    service = executor.service
    if found is None or found["grp"] not in {f"{service.name}.{source}" for source in service.sources}:
        return None
    lying = await tx.fetch(_PARTITIONS, *(found[name] for name in ("grp", "stream_id", *_PLACE)))
    await offsets.take(tx, found["grp"], [tuple(row) for row in lying], ())
    return await tx.fetchrow(_RECORD, *values)  # a replay, or another replica, may have been quicker


def _record(row: Record) -> ParkedRecord:
    return ParkedRecord(
        group=row["grp"],
        topic=row["topic"],
        partition=row["part"],
        offset=row["koffset"],
        stream_id=row["stream_id"],
        version=row["version"],
        event_type=_type(row),
        sha256=hashlib.sha256(row["value"] or b"").hexdigest(),
    )


def _type(row: Record) -> str | None:
    """The event type that its headers name; whoever wrote the record may have written anything there."""
    named = next((value for name, value in json.loads(row["headers"]) if name == "ce_type"), None) or ""
    known = _TYPE.fullmatch(named) and named.startswith(row["topic"].partition(".")[0] + ".")
    return named if known else None


async def _follow(tx: Connection, executor: Executor, work: Work, event: ParkedEvent) -> None:
    record = event.record
    match event:
        case DiscardProposed():
            place = (record.group, record.topic, record.partition, record.offset)
            await tx.execute(_MARK, event.discard_id, *place)
        case DiscardWithdrawn():
            await tx.execute(_UNMARK, event.discard_id)
        case Discarded():
            who = (bytes.fromhex(record.sha256), event.reason_code, event.proposed_by, event.confirmed_by)
            passed = await tx.fetchval("SELECT es.set_aside($1, $2, $3, $4, $5)", event.discard_id, *who)
            await _go_on(tx, executor, work, record, passed)


async def _go_on(tx: Connection, executor: Executor, work: Work, record: ParkedRecord, passed: bool) -> None:
    """Past the version, unless another record of it waits, and on with all that follows."""
    if record.stream_id is None or record.version is None:
        return
    applier = Applier(executor.service, executor, record.group.partition(".")[2])
    if passed:
        before, after = {record.stream_id: record.version - 1}, {record.stream_id: record.version}
        await offsets.advance(tx, record.group, {}, before, after)
    await applier.drain(tx, Batch(work), record.stream_id)
