"""A trial in a country: the guard of its sites, and the row behind the page."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.country import (
    CountryEvent,
    CountryInformationAnswered,
    CountryInformationRequested,
    CountryLapseAnnulled,
    CountryMilestoneAchieved,
    CountryPlanned,
)
from shared.contracts.trials.hold import Effect

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CountryGuard:
    """Whether the trial in a country is halted, since when and what that stops, or is closed there."""

    table: ClassVar[str] = "country_guard"
    key: ClassVar[tuple[str, ...]] = ("country_id",)
    country_id: UUID
    halted_on: date | None = None
    halt: int | None = None
    effects: tuple[Effect, ...] = ()
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that waits for an answer."""

    asked_on: date
    due_on: date


@dataclass(frozen=True, slots=True)
class CountryRow:
    """A trial in a country: status, days planned and days achieved, questions that wait, rules broken."""

    table: ClassVar[str] = "country"
    key: ClassVar[tuple[str, ...]] = ("country_id",)
    country_id: UUID
    trial_id: UUID | None = None
    country: str | None = None
    zone: str | None = None
    status: str | None = None
    planned: dict[str, date] = field(default_factory=dict)
    achieved: dict[str, date] = field(default_factory=dict)
    questions: dict[str, Asked] = field(default_factory=dict)
    due_on: date | None = None
    document_ref: str | None = None
    breaks: tuple[str, ...] = ()
    changed_at: datetime | None = None


def country_keys(message: Recorded[CountryEvent]) -> tuple[Key, ...]:
    return ((message.data.country_id,),)


def fold_country_guard(row: CountryGuard | None, message: Recorded[Any], key: Key) -> CountryGuard:
    guard = row or CountryGuard(key[0])
    match message.data:
        case CountryMilestoneAchieved(milestone="halted", halted_on=day, halt=halt, effects=effects):
            return replace(guard, halted_on=day, halt=halt, effects=effects)
        case CountryMilestoneAchieved(milestone="open", halted_on=day) if day:
            return replace(guard, halted_on=None, halt=None, effects=())
        case CountryMilestoneAchieved(after="closed", actual=day):
            return replace(guard, closed_on=day)
        case _:
            return guard


def fold_country(row: CountryRow | None, message: Recorded[Any], key: Key) -> CountryRow:
    """The country after an event of its stream."""
    event = message.data
    known = row or CountryRow(key[0], event.trial_id, event.country)
    known = replace(known, changed_at=message.time)
    match event:
        case CountryPlanned(zone=zone, planned=planned):
            status = known.status or "planned"
            return replace(
                known, zone=zone, status=status, planned={str(step): day for step, day in planned.items()}
            )
        case CountryMilestoneAchieved() if event.after == event.before:
            return _broken(known, event.breaks)
        case CountryMilestoneAchieved() as step:
            clock = step.milestone == "lapsed" and step.inferred  # its questions may stand again
            waiting = known.questions if clock else {}
            told = _broken(replace(known, status=step.after, questions=waiting, due_on=None), step.breaks)
            achieved = known.achieved | {step.milestone: step.actual}
            return replace(told, achieved=achieved, document_ref=step.document_ref or told.document_ref)
        case CountryInformationRequested(breaks=breaks) if breaks:
            return _broken(known, breaks)
        case CountryInformationRequested() as asked:
            status = "submitted" if known.status == "submitted" else "rfi_open"
            waiting = known.questions | {str(asked.request_id): Asked(asked.asked_on, asked.due_on)}
            return _waiting(replace(known, status=status), waiting)
        case CountryInformationAnswered(request_id=id_):
            left = {name: asked for name, asked in known.questions.items() if name != str(id_)}
            over = known.status == "rfi_open" and not left
            return _waiting(replace(known, status="under_assessment" if over else known.status), left)
        case CountryLapseAnnulled(after=status):
            achieved = {name: day for name, day in known.achieved.items() if name != "lapsed"}
            return _waiting(replace(known, status=status, achieved=achieved), known.questions)
        case _:
            return known


def _waiting(row: CountryRow, questions: dict[str, Asked]) -> CountryRow:
    days = () if row.status == "lapsed" else (asked.due_on for asked in questions.values())
    due = min(days, default=None)
    return replace(row, questions=questions, due_on=due)


def _broken(row: CountryRow, breaks: tuple[str, ...]) -> CountryRow:
    return replace(row, breaks=tuple(dict.fromkeys((*row.breaks, *breaks))))
