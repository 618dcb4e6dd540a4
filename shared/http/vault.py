"""What the routes of documents and particulars share: an act on the vault, and what can become of it."""

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import Depends, Query, Request
from opentelemetry.trace import SpanKind

from shared.contracts.message import Command, wire_type
from shared.contracts.vault import ReadingPurpose
from shared.http import identity
from shared.http.identity import Principal
from shared.http.problems import ProblemError, described
from shared.http.routes import cause_of, refused_as_problems
from shared.rules.roles import first_that
from shared.runtime import logs, metrics, telemetry
from shared.runtime.cause import Work
from shared.runtime.database import Connection
from shared.runtime.service import Outcome
from shared.runtime.store import ForeignStreamError
from shared.vault.errors import DamagedError, ErasedError, TakenError
from shared.vault.vault import Vault

Purpose = Annotated[ReadingPurpose, Query(description="why it is read; the log keeps it")]
# Every service with a vault keeps what it hears of enrolments in the table `known_subject`.
_KNOWN = """
SELECT coalesce(k.trial_id, v.trial_id) AS trial_id, coalesce(k.site_id, v.site_id) AS site_id,
    v.organisation_ids ? $2 AS handed
FROM (SELECT $1::uuid AS subject_id) s
LEFT JOIN known_subject k USING (subject_id) LEFT JOIN vault_subject v USING (subject_id)
"""
Entry = Callable[[Connection], Awaitable[None]]
ANSWERS = described(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503)


def vault_in(request: Request) -> Vault:
    vault: Vault = request.app.state.vault
    return vault


class Place(NamedTuple):
    """Whose trial a subject is in, and at which site."""

    sponsor: UUID
    site: UUID


class Act:
    """An act on the vault by whoever asks, who has to have a role for `right`; `name` is the command's."""

    def __init__(self, request: Request, asking: Principal, right: str, name: str) -> None:
        """403 before anything of the request is read."""
        actor = identity.permit(request, asking, f"{request.app.state.service}.{right}")
        self._request, self._name, self._asking = request, name, asking
        self.grants = asking.grants
        self._cause = cause_of(request, actor, asking.grants, None)

    def may(self, right: str) -> bool:
        """Whether one of their roles has that right as well."""
        embedded = self._request.app.state.identity.embedded
        act = f"{self._request.app.state.service}.{right}"
        return first_that(self._asking.roles, lambda known: known.may_give(act), embedded) is not None

    def also(self, right: str) -> "Act":
        """The same by another right, which they need as well: 403."""
        return Act(self._request, self._asking, right, self._name)

    async def place(self, subject: UUID, trial: UUID, site: UUID | None, holder: UUID | None = None) -> Place:
        """Where a subject of this trial is, before a byte is taken: 404 for who does not reach that.

        The site is that of the enrolment, or of the vault; else the one that is named, which has to be.
        """
        executor = self._request.app.state.executor
        async with executor.pool.acquire(timeout=5) as connection:
            row = await connection.fetchrow(_KNOWN, subject, str(holder))
            trials = {trial, row["trial_id"] or trial}
            sponsors = {one: await executor.trials.of(connection, Work(), one) for one in trials}
        site = row["site_id"] or site
        handed = holder if row["handed"] else None
        if not all(self.grants.reach(sponsor, one, site, handed) for one, sponsor in sponsors.items()):
            raise ForeignStreamError(f"subject {subject} is beyond what they reach")
        if site is None:
            at = [("/query/site", "of a subject that is not enrolled yet it has to be named")]
            raise ProblemError(422, "invalid", "the subject's site is not known", errors=at)
        return Place(sponsors[trial], site)

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """What keeps the act from being done becomes a problem, and is counted."""
        with refused_as_problems(f"{self._request.app.state.service}.{self._name}.v1"):
            try:
                yield
            except TakenError:
                metrics.VAULT.labels(self._name, "taken").inc()
                text = "another document has this reference"
                raise ProblemError(409, "document_exists", text, field="document_ref") from None
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
                # Where another was first, it shows here, and all is tried again.
                await executor.flush(tx, work)
                await entry(tx)
            return outcome

        parent = telemetry.context_of(self._request.headers.get("traceparent"))
        name = wire_type(type(command), executor.service.name)
        with telemetry.span(f"execute {name}", SpanKind.SERVER, None, parent):
            done: Outcome = await executor.transact(work_on)
            telemetry.concern(done.correlation_id, done.stream_id)
            return done


def acting(name: str, right: str | None = None) -> Any:
    """A route's dependency: the act of this name, which comes before any of its parameters is looked at.

    `right`: what roles call the least that it takes, where that is another name.
    """

    async def act(request: Request, asking: Annotated[Principal, Depends(identity.principal)]) -> Act:
        return Act(request, asking, right or name, name)

    return Depends(act)
