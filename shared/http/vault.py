"""What the routes of documents and particulars share: an act on the vault, and what can become of it."""

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from opentelemetry.trace import SpanKind

from shared.contracts.message import Command, wire_type
from shared.contracts.vault import ReadingPurpose
from shared.http import identity
from shared.http.identity import Principal
from shared.http.problems import ProblemError, described
from shared.http.routes import cause_of, refused_as_problems
from shared.runtime import logs, metrics, telemetry
from shared.runtime.cause import Work
from shared.runtime.database import Connection
from shared.runtime.service import Outcome
from shared.vault.errors import DamagedError, ErasedError
from shared.vault.vault import Vault

Purpose = Annotated[ReadingPurpose, Query(description="why it is read; the log keeps it")]
Entry = Callable[[Connection], Awaitable[None]]
ANSWERS = described(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503)


def vault_in(request: Request) -> Vault:
    vault: Vault = request.app.state.vault
    return vault


class Act:
    """An act on the vault by whoever asks, who has to have a role for it; `name` is the command's."""

    def __init__(self, request: Request, asking: Principal, name: str) -> None:
        """403 before anything of the request is read."""
        actor = identity.permit(request, asking, f"{request.app.state.service}.{name}")
        self._request, self._name, self._asking = request, name, asking
        self.grants = asking.grants
        self._cause = cause_of(request, actor, asking.grants, None)

    def also(self, name: str) -> "Act":
        """The same by another name, for which they need a role as well."""
        return Act(self._request, self._asking, name)

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """What keeps the act from being done becomes a problem, and is counted."""
        with refused_as_problems(f"{self._request.app.state.service}.{self._name}.v1"):
            try:
                yield
            except ErasedError:
                metrics.VAULT.labels(self._name, "erased").inc()
                raise ProblemError(409, "erased", "the subject was erased", field="subject_id") from None
            except DamagedError as fault:
                self.damaged(fault)
                raise ProblemError(500, "damaged", "what the vault keeps is not what was put there") from None
        metrics.VAULT.labels(self._name, "done").inc()

    def damaged(self, fault: DamagedError) -> None:
        """Tell operations of bytes that were changed or are gone."""
        metrics.VAULT.labels(self._name, "damaged").inc()
        logs.log.error("vault.damaged", name=self._name, reason=str(fault))

    async def run(self, command: Command, entry: Entry | None = None) -> Outcome:
        """Decide and append, with the vault's own `entry` in the same transaction where there are events."""
        executor = self._request.app.state.executor

        async def work_on(tx: Connection, work: Work) -> Outcome:
            outcome: Outcome = await executor.run(tx, work, command, self._cause)
            if entry and outcome.events:
                await executor.flush(
                    tx, work
                )  # where another was first, it shows here, and all is tried again
                await entry(tx)
            return outcome

        parent = telemetry.context_of(self._request.headers.get("traceparent"))
        name = wire_type(type(command), executor.service.name)
        with telemetry.span(f"execute {name}", SpanKind.SERVER, None, parent) as span:
            done: Outcome = await executor.transact(work_on)
            span.set_attribute("trialwire.correlation_id", str(done.correlation_id))
            span.set_attribute("trialwire.stream_id", str(done.stream_id))
            return done


def acting(name: str) -> Any:
    """A route's dependency: the act of this name, which comes before any of its parameters is looked at."""

    async def act(request: Request, asking: Annotated[Principal, Depends(identity.principal)]) -> Act:
        return Act(request, asking, name)

    return Depends(act)
