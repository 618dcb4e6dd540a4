"""The trials service in memory: its deciders, guard rows and reactions, without broker or database."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from services.trials.commands.site import SelectSite
from services.trials.handlers import SERVICE
from shared.contracts.message import Actor, Command, Event, Facts, Need, Recorded, Refusal, Wake
from shared.runtime.service import Aggregate

TRIAL, SITE, SUBJECT = (UUID(int=n) for n in (1, 2, 3))
NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
PERSON, REACTION = Actor("r-01", "regulatory_affairs"), Actor("trials", "service")

OWN = SERVICE.projections_of("trials")
TO_OWN, TO_REGULATORY = SERVICE.reactions_to("trials"), SERVICE.reactions_to("regulatory")


def of(command: Command) -> Aggregate:
    """The aggregate that decides the command."""
    return next(known for known in SERVICE.aggregates if isinstance(command, known.commands))


def selected(site_id: UUID, zone: str, country: str) -> SelectSite:
    """A site is chosen that nobody has qualified, for a stated reason."""
    return SelectSite(
        trial_id=TRIAL, site_id=site_id, zone=zone, country=country, qualification_waived="known_site"
    )


def recorded(event: Event, stream: UUID, version: int = 1, source: str = "trials") -> Recorded[Any]:
    return Recorded(
        id=uuid5(stream, f"{version}"),
        type=type(event).type,
        source=f"/trialwire/{source}",
        stream_id=stream,
        version=version,
        sponsor_id=UUID(int=9),
        trial_id=getattr(event, "trial_id", None),
        time=NOW,
        data=event,
        actor=Actor("test", "tester"),
        correlation_id=UUID(int=8),
    )


@dataclass
class World:
    """Streams, guards and what was recorded; `do` runs a command and the reactions that follow from it."""

    now: datetime = NOW
    actor: Actor = PERSON
    streams: dict[UUID, list[Event]] = field(default_factory=dict)
    states: dict[UUID, tuple[Aggregate, Any]] = field(default_factory=dict)
    guards: dict[tuple[type[Any], tuple[Any, ...]], Any] = field(default_factory=dict)
    told: list[Recorded[Any]] = field(default_factory=list)

    def facts(self, needs: tuple[Need, ...]) -> Facts:
        found = [self.guards.get((need.row, need.key)) for need in needs]
        return Facts(*(row for row in found if row is not None))

    def decide(self, command: Command) -> list[Event] | Refusal:
        known = of(command)
        _, state = self.states.get(command.stream_id, (known, known.initial))
        facts = self.facts(command.needs())
        facts.actor = self.actor
        decision = known.decide(state, command, facts, self.now)
        return decision if isinstance(decision, Refusal) else [*decision]

    def do(self, command: Command, by: Actor | None = None) -> list[Event] | Refusal:
        """Decide as `by` or `actor`, record, and let own reactions follow until nothing more happens."""
        usual, self.actor = self.actor, by or self.actor
        decision = self.decide(command)
        self.actor = usual
        if isinstance(decision, Refusal):
            return decision
        messages = [self._record(of(command), command.stream_id, event) for event in decision]
        for message in messages:
            for reaction in TO_OWN.react(message, self.facts(TO_OWN.needs(message))):
                self.do(reaction, REACTION)
        return decision

    def wake(self, stream: UUID) -> None:
        """The clock of a stream strikes, and reactions follow."""
        known, state = self.states[stream]
        decision = known.decide(state, Wake(stream=stream), Facts(), self.now)
        assert not isinstance(decision, Refusal)
        for event in decision:
            message = self._record(known, stream, event)
            for reaction in TO_OWN.react(message, self.facts(TO_OWN.needs(message))):
                self.do(reaction, REACTION)

    def hear(self, event: Event, stream: UUID) -> None:
        """An event of regulatory arrives."""
        message = recorded(event, stream, len(self.told) + 1, "regulatory")
        for reaction in TO_REGULATORY.react(message, self.facts(TO_REGULATORY.needs(message))):
            self.do(reaction, REACTION)

    def _record(self, known: Aggregate, stream: UUID, event: Event) -> Recorded[Any]:
        self.streams.setdefault(stream, []).append(event)
        _, state = self.states.get(stream, (known, known.initial))
        self.states[stream] = (known, known.evolve(state, event))
        message = replace(recorded(event, stream, len(self.streams[stream])), time=self.now)
        self.told.append(message)
        for one, key in OWN.touched(message):
            self.guards[one.row, key] = one.fold(self.guards.get((one.row, key)), message, key)
        return message

    def events(self, kind: type[Event]) -> list[Any]:
        return [message.data for message in self.told if isinstance(message.data, kind)]

    def guard(self, row: type[Any], *key: Any) -> Any:
        return self.guards.get((row, key))

    def site(self, site_id: UUID = SITE) -> Any:
        return self.states[site_id][1]
