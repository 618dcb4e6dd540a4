"""An upload as the readers take it, how much of it goes into the log at once, and each record apart."""

from collections.abc import AsyncIterator, Awaitable, Iterator

from anyio import from_thread
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

from shared.contracts.message import Command
from shared.runtime import telemetry
from shared.runtime.names import UnknownTrialError
from shared.runtime.service import Outcome
from shared.runtime.store import ForeignStreamError

BATCH = 20
# An upload that is wrong throughout is told once and not a million times.
REJECTIONS = 10_000


def chunks(upload: AsyncIterator[bytes]) -> Iterator[bytes]:
    """The upload's chunks for the thread that parses them: it waits for each in the event loop."""
    while chunk := from_thread.run(_next, upload):
        yield chunk


async def _next(upload: AsyncIterator[bytes]) -> bytes:
    return await anext(upload, b"")


async def apart(command: Command, running: Awaitable[Outcome]) -> Outcome:
    """A record's command in a trace of its own: what follows has nothing to do with its neighbours."""
    with telemetry.span(f"execute {command.type}", SpanKind.SERVER, parent=Context()):
        outcome = await running
        telemetry.concern(outcome.correlation_id, outcome.stream_id)
        return outcome


def refusal(fault: Exception) -> tuple[str, str]:
    """The rule and the words of a fault.

    Whoever does not reach the trial is told no more than of one that nobody knows.
    """
    if isinstance(fault, ForeignStreamError | UnknownTrialError):
        return "trial.unknown", "there is no such trial"
    return "conflict", str(fault)
