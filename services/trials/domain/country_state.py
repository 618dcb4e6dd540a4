"""What decisions need of a trial in a country, and how its events change that."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from services.trials.rules.country import TRANSITIONS, UNSAID
from shared.contracts.trials.country import (
    CountryEvent,
    CountryInformationAnswered,
    CountryInformationRequested,
    CountryMilestoneAchieved,
    CountryPlanned,
    CountryStatus,
    PlannedMilestone,
)


@dataclass(frozen=True)
class Question:
    """A question of the authority: the day it was asked, and the last one for the answer."""

    asked_on: date
    due_on: date


@dataclass(frozen=True)
class Country:
    """`last_on` is the day of the last step. `questions` wait for an answer, `heard` are reports as told.

    `halted_on` is the first day of a halt that stands, also where the report of it did not fit; `halts`
    counts them.
    """

    status: CountryStatus | None = None
    plan: CountryPlanned | None = None
    last_on: date = date.min
    questions: Mapping[UUID, Question] = field(default_factory=dict)
    answered: frozenset[UUID] = frozenset()
    halted_on: date | None = None
    halts: int = 0
    heard: frozenset[object] = frozenset()

    @property
    def zone(self) -> str:
        return self.plan.zone if self.plan else "UTC"

    def planned(self, milestone: str) -> date | None:
        """The day by which the step was planned."""
        step = "authorised" if milestone == "authorised_with_conditions" else milestone
        days = self.plan.planned.items() if self.plan else ()
        return next((day for name, day in days if name == step), None)


def way(before: CountryStatus | None, after: CountryStatus) -> tuple[CountryStatus, ...]:
    """The shortest way that an authority's word can mean, without the first; empty where there is none."""
    ways: deque[tuple[CountryStatus, ...]] = deque([(before,)] if before else [])
    while ways:
        so_far = ways.popleft()
        for following in TRANSITIONS.get(so_far[-1], ()):
            if following == after:
                return (*so_far[1:], following)
            if following in UNSAID and following not in so_far:
                ways.append((*so_far, following))
    return ()


def evolve(country: Country, event: CountryEvent) -> Country:
    """The state after an event."""
    match event:
        case CountryPlanned():
            return replace(country, plan=event, status=country.status or "planned")
        case CountryMilestoneAchieved():
            return _reached(country, event)
        case CountryInformationRequested(request_id=id_) if event.breaks:
            return replace(country, heard=country.heard | {(id_, event.due_on, country.status)})
        case CountryInformationRequested(request_id=id_):
            asked = dict(country.questions) | {id_: Question(event.asked_on, event.due_on)}
            stays = replace(country, questions=asked, last_on=event.asked_on)
            return stays if country.status == "submitted" else replace(stays, status="rfi_open")
        case CountryInformationAnswered(request_id=id_, answered_on=day):
            left = {key: question for key, question in country.questions.items() if key != id_}
            known = replace(country, answered=country.answered | {id_}, last_on=day, questions=left)
            over = country.status == "rfi_open" and not left
            return replace(known, status="under_assessment") if over else known
        case _:
            assert_never(event)


def _reached(country: Country, event: CountryMilestoneAchieved) -> Country:
    heard = country.heard | {report(event.milestone, event.actual, country.status)}
    known = replace(country, heard=heard, halted_on=_halt(country, event), halts=event.halt or country.halts)
    if event.after == event.before:
        return known
    # Whatever the authority decided, it waits for no answer any more.
    return replace(known, status=event.after, last_on=event.actual, questions={})


def _halt(country: Country, event: CountryMilestoneAchieved) -> date | None:
    if event.milestone == "halted":
        return event.halted_on
    ends = event.milestone == "open" and event.halted_on is not None
    return None if ends else country.halted_on


def report(milestone: CountryStatus, actual: date, status: CountryStatus | None) -> object:
    """What makes a report the same as one heard before, in the same status."""
    return (milestone, actual, status)


PLANNED: Mapping[str, PlannedMilestone] = {
    "submit_on": "submitted",
    "authorise_on": "authorised",
    "open_on": "open",
    "close_on": "closed",
}
