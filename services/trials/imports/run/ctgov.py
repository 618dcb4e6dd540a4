"""Importing records of ClinicalTrials.gov: they are read as they arrive."""

from collections.abc import AsyncIterator, Sequence
from itertools import islice

from anyio import to_thread
from pydantic import BaseModel

from services.trials.commands.trial import RecordRegistryEntry
from services.trials.imports.ctgov import Rejection, entries
from services.trials.imports.run.upload import BATCH, REJECTIONS, apart, chunks
from shared.contracts.message import Actor
from shared.rules.grants import Grants
from shared.runtime.cause import Cause, RefusedError, Work
from shared.runtime.database import UNSTORABLE, Connection
from shared.runtime.execute import Executor
from shared.runtime.service import Outcome
from shared.runtime.store import ConflictError, ForeignStreamError, TooLargeError

# Which of them it is, the bytes tell; a media type that is none of these is a mistake.
_OF_JSON = ("application/json", "application/x-ndjson", "application/jsonl")
IMPORTED = (*_OF_JSON, "application/xml", "text/xml", "application/octet-stream")


class Rejected(BaseModel):
    """A record that was not imported, the field at fault, and why."""

    id: str | None
    field: str | None
    reason: str


class Summary(BaseModel):
    """What became of the records read."""

    read: int = 0
    imported: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = []


async def import_records(
    executor: Executor, upload: AsyncIterator[bytes], actor: Actor, grants: Grants
) -> Summary:
    """Import every record of the upload; memory holds one batch, and the sender waits for the log."""
    records = entries(chunks(upload))
    summary = Summary()
    while batch := await to_thread.run_sync(lambda: list(islice(records, BATCH))):
        summary.read += len(batch)
        for record in batch:
            if isinstance(record, Rejection):
                _reject(summary, record.id, record.field, record.reason)
        await _record(
            executor, summary, [r for r in batch if isinstance(r, RecordRegistryEntry)], actor, grants
        )
        if len(summary.rejected) >= REJECTIONS:
            _reject(summary, None, None, f"after {REJECTIONS} rejections nothing more was read")
            break
    return summary


async def _record(
    executor: Executor,
    summary: Summary,
    commands: Sequence[RecordRegistryEntry],
    actor: Actor,
    grants: Grants,
) -> None:
    if not commands:
        return

    async def work_on(tx: Connection, work: Work) -> list[Outcome]:
        ready = await executor.prepare(tx, work, commands, Cause(actor, grants=grants))
        kinds = [executor.service.aggregate_for(command) for command in ready]
        return [
            await apart(command, executor.decide(tx, work, kind, command, Cause(actor, grants=grants)))
            for command, kind in zip(ready, kinds, strict=True)
        ]

    try:
        outcomes = await executor.transact(work_on)
    except (RefusedError, ConflictError, ForeignStreamError, TooLargeError, *UNSTORABLE) as fault:
        if len(commands) == 1:
            unstorable = isinstance(fault, UNSTORABLE)
            said = "a value that the database cannot hold" if unstorable else str(fault)
            _reject(summary, commands[0].nct, None, said)
            return
        for command in commands:  # one of them spoils the batch: each stands alone now
            await _record(executor, summary, [command], actor, grants)
        return
    _count(summary, outcomes)


def _count(summary: Summary, outcomes: Sequence[Outcome]) -> None:
    changed = sum(bool(outcome.events) for outcome in outcomes)
    summary.imported += changed
    summary.unchanged += len(outcomes) - changed


def _reject(summary: Summary, id_: str | None, field: str | None, reason: str) -> None:
    summary.rejected.append(Rejected(id=id_, field=field, reason=reason))
