"""The pure parts of services run together: their topics delivered in any order, some of it twice.

No broker and no database: streams are lists, rows are a dictionary, chance comes from a seed. Only the
order within a stream is kept. A partition keeps more: all events of a trial from one topic.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID, uuid5

from shared.contracts.message import Actor, Command, Event, Facts, Need, Recorded, Refusal, Wake, wire_type
from shared.runtime.service import Aggregate, Service

SPONSOR = UUID(int=0x5905)
ACTS = UUID(int=0xAC75)


@dataclass(frozen=True)
class Act:
    """What a person or an outside system does, once: `name` makes its ids the same in every run."""

    name: str
    service: str
    command: Command


@dataclass
class Flow:
    """Services side by side. `doubled`: every reaction runs its commands twice, as if none were noticed."""

    services: dict[str, Service]
    random: Random
    now: datetime
    doubled: bool = False
    streams: dict[tuple[str, UUID], list[Recorded[Any]]] = field(default_factory=dict)
    states: dict[tuple[str, UUID], tuple[Aggregate, Any]] = field(default_factory=dict)
    rows: dict[tuple[str, type[Any], tuple[Any, ...]], Any] = field(default_factory=dict)
    waiting: dict[tuple[str, str], list[Recorded[Any]]] = field(default_factory=dict)
    seen: dict[tuple[str, str, UUID], int] = field(default_factory=dict)
    names: dict[tuple[str, str, str], UUID] = field(default_factory=dict)
    refused: list[tuple[Command, Refusal]] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    def run(self, acts: Callable[["Flow"], Iterable[Act]]) -> None:
        """Until nothing is left to deliver or to do: whatever chance picks next of what may come next."""
        while True:
            ready = [act for act in acts(self) if act.name not in self.done]
            messages = list(self._deliverable())
            if not ready and not messages:
                return
            chosen = self.random.randrange(len(ready) + len(messages))
            if chosen < len(ready):
                self.act(ready[chosen])
            else:
                self._deliver(*messages[chosen - len(ready)])

    def act(self, act: Act) -> list[Event]:
        """Do this now; AssertionError where it is refused, for what is ready must be possible."""
        self.done.add(act.name)
        made = self._execute(act.service, act.command, uuid5(ACTS, act.name), None)
        assert not isinstance(made, Refusal), (act.name, made)
        return made

    def wake(self, now: datetime) -> None:
        """Time has passed: wake every stream that wants it, until none does, delivering nothing meanwhile."""
        self.now = now
        while due := [key for key in self.states if (at := self._wake_at(key)) and at <= now]:
            for service, stream in due:
                version = len(self.streams[service, stream])
                self._execute(service, Wake(stream=stream), uuid5(stream, f"wake/{version}"), None)

    def events(self, kind: type[Event]) -> list[Any]:
        """Every event of this kind, stream by stream."""
        found = (message.data for stream in self.streams.values() for message in stream)
        return [event for event in found if isinstance(event, kind)]

    def rows_of(self, service: str, kind: type[Any]) -> list[Any]:
        """The rows of one table, in the order of their keys."""
        found = {key: row for (*table, key), row in self.rows.items() if table == [service, kind]}
        return [found[key] for key in sorted(found, key=str)]

    def end(self) -> dict[tuple[str, UUID], Any]:
        """The state of every stream, to compare one order with another."""
        return {key: state for key, (_, state) in self.states.items()}

    def _deliverable(self) -> Iterator[tuple[str, str, Recorded[Any]]]:
        """The next message of each stream, for each service that reads its topic."""
        for (service, source), messages in self.waiting.items():
            first = dict.fromkeys(message.stream_id for message in messages)
            for stream in first:
                yield service, source, next(m for m in messages if m.stream_id == stream)

    def _deliver(self, service: str, source: str, message: Recorded[Any]) -> None:
        waiting = self.waiting[service, source]
        if self.random.random() > 0.2:  # else it stays and comes again
            waiting.remove(message)
        last = self.seen.get((service, source, message.stream_id), 0)
        if message.version <= last:
            return
        assert message.version == last + 1
        self.seen[service, source, message.stream_id] = message.version
        if source != service:
            self._project(service, source, message)
        self._react(service, source, message)

    def _react(self, service: str, source: str, message: Recorded[Any]) -> None:
        reactions = self.services[service].reactions_to(source)
        commands = reactions.react(message, self._facts(service, reactions.needs(message)))
        for n, command in enumerate(commands):
            for _ in range(2 if self.doubled else 1):
                made = self._execute(service, command, uuid5(message.id, f"{service}:{n}"), message)
                if isinstance(made, Refusal):
                    self.refused.append((command, made))

    def _execute(
        self, service: str, command: Command, id_: UUID, cause: Recorded[Any] | None
    ) -> list[Event] | Refusal:
        command = self._bound(service, command)
        stream = command.stream_id
        aggregate, state = self._state(service, command)
        decision = aggregate.decide(state, command, self._facts(service, command.needs()), self.now)
        if isinstance(decision, Refusal):
            return decision
        for n, event in enumerate(decision, 1):
            state = self._append(service, stream, state, aggregate, event, uuid5(id_, str(n)), command, cause)
        return list(decision)

    def _state(self, service: str, command: Command) -> tuple[Aggregate, Any]:
        if isinstance(command, Wake):
            return self.states[service, command.stream_id]
        aggregate = self.services[service].aggregate_for(command)
        return self.states.get((service, command.stream_id), (aggregate, aggregate.initial))

    def _append(
        self,
        service: str,
        stream: UUID,
        state: Any,
        aggregate: Aggregate,
        event: Event,
        id_: UUID,
        command: Command,
        cause: Recorded[Any] | None,
    ) -> Any:
        history = self.streams.setdefault((service, stream), [])
        type_ = wire_type(type(event), service)
        contract = self.services[service].types[type_]  # KeyError: the contract's union misses it
        message = Recorded(
            id=id_,
            type=type_,
            source=service,
            stream_id=stream,
            version=len(history) + 1,
            sponsor_id=SPONSOR,
            trial_id=history[0].trial_id if history else command.trial_id,
            time=self.now,
            data=contract.model_validate_json(event.model_dump_json()),
            actor=Actor(service, "service") if cause else Actor("tester", "developer"),
            correlation_id=history[0].correlation_id if history else (cause.correlation_id if cause else id_),
            causation_id=cause.id if cause else None,
        )
        history.append(message)
        state = aggregate.evolve(state, message.data)
        self.states[service, stream] = aggregate, state
        self._project(service, service, message)
        for name, reader in self.services.items():
            if service in reader.sources:
                self.waiting.setdefault((name, service), []).append(message)
        return state

    def _project(self, service: str, source: str, message: Recorded[Any]) -> None:
        for projection, key in self.services[service].projections_of(source).touched(message):
            place = (service, projection.row, tuple(key))
            row = projection.fold(self.rows.pop(place, None), message, tuple(key))
            if row is not None:
                self.rows[place] = row

    def _facts(self, service: str, needs: Sequence[Need]) -> Facts:
        found = (self.rows.get((service, need.row, need.key)) for need in needs)
        return Facts(*(row for row in found if row is not None))

    def _bound(self, service: str, command: Command) -> Command:
        """The command for the stream that its external ids name; a name met first gets an id for good."""
        names = [(service, name.system, name.value) for name in command.external_ids()]
        if not names:
            return command
        known = next((self.names[name] for name in names if name in self.names), None)
        stream = known or command.trial_id or uuid5(ACTS, str(names[0]))
        self.names |= dict.fromkeys(names, stream)
        return command.bound_to(stream)

    def _wake_at(self, key: tuple[str, UUID]) -> datetime | None:
        aggregate, state = self.states[key]
        return aggregate.wake_at(state) if aggregate.wake_at else None
