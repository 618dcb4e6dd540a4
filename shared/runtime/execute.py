"""The one place where a command becomes events: decide, append, project, in one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.contracts.message import Command, Event, Facts, Need, Refusal
from shared.runtime import append, clock, failpoints, names, reach, rows, store, telemetry
from shared.runtime.cause import Cause, RefusedError, Work
from shared.runtime.database import Connection, Pool, writing
from shared.runtime.service import Aggregate, Decision, Outcome, Service
from shared.runtime.store import ContendedError, Stream, Streams

T = TypeVar("T")


class Executor:
    """Runs the commands of one service."""

    def __init__(
        self, service: Service, pool: Pool, on_append: Callable[[Collection[int]], None] = lambda _: None
    ) -> None:
        self.service = service
        self.pool = pool
        self.streams = Streams(service)
        self.trials = names.Trials()
        self._on_append = on_append
        self._own = service.projections_of(service.name)
        self._own_tables = {projection.table for projection in self._own.each}

    async def run(self, tx: Connection, work: Work, command: Command, cause: Cause) -> Outcome:
        """Decide and append within a transaction; RefusedError, ConflictError or a store error refuse it."""
        (command,) = await names.bind(tx, work, [command], cause.grants)
        return await self.decide(tx, work, self.service.aggregate_for(command), command, cause)

    async def prepare(
        self, tx: Connection, work: Work, each: Sequence[Command], cause: Cause
    ) -> list[Command]:
        """Commands with the ids behind their names, their streams loaded: then `decide` asks for none."""
        bound = await names.bind(tx, work, each, cause.grants)
        await self.load(tx, work, {c.stream_id: self.service.aggregate_for(c) for c in bound})
        return bound

    async def decide(
        self, tx: Connection, work: Work, aggregate: Aggregate, command: Command, cause: Cause
    ) -> Outcome:
        needs, named, now = command.needs(), reach.named(command, cause), clock.now()
        if needs or named or not (guess := self._guess(work, aggregate, command, cause, now)):
            await self.load(tx, work, {command.stream_id: aggregate})
            stream: Stream = work.streams[command.stream_id]
            if unfit := reach.unfit(stream, aggregate, command, cause):
                raise unfit
            if not cause.grants.everything:
                await self._hear(tx, work, command)
                await reach.check(tx, self.trials, work, stream, command, cause, named)
            facts = await self.facts(tx, work, needs)
            facts.actor = cause.actor
            decision = aggregate.decide(stream.state, command, facts, now)
        else:
            stream, decision = guess
        telemetry.follow(stream.traceparent)
        if isinstance(decision, Refusal):
            raise RefusedError(decision)
        if not decision:
            return Outcome(stream.id, stream.version, stream.correlation_id or cause.command_id)
        return await self.append(tx, work, aggregate, stream, command, cause, decision, now)

    def _guess(
        self, work: Work, aggregate: Aggregate, command: Command, cause: Cause, now: datetime
    ) -> tuple[Stream, Decision] | None:
        """Decide on the stream as it was kept, which saves its look-up: the append refuses what is stale.

        None where nothing would be appended, so that nothing would notice: then it is looked up.
        """
        stream = self.streams.kept(command.stream_id)
        if not work.guessing or not stream or stream.id in work.streams:
            return None
        if reach.unfit(stream, aggregate, command, cause):
            return None
        decision = aggregate.decide(stream.state, command, Facts(actor=cause.actor), now)
        return (stream, decision) if decision and not isinstance(decision, Refusal) else None

    async def facts(self, tx: Connection, work: Work, needs: Sequence[Need]) -> Facts:
        """The guard rows named, as they are after all that this transaction has done."""
        if not needs:
            return Facts()
        if self.owns(needs):
            await self.flush(tx, work)
        return await rows.facts(tx, needs)

    def owns(self, needs: Sequence[Need]) -> bool:
        """Whether own events change any of these rows."""
        return any(need.row.table in self._own_tables for need in needs)

    async def flush(self, tx: Connection, work: Work) -> None:
        """Store and fold the own events that wait; the last act of every transaction that appends."""
        messages, storing = work.pending, append.storing(work)
        work.pending, work.texts, work.followed, work.wakes, work.handed = [], [], {}, {}, {}
        work.answer = None
        await self.trials.hear(tx, work, messages)
        await rows.project(tx, self._own, messages, also=storing)

    async def _hear(self, tx: Connection, work: Work, command: Command) -> None:
        """Store what waits where a trial that the command names may have begun in this very transaction."""
        if command.also_trials() or not command.sponsor_name():
            await self.flush(tx, work)

    async def load(self, tx: Connection, work: Work, wanted: Mapping[UUID, Aggregate]) -> None:
        """Load and lock the streams that this transaction does not hold yet."""
        if missing := {id_: wanted[id_] for id_ in wanted if id_ not in work.streams}:
            work.streams |= await self.streams.load(tx, missing)

    async def append(
        self,
        tx: Connection,
        work: Work,
        aggregate: Aggregate,
        stream: Stream,
        command: Command,
        cause: Cause,
        events: Sequence[Event],
        now: datetime,
    ) -> Outcome:
        if not stream.version:
            stream = replace(stream, site_id=command.at_site())
        sponsor = stream.sponsor_id or cause.sponsor_id
        if sponsor is None:
            await self._hear(tx, work, command)
            sponsor = await self.trials.sponsor_of(tx, work, command)
        correlation = stream.correlation_id or cause.correlation_id or uuid7()
        telemetry.correlate(correlation)
        messages = append.messages_of(self.service, stream, command, cause, events, sponsor, correlation, now)
        append.add(work, self.service, aggregate, stream, messages, cause.signed())
        ids = tuple((m.id, m.type) for m in messages)
        return Outcome(stream.id, messages[-1].version, correlation, ids)

    def committed(self, work: Work) -> None:
        """Call after the commit: states become visible to others, the relay wakes."""
        for stream in work.streams.values():
            if stream.version:
                self.streams.keep(stream)
        self.trials.keep(work.trials)
        if work.buckets:
            self._on_append(work.buckets)

    async def execute(self, command: Command, cause: Cause) -> Outcome:
        """One command in a transaction of its own; raises what `run` raises."""
        return await self.transact(lambda tx, work: self.run(tx, work, command, cause))

    async def transact(self, do: Callable[[Connection, Work], Awaitable[T]]) -> T:
        """Run `do` in a transaction; repeat it whole, at most thrice, after a conflict or deadlock."""
        for attempt in range(4):
            work = Work(guessing=attempt == 0)
            try:
                async with writing(self.pool) as tx:
                    result = await do(tx, work)
                    await self.flush(tx, work)
            except store.RETRY:
                if attempt == 3:
                    raise ContendedError("the stream was changed by others at the same time") from None
                await asyncio.sleep(0.005 * 2**attempt)
                continue
            failpoints.reach("command.committed")
            self.committed(work)
            return result
        raise AssertionError("unreachable")
