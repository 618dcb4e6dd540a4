"""Small services that the runtime's own tests run: `alpha` counts, `beta` follows it, `gamma` has secrets.

Each takes its name as an argument, so that a test can have topics that no other test writes to.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid5

from pydantic import Field
from uuid_utils.compat import uuid7

from shared.contracts.message import Command, Event, Facts, Need, Recorded, Refusal, Wake
from shared.runtime import clock
from shared.runtime.service import Aggregate, Service
from shared.runtime.takers import Projection, Reaction

MIGRATIONS = Path(__file__).parent / "probe_migrations"


class CountedUp(Event):
    """A tally grew."""

    type: ClassVar[str] = "{service}.tally.counted_up.v1"
    tally_id: UUID
    trial_id: UUID
    n: int
    note: str = ""


class TimedOut(Event):
    """A tally's time ran out."""

    type: ClassVar[str] = "{service}.tally.timed_out.v1"
    tally_id: UUID


class Noted(Event):
    """The follower saw a round number."""

    type: ClassVar[str] = "{service}.note.noted.v1"
    note_id: UUID
    n: int


class CodeBroken(Event):
    """Somebody was told which arm a tally is of."""

    type: ClassVar[str] = "{service}.code.broken.v1"
    code_id: UUID
    trial_id: UUID
    arm: str


AlphaEvent = CountedUp | TimedOut
GammaEvent = CountedUp | TimedOut | CodeBroken
BetaEvent = Noted


@dataclass(frozen=True, slots=True)
class TrialTotal:
    """What all tallies of a trial come to: a row that gathers many streams."""

    table: ClassVar[str] = "trial_total"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    total: int = 0
    tallies: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class TallyRow:
    """One tally as the follower sees it."""

    table: ClassVar[str] = "tally"
    key: ClassVar[tuple[str, ...]] = ("tally_id",)
    tally_id: UUID
    total: int
    last: int
    history: tuple[int, ...]
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A trial's codes; a row is restricted where it says an arm."""

    table: ClassVar[str] = "code"
    key: ClassVar[tuple[str, ...]] = ("code_id",)
    code_id: UUID
    trial_id: UUID | None = None
    arm: str | None = None
    restricted: bool | None = None


class BreakCode(Command):
    """Tell somebody which arm it is."""

    type: ClassVar[str] = "{service}.break_code.v1"
    code_id: UUID
    trial_id: UUID
    arm: str

    @property
    def stream_id(self) -> UUID:
        return self.code_id


class CountUp(Command):
    """Report a count."""

    type: ClassVar[str] = "{service}.count_up.v1"
    report: ClassVar[bool] = True
    tally_id: UUID = Field(default_factory=uuid7)
    trial_id: UUID | None = None
    n: int = Field(ge=0)
    note: str = ""
    sponsor: str | None = None

    @property
    def stream_id(self) -> UUID:
        return self.tally_id

    def sponsor_name(self) -> str | None:
        return self.sponsor


class Spend(Command):
    """Ask to take n away; refused below zero, and where the trial has counted more than its limit."""

    type: ClassVar[str] = "{service}.spend.v1"
    tally_id: UUID
    n: int

    @property
    def stream_id(self) -> UUID:
        return self.tally_id

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialTotal, (self.trial_id,), alone=True),)


class Note(Command):
    """Write down a round number."""

    type: ClassVar[str] = "{service}.note.v1"
    note_id: UUID
    n: int

    @property
    def stream_id(self) -> UUID:
        return self.note_id


@dataclass(frozen=True)
class Tally:
    total: int = 0
    last_at: datetime | None = None
    timed_out: bool = False


def decide(state: Tally, command: Any, facts: Facts, now: datetime) -> list[Any] | Refusal:
    match command:
        case CountUp(tally_id=tally_id, trial_id=trial_id, n=n, note=note):
            assert trial_id
            return [CountedUp(tally_id=tally_id, trial_id=trial_id, n=n, note=note)] if n else []
        case Spend(tally_id=tally_id, trial_id=trial_id, n=n):
            assert trial_id
            trial = facts.get(TrialTotal, trial_id)
            if trial is None or trial.total < n:
                return Refusal(
                    "not-enough", f"{n} is more than the trial has", state=str(state.total), field="n"
                )
            return [CountedUp(tally_id=tally_id, trial_id=trial_id, n=-n)]
        case Wake(stream=stream):
            return [] if state.timed_out else [TimedOut(tally_id=stream)]
    raise AssertionError(command)


