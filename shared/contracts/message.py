"""What moves between services: events, commands, the envelope of a recorded event, refusals, guard facts."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A part of a message: frozen, tolerant of fields that a newer sender added."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Event(Value):
    """A fact, named in the past tense. `type` is its CloudEvents type and is not repeated in the data.

    The place-holder `{service}` in a type stands for the service whose topic carries it.
    """

    type: ClassVar[str]


class Identifier(Value):
    """A name that another system gives to one of our things: system `nct`, value `NCT01234567`."""

    system: str
    value: str


class GuardRow(Protocol):
    """A typed row that decisions read: a dataclass with its table and the fields of its primary key."""

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]


@dataclass(frozen=True)
class Need:
    """The guard row that a decision reads, by primary key; nobody changes it until the decision commits.

    `alone`: one decision at a time. The row is a limit that the decision counts towards, or its change (a
    hold) must get its turn among those who go on reading it.
    """

    row: type[Any]
    key: tuple[Any, ...]
    alone: bool = False


R = TypeVar("R")


class Facts:
    """The guard rows that a command or a reaction named, as they stand in the deciding transaction.

    `actor` is who gives the command, for rules that want two persons.
    """

    def __init__(self, *rows: Any, actor: "Actor | None" = None) -> None:
        self.actor = actor
        self._rows: dict[tuple[type, tuple[Any, ...]], Any] = {
            (type(row), tuple(getattr(row, name) for name in type(row).key)): row for row in rows
        }

    def get(self, row: type[R], *key: Any) -> R | None:
        """The row of this table with this primary key, or None where there is none."""
        return cast("R | None", self._rows.get((row, key)))

    @property
    def by_service(self) -> bool:
        """Whether a reaction or a clock gives the command: of persons and machines none has this role."""
        return self.actor is not None and self.actor.role == "service"


class Command(BaseModel):
    """A wish (a request, which may be refused) or a report of what has happened (which is always stored)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    type: ClassVar[str]
    report: ClassVar[bool] = False
    internal: ClassVar[bool] = False  # made by reactions and clocks alone: no route, not taken from the topic
    trial_id: UUID | None = None

    @property
    def stream_id(self) -> UUID:
        """The stream that the command is about; ValueError while only its external ids name it."""
        raise NotImplementedError

    def needs(self) -> tuple[Need, ...]:
        """The guard rows that its decision reads."""
        return ()

    def external_ids(self) -> tuple[Identifier, ...]:
        """Names by which the stream is found; where one is known, `bound_to` gets the id behind it."""
        return ()

    def bound_to(self, stream_id: UUID) -> "Command":
        """The same command for the stream that its external ids name."""
        raise NotImplementedError

    def at_site(self) -> UUID | None:
        """The site whose own the stream is that the command begins."""
        site: UUID | None = getattr(self, "site_id", None)
        return site

    def also_trials(self) -> tuple[UUID, ...]:
        """The trials that it concerns where they may be several."""
        return ()

    def effective_day(self) -> date | None:
        """The local date from which a correction's data hold (domain 0.14); its events' envelope has it."""
        return None

    def sponsor_name(self) -> str | None:
        """The sponsor, by name, of the stream that the command begins."""
        return None


class Signed(Command):
    """A signed act: the signer states its meaning (21 CFR 11.50); name and time come from the identity."""

    meaning: str


class Wake(Command):
    """Time has passed: the aggregate looks at what its own dates make of that."""

    type: ClassVar[str] = "{service}.wake.v1"
    report: ClassVar[bool] = True
    stream: UUID

    @property
    def stream_id(self) -> UUID:
        return self.stream


@dataclass(frozen=True)
class Refusal:
    """Why a request is not granted: the rule that refused it, in words for a person, and the state it met."""

    rule: str
    detail: str
    state: str | None = None
    field: str | None = None


class CommandRefused(Event):
    """A command from a topic or a reaction was refused; version 1 of a stream whose id is the command's."""

    type: ClassVar[str] = "{service}.command.refused.v1"
    command_id: UUID
    command_type: str
    rule: str
    detail: str
    state: str | None = None
    field: str | None = None


_ACTOR = re.compile(r"(?=.{3,200}$)[\x21-\x39\x3b-\x7e]+:[\x21-\x7e]+")


@dataclass(frozen=True)
class Actor:
    """Who acts: an opaque id and a role of the trade; `service` is the role of a reaction or a clock."""

    id: str
    role: str

    def __str__(self) -> str:
        return f"{self.role}:{self.id}"

    @classmethod
    @lru_cache(maxsize=10_000)  # the same few act again and again
    def parse(cls, text: str) -> "Actor":
        """Read `role:id`; raise ValueError where a part is missing, or is no name."""
        if not _ACTOR.fullmatch(text):
            raise ValueError("an actor is written role:id, in at most 200 printable characters")
        role, _, name = text.partition(":")
        return cls(name, role)


@dataclass(frozen=True)
class Signature:
    """Name, meaning and UTC time of a signed act (21 CFR 11.50); the hash chain binds it to the event.

    `proved_at` is when the signer last proved who they are (11.200), `sha256` that of the body (11.70).
    """

    name: str
    meaning: str
    at: datetime
    proved_at: datetime
    sha256: str


E = TypeVar("E", bound=Event)


@dataclass(slots=True)
class Recorded(Generic[E]):
    """An event with its envelope. `time` is business time (UTC), `version` counts from 1 in its stream.

    Nobody changes one; it is not frozen because the making of frozen ones was a tenth of a consumer's time.
    """

    id: UUID
    type: str
    source: str
    stream_id: UUID
    version: int
    sponsor_id: UUID
    trial_id: UUID | None
    time: datetime
    data: E
    actor: Actor
    correlation_id: UUID
    causation_id: UUID | None = None
    effective_on: date | None = None
    reason: str | None = None
    simulated: bool = False
    traceparent: str | None = field(default=None, compare=False)


def types_of(union: Any, service: str) -> Mapping[str, type[Event]]:
    """The event classes of a contract's union by their CloudEvents type on this service's topics."""
    members: Iterable[type[Event]] = get_args(union) or (union,)
    return {wire_type(member, service): member for member in members}


def wire_type(message: type[Event] | type[Command], service: str) -> str:
    """The CloudEvents type of an event or command class as this service writes it."""
    return message.type.replace("{service}", service)
