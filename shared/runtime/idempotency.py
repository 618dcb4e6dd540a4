"""A command under an idempotency key: run once, answered alike ever after."""

import hashlib
import json
from typing import Any
from uuid import UUID

from shared.contracts.message import Command
from shared.runtime import metrics
from shared.runtime.cause import Cause, Work
from shared.runtime.database import Connection
from shared.runtime.execute import Executor
from shared.runtime.service import Outcome
from shared.runtime.strict import InvalidError


async def once(
    executor: Executor, command: Command, cause: Cause, key: str, body: bytes
) -> tuple[Outcome, bool]:
    """Run a command under an idempotency key: its first outcome, and whether this was a repetition.

    InvalidError where the key was used with another body.
    """
    scope, digest = str(cause.actor), hashlib.sha256(type(command).type.encode() + b"\0" + body).digest()

    async def work_on(tx: Connection, work: Work) -> tuple[Outcome, bool]:
        known = await tx.fetchrow(
            "SELECT request_hash, response FROM es.command WHERE scope = $1 AND key = $2", scope, key
        )
        if known:
            if known["request_hash"] != digest:
                raise InvalidError("idempotency-key-reused", "this Idempotency-Key came with another body")
            return _outcome(known["response"]), True
        outcome = await executor.run(tx, work, command, cause)
        await tx.execute(
            "INSERT INTO es.command VALUES ($1, $2, $3, $4)",
            scope,
            key,
            digest,
            json.dumps(response_of(outcome)),
        )
        return outcome, False

    with metrics.COMMAND_SECONDS.time():
        return await executor.transact(work_on)


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
