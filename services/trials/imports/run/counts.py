"""Importing a file of data counts: rows go into the log in batches, each with its own answer."""

from collections.abc import AsyncIterator, Sequence
from itertools import islice

from anyio import to_thread
from pydantic import BaseModel

from services.trials.imports.counts import RejectedRow, Row, read
from services.trials.imports.run.upload import BATCH, REJECTIONS, apart, chunks, refusal
from shared.contracts.message import Actor
from shared.rules.grants import Grants
from shared.runtime.cause import Cause, RefusedError, Work
from shared.runtime.database import Connection
from shared.runtime.execute import Executor
from shared.runtime.names import UnknownTrialError
from shared.runtime.service import Outcome
from shared.runtime.store import ConflictError, ForeignStreamError

IMPORTED = ("text/csv", "application/octet-stream")


class CountsSummary(BaseModel):
    """What became of the rows read."""

    read: int = 0
    imported: int = 0
    unchanged: int = 0
    rejected: list[RejectedRow] = []


async def import_counts(
    executor: Executor, upload: AsyncIterator[bytes], actor: Actor, grants: Grants
) -> CountsSummary:
    """Record every row of the upload; memory holds one batch and the keys of the rows read."""
    rows, summary = read(chunks(upload)), CountsSummary()
    while batch := await to_thread.run_sync(lambda: list(islice(rows, BATCH))):
        summary.read += len(batch)
        summary.rejected += [row for row in batch if isinstance(row, RejectedRow)]
        found = [row for row in batch if not isinstance(row, RejectedRow)]
        await _record(executor, summary, found, actor, grants)
        if len(summary.rejected) >= REJECTIONS:
            said = f"after {REJECTIONS} rejections nothing more was read"
            summary.rejected.append(RejectedRow(line=0, field=None, rule="import.limit", reason=said))
            break
    return summary


async def _record(
    executor: Executor, summary: CountsSummary, rows: Sequence[Row], actor: Actor, grants: Grants
) -> None:
    if not rows:
        return

    async def work_on(tx: Connection, work: Work) -> list[Outcome]:
        return [
            await apart(command, executor.run(tx, work, command, Cause(actor, grants=grants)))
            for _, command in rows
        ]

    try:
        outcomes = await executor.transact(work_on)
    except (RefusedError, ConflictError, ForeignStreamError, UnknownTrialError) as fault:
        if len(rows) > 1:  # one of them spoils the batch: each stands alone now
            for row in rows:
                await _record(executor, summary, [row], actor, grants)
            return
        ((line, _),) = rows
        rule, said = refusal(fault)
        summary.rejected.append(RejectedRow(line=line, field="trial_id", rule=rule, reason=said))
        return
    changed = sum(bool(outcome.events) for outcome in outcomes)
    summary.imported += changed
    summary.unchanged += len(outcomes) - changed
