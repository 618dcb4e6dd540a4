"""What a service declares to the runtime: its aggregates, projections and reactions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

from pydantic import BaseModel

from shared.contracts.message import (
    Command,
    CommandRefused,
    Event,
    Facts,
    Refusal,
    Wake,
    types_of,
    wire_type,
)
from shared.contracts.parked import ParkedEvent
from shared.rules import discard
from shared.rules.discard_commands import DiscardCommand
from shared.runtime.takers import Projection, Projections, Reaction, Reactions

Decision = Sequence[Event] | Refusal


@dataclass(frozen=True)
class Aggregate:
    """One kind of stream: the union of its commands, its decider, and when time alone is to wake it.

    `held_by`: the organisation to which the part of the stream that a command is about was handed; without a
    command, the stream as a whole.
    """

    name: str
    commands: Any
    initial: Any
    decide: Callable[[Any, Any, Facts, datetime], Decision]
    evolve: Callable[[Any, Any], Any]
    wake_at: Callable[[Any], datetime | None] | None = None
    topic: str | None = None
    held_by: Callable[[Any, Command | None], UUID | None] | None = None


DISCARD = Aggregate("discard", DiscardCommand, discard.Discard(), discard.decide, discard.evolve)


@dataclass(frozen=True)
class Service:
    """A service as the runtime sees it. `contracts`: each source it reads, itself too, and its union.

    `documents` and `particulars`: the kinds that its vault takes, the latter each with its model.
    """

    name: str
    contracts: Mapping[str, Any]
    aggregates: tuple[Aggregate, ...]
    projections: tuple[Projection, ...]
    reactions: tuple[Reaction, ...]
    migrations: Path
    restricted_sources: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    particulars: Mapping[str, type[BaseModel]] = field(default_factory=dict)

    @property
    def topic(self) -> str:
        return f"{self.name}.events"

    @cached_property
    def types(self) -> Mapping[str, type[Event]]:
        """Every event type that this service can read, by its CloudEvents type."""
        return {
            name: contract
            for source, union in self.contracts.items()
            for name, contract in types_of(union | CommandRefused | ParkedEvent, source).items()
        }

    @cached_property
    def commands(self) -> Mapping[str, tuple[type[Command], Aggregate]]:
        """Every command by its type, with the aggregate that decides it; Wake goes by stream type."""
        return {
            wire_type(command, self.name): (command, aggregate)
            for aggregate in self.aggregate_of.values()
            for command in get_args(aggregate.commands) or (aggregate.commands,)
            if command is not Wake
        }

    @cached_property
    def aggregate_of(self) -> Mapping[str, Aggregate]:
        """Every aggregate by its name, with the one that each service has by itself."""
        return {aggregate.name: aggregate for aggregate in (*self.aggregates, DISCARD)}

    def aggregate_for(self, command: Command) -> Aggregate:
        """The aggregate that decides this command; KeyError for a command of another service."""
        return self.commands[wire_type(type(command), self.name)][1]

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The services whose topics are consumed; its own only when it reacts to itself."""
        foreign = {s for p in self.projections for s in p.sources if s != self.name}
        return tuple(sorted(foreign | {r.source for r in self.reactions}))

    def topics_of(self, source: str) -> list[str]:
        """The topics of a source that are consumed, its restricted one where that is ours to read."""
        restricted = [f"{source}.restricted"] if source in self.restricted_sources else []
        return [f"{source}.events", *restricted]

    def projections_of(self, source: str) -> Projections:
        return Projections(p for p in self.projections if source in p.sources)

    def reactions_to(self, source: str) -> Reactions:
        return Reactions(r for r in self.reactions if r.source == source)


@dataclass(frozen=True)
class Outcome:
    """What a command did: the stream's version after it (events) and the ids and types of the new events."""

    stream_id: UUID
    version: int
    correlation_id: UUID
    events: tuple[tuple[UUID, str], ...] = ()
