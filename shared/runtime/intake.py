"""Commands: read them strictly, run each once, from the API and from the topic alike."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from opentelemetry.trace import SpanKind
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contracts.message import Actor, Command, Refusal, Signed, wire_type
from shared.identity.access import DeniedError
from shared.identity.machines import Machine, Machines, signed_text
from shared.rules.roles import first_that
from shared.runtime import logs, metrics, offsets, refusals, telemetry
from shared.runtime.cause import Cause, Work
from shared.runtime.database import TRANSIENT, Connection
from shared.runtime.execute import Executor
from shared.runtime.record import UnreadableError, texts
from shared.runtime.store import ContendedError
from shared.runtime.strict import InvalidError, parse


@dataclass
class Taken:
    """What became of a batch of command records."""

    next_offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    blocked: int = 0


class Intake:
    """The commands topic: a bad command is refused or recorded, and blocks nothing."""

    def __init__(self, executor: Executor, machines: Machines | None = None, embedded: bool = False) -> None:
        self.executor = executor
        self._machines = machines
        self._embedded = embedded
        self.service = executor.service
        self.group = f"{self.service.name}.commands"

    async def apply(self, records: Sequence[Any], allowance: int = 20) -> Taken:
        """Take each record once: known ids are skipped, unreadable ones noted with place and reason."""
        taken = Taken()
        for record in records:
            try:
                await self._take(record)
            except (UnreadableError, InvalidError, DeniedError) as fault:
                await self._note(record, str(fault))
            except (*TRANSIENT, TimeoutError, ContendedError):
                raise
            except Exception as fault:  # no reason to stop: the next command may be another's
                logs.log.error("intake.failed", error=type(fault).__name__, offset=record.offset)
                await self._note(record, f"failed: {type(fault).__name__}")
            taken.next_offsets[record.topic, record.partition] = record.offset + 1
        async with self.executor.pool.acquire(timeout=5) as connection:
            await offsets.advance(connection, self.group, taken.next_offsets)
        return taken

    async def _take(self, record: Any) -> None:
        headers = _text(record.headers)
        if headers["ce_type"] == f"{self.service.name}.republish_stream.v1":
            return await republish(self.executor, record.value)
        if headers["ce_type"] not in self.service.commands:
            raise UnreadableError("ce_type is no command of this service")
        contract, _ = self.service.commands[headers["ce_type"]]
        if contract.internal:
            raise UnreadableError("ce_type is a command that only the service itself gives")
        name, machine = self._sender(headers, record)
        command = parse(contract, record.value or b"")
        try:
            id_ = UUID(headers["ce_id"])
            correlation = UUID(headers["ce_correlationid"]) if "ce_correlationid" in headers else None
        except ValueError:
            raise UnreadableError("ce_id or ce_correlationid is malformed") from None
        act = wire_type(contract, self.service.name).rpartition(".")[0]
        may = first_that(machine.roles, lambda known: known.may_give(act), self._embedded)
        cause = Cause(Actor(name, may or machine.roles[0]), id_, correlation, grants=machine.grants())
        attributes = telemetry.messaging("process", record.topic, messaging__consumer__group__name=self.group)
        parent = telemetry.context_of(headers.get("traceparent"))
        with telemetry.span(f"process {record.topic}", SpanKind.CONSUMER, attributes, parent):
            await self._run(command, cause, bool(may))

    def _sender(self, headers: Mapping[str, str], record: Any) -> tuple[str, Machine]:
        """The machine that signed the record; DeniedError where none did: a record shows no principal."""
        if self._machines is None:
            raise DeniedError("this service knows no machines")
        key, value, time = record.key or b"", record.value or b"", headers.get("ce_time", "")
        signed = signed_text(headers["ce_id"], headers["ce_type"], time, key, value)
        name, signature = headers.get("ce_keyid", ""), headers.get("ce_signature", "")
        return self._machines.by_signature(name, signature, signed)

    async def _run(self, command: Command, cause: Cause, may: bool) -> None:
        async def work_on(tx: Connection, work: Work) -> None:
            fresh = await tx.fetchval(
                "INSERT INTO es.command VALUES ('topic', $1, '', '{}') ON CONFLICT DO NOTHING RETURNING true",
                str(cause.command_id),
            )
            if not fresh:
                return
            name, outcome, refusal = wire_type(type(command), self.service.name), None, None
            if not may:
                refusal = Refusal("role", f"the role {cause.actor.role} may not give {name}")
            elif isinstance(command, Signed):
                refusal = Refusal("signature", "a machine does not sign: give it by the API")
            if refusal:
                await refusals.record(tx, self.executor, work, command, cause, refusal)
            else:
                outcome = await refusals.run(tx, self.executor, work, command, cause)
            metrics.COMMANDS.labels(name, "done" if outcome else "refused").inc()

        await self.executor.transact(work_on)

    async def _note(self, record: Any, error: str) -> None:
        kept = {
            name.replace("\0", ""): (value or b"").decode("utf-8", "replace")[:200].replace("\0", "")
            for name, value in record.headers
            if name.startswith("ce_")
        }
        await self.executor.pool.execute(
            "INSERT INTO es.bad_command VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            record.topic,
            record.partition,
            record.offset,
            hashlib.sha256(record.value or b"").digest(),
            json.dumps(kept),
            error.replace("\0", "")[:2_000],
        )
        metrics.COMMANDS.labels("unreadable", "noted").inc()


def _text(headers: Sequence[tuple[str, bytes | None]]) -> dict[str, str]:
    text = texts(headers)
    for needed in ("ce_type", "ce_id"):
        if needed not in text:
            raise UnreadableError(f"header {needed} is missing")
    return text


class _Republish(BaseModel):
    """What a consumer that has found a gap asks for."""

    model_config = ConfigDict(hide_input_in_errors=True)

    stream_id: UUID
    from_version: Annotated[int, Field(ge=1, lt=2**63)]


async def republish(executor: Executor, body: bytes | None) -> None:
    """Put a stream's events, from a version on, into the outbox again: a consumer has found a gap."""
    try:
        wanted = _Republish.model_validate_json(body or b"")
    except ValidationError:
        raise UnreadableError("republish_stream needs stream_id and from_version") from None
    await executor.pool.execute(
        "INSERT INTO es.outbox (bucket, stream_id, version, topic)"
        " SELECT s.bucket, e.stream_id, e.version, s.topic FROM es.event e JOIN es.stream s USING (stream_id)"
        " WHERE e.stream_id = $1 AND e.version >= $2 ORDER BY e.version",
        wanted.stream_id,
        wanted.from_version,
    )
