"""What takes events: projections and reactions, each of the classes that it is annotated with."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from shared.contracts.message import Command, Event, Facts, Need, Recorded

Key = tuple[Any, ...]
_NOTHING = Facts()


def events_of(takes: Callable[..., Any]) -> tuple[type[Event], ...]:
    """The classes that its `message` is annotated with, `Recorded[A | B]`; all where it says none."""
    (events,) = get_args(get_type_hints(takes).get("message")) or (Any,)
    return (Event,) if events is Any or isinstance(events, TypeVar) else get_args(events) or (events,)


@dataclass(frozen=True, eq=False)
class Projection:
    """A table of typed rows, each the fold of the events that touch its primary key.

    `sources` are the services whose events it folds; `keys` answers with the primary keys an event touches.
    It is asked of the events alone that its `message` is annotated with.
    """

    row: type[Any]
    keys: Callable[[Recorded[Any]], Sequence[Key]]
    fold: Callable[[Any, Recorded[Any], Key], Any]
    sources: tuple[str, ...]

    @property
    def table(self) -> str:
        return str(self.row.table)

    @cached_property
    def events(self) -> tuple[type[Event], ...]:
        return events_of(self.keys)


@dataclass(frozen=True, eq=False)
class Reaction:
    """What events of one source make this service do; pure, with the guard rows that it names.

    It is asked of the events alone that the `message` of `react` is annotated with.
    """

    source: str
    react: Callable[[Any, Facts], Sequence[Command]]
    needs: Callable[[Any], tuple[Need, ...]] = lambda message: ()

    @cached_property
    def events(self) -> tuple[type[Event], ...]:
        return events_of(self.react)


Taker = TypeVar("Taker", Projection, Reaction)


class Takers(Generic[Taker]):
    """Projections or reactions by the events that they take: most events concern few of them, or none."""

    def __init__(self, each: Iterable[Taker]) -> None:
        self.each: tuple[Taker, ...] = tuple(each)
        self._of: dict[type[Event], tuple[Taker, ...]] = {}

    def of(self, event: type[Event]) -> tuple[Taker, ...]:
        """Those that take events of this class."""
        if event not in self._of:
            self._of[event] = tuple(one for one in self.each if issubclass(event, one.events))
        return self._of[event]


class Projections(Takers[Projection]):
    """The projections of events of one source."""

    def touched(self, message: Recorded[Any]) -> Iterator[tuple[Projection, Key]]:
        """Each row that the event touches."""
        return ((one, key) for one in self.of(type(message.data)) for key in one.keys(message))


class Reactions(Takers[Reaction]):
    """The reactions to events of one source, which act as one."""

    def needs(self, message: Recorded[Any]) -> tuple[Need, ...]:
        """The rows that any of them reads."""
        asked = self.of(type(message.data))
        return tuple(dict.fromkeys(need for one in asked for need in one.needs(message)))

    def react(self, message: Recorded[Any], facts: Facts) -> list[Command]:
        """The commands that the event leads to."""
        return [command for one in self.of(type(message.data)) for command in one.react(message, facts)]

    def acts_on(self, message: Recorded[Any]) -> tuple[Need, ...] | None:
        """The rows that the commands need; None where there are none, which without needs is final."""
        needs = self.needs(message)
        return needs if needs or self.react(message, _NOTHING) else None