def evolve(state: Tally, event: Any) -> Tally:
    match event:
        case CountedUp(n=n):
            return replace(state, total=state.total + n)
        case TimedOut():
            return replace(state, timed_out=True)
    return state


def decide_note(state: bool, command: Any, facts: Facts, now: datetime) -> list[Any] | Refusal:
    if command.n == 990:
        return Refusal("no-990", "this number is never noted")
    return [] if state else [Noted(note_id=command.note_id, n=command.n)]


def decide_code(state: bool, command: BreakCode, facts: Facts, now: datetime) -> list[Any]:
    return [] if state else [CodeBroken(**command.model_dump())]


def fold_code(row: CodeRow | None, message: Recorded[Any], key: tuple[Any, ...]) -> CodeRow | None:
    event = message.data
    return CodeRow(event.code_id, event.trial_id, event.arm, restricted=event.arm != "none")


def fold_total(row: TrialTotal | None, message: Recorded[Any], key: tuple[Any, ...]) -> TrialTotal | None:
    match message.data:
        case CountedUp(trial_id=trial_id, tally_id=tally_id, n=n):
            known = row or TrialTotal(trial_id)
            tallies = tuple(sorted({*known.tallies, tally_id}, key=str))
            return replace(known, total=known.total + n, tallies=tallies)
    return row


def fold_tally(row: TallyRow | None, message: Recorded[Any], key: tuple[Any, ...]) -> TallyRow | None:
    match message.data:
        case CountedUp(note="break"):
            raise RuntimeError("this projection cannot take the note `break`")
        case CountedUp(tally_id=tally_id, n=n):
            history = (*(row.history if row else ()), n)[-20:]
            return TallyRow(tally_id, (row.total if row else 0) + n, n, history, message.time)
    return row


def react_to_alpha(message: Recorded[Any], facts: Facts) -> list[Command]:
    match message.data:
        case CountedUp(tally_id=tally_id, n=n, trial_id=trial_id) if n % 10 == 0:
            return [Note(note_id=uuid5(tally_id, str(message.id)), n=n, trial_id=trial_id)]
    return []


def alpha(name: str = "alpha", wake_after: timedelta | None = None) -> Service:
    """The counting service; its tallies time out when `wake_after` is given."""

    def at(state: Tally) -> datetime | None:
        assert wake_after
        return None if state == Tally() or state.timed_out else clock.now() + wake_after

    return Service(
        name=name,
        contracts={name: AlphaEvent},
        aggregates=(
            Aggregate("tally", CountUp | Spend, Tally(), decide, evolve, at if wake_after else None),
        ),
        projections=(Projection(TrialTotal, trial_totals, fold_total, (name,)),),
        reactions=(),
        migrations=MIGRATIONS / "alpha",
    )


def beta(name: str = "beta", source: str = "alpha") -> Service:
    """The following service: a row a tally, a note for every round number."""
    return Service(
        name=name,
        contracts={source: AlphaEvent, name: BetaEvent},
        aggregates=(Aggregate("note", Note, False, decide_note, lambda state, event: True),),
        projections=(Projection(TallyRow, lambda m: ((m.data.tally_id,),), fold_tally, (source,)),),
        reactions=(Reaction(source, react_to_alpha),),
        migrations=MIGRATIONS / "beta",
    )


def gamma(name: str = "gamma") -> Service:
    """The service with secrets: tallies that all may see, and codes on a restricted topic."""
    return Service(
        name=name,
        contracts={name: GammaEvent},
        aggregates=(
            Aggregate("tally", CountUp, Tally(), decide, evolve),
            Aggregate("code", BreakCode, False, decide_code, lambda *_: True, topic=f"{name}.restricted"),
        ),
        projections=(Projection(CodeRow, codes, fold_code, (name,)),),
        reactions=(),
        migrations=MIGRATIONS / "gamma",
    )


def trial_totals(message: Recorded[Any]) -> tuple[tuple[UUID], ...]:
    return ((message.data.trial_id,),) if isinstance(message.data, CountedUp) else ()


def codes(message: Recorded[Any]) -> tuple[tuple[UUID], ...]:
    return ((message.data.code_id,),) if isinstance(message.data, CodeBroken) else ()
