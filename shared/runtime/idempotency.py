"""A command under an idempotency key: run once, answered alike ever after."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from shared.contracts.message import Command
from shared.runtime import metrics
from shared.runtime.cause import Cause, Work
from shared.runtime.database import Connection
from shared.runtime.execute import Executor
from shared.runtime.service import Outcome
from shared.runtime.store import ConflictError
from shared.runtime.strict import InvalidError

Run = Callable[[Executor, Connection, Work, Command, Cause], Awaitable[Outcome]]
_KNOWN = "SELECT request_hash, response FROM es.command WHERE scope = $1 AND key = $2"


async def once(
    executor: Executor, command: Command, cause: Cause, key: str, body: bytes, run: Run = Executor.run
) -> tuple[Outcome, bool]:
    """Run a command under an idempotency key: its first outcome, and whether this was a repetition.

    `run` is what decides and appends. InvalidError where the key was used with another body.
    """
    scope, digest = str(cause.actor), hashlib.sha256(type(command).type.encode() + b"\0" + body).digest()

    tried = False

    async def work_on(tx: Connection, work: Work) -> Outcome:
        nonlocal tried
        if tried and await tx.fetchrow(_KNOWN, scope, key):
            raise ConflictError("the Idempotency-Key is known")
        tried = True
        outcome = await run(executor, tx, work, command, cause)
        work.answer = scope, key, digest, json.dumps(response_of(outcome))
        return outcome

    with metrics.COMMAND_SECONDS.time():
        try:
            return await executor.transact(work_on), False
        except Exception:  # refused, perhaps because it was done before: keys are asked for only then
            known = await executor.pool.fetchrow(_KNOWN, scope, key)
            if known is None:
                raise
    if known["request_hash"] != digest:
        raise InvalidError("idempotency-key-reused", "this Idempotency-Key came with another body")
    return _outcome(known["response"]), True


def response_of(outcome: Outcome) -> dict[str, Any]:
    """The answer to a command as JSON."""
    return {
        "stream_id": str(outcome.stream_id),
        "version": outcome.version,
        "correlation_id": str(outcome.correlation_id),
        "events": [{"id": str(id_), "type": type_} for id_, type_ in outcome.events],
    }


def _outcome(text: str) -> Outcome:
    known = json.loads(text)
    events = tuple((UUID(e["id"]), e["type"]) for e in known["events"])
    return Outcome(UUID(known["stream_id"]), known["version"], UUID(known["correlation_id"]), events)
