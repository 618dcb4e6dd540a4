"""What decisions need of a trial in a country, and how its events change that."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from services.trials.rules.country import TRANSITIONS, UNSAID
from services.trials.rules.holds import HOLDS
from shared.contracts.trials.country import (
    CountryEvent,
    CountryInformationAnswered,
    CountryInformationRequested,
    CountryLapseAnnulled,
    CountryMilestoneAchieved,
    CountryPlanned,
    CountryStatus,
    PlannedMilestone,
)
from shared.contracts.trials.hold import Effect


@dataclass(frozen=True)
class Question:
    """A question of the authority: the day it was asked, and the last one for the answer."""

    asked_on: date
    due_on: date


@dataclass(frozen=True)
class Lapse:
    """A lapse that the clock inferred: its day, and status and last day before it."""

    lapsed_on: date
    before: CountryStatus
    last_on: date


@dataclass(frozen=True)
class Country:
    """`last_on` is the day of the last step. `questions` wait for an answer, `heard` are reports as told.

    `lapse` may still prove wrong; its questions are kept. `halted_on` is the first day of a halt that stands,
    also where the report of it did not fit; `stops` is what it stops, `said_on` the day of its latest letter;
    `halts` counts them.
    """

    status: CountryStatus | None = None
    plan: CountryPlanned | None = None
    last_on: date = date.min
    questions: Mapping[UUID, Question] = field(default_factory=dict)
    answered: frozenset[UUID] = frozenset()
    lapse: Lapse | None = None
    halted_on: date | None = None
    stops: frozenset[Effect] = frozenset()
    said_on: date = date.min
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
        case CountryLapseAnnulled(after=status):
            last_on = country.lapse.last_on if country.lapse else country.last_on
            return replace(country, status=status, last_on=last_on, lapse=None)
        case _:
            assert_never(event)


def _reached(country: Country, event: CountryMilestoneAchieved) -> Country:
    told = {report(event.milestone, event.actual, at, event.effects) for at in (country.status, event.after)}
    known = _halted(replace(country, heard=country.heard | told), event)
    if event.milestone == "lapsed" and event.inferred and event.before:
        lapse = Lapse(event.actual, event.before, country.last_on)
        return replace(known, status="lapsed", last_on=event.actual, lapse=lapse)
    if event.after == event.before:
        return known
    # Whatever the authority decided, it waits for no answer any more.
    return replace(known, status=event.after, last_on=event.actual, questions={})


def _halted(country: Country, event: CountryMilestoneAchieved) -> Country:
    if event.milestone == "halted":
        said_on = max(event.actual, country.said_on) if country.halted_on else event.actual
        halted = replace(country, halted_on=event.halted_on, stops=stopped(event.effects), said_on=said_on)
        return replace(halted, halts=event.halt or country.halts)
    ends = event.milestone == "open" and event.halted_on is not None
    return replace(country, halted_on=None) if ends else country


def report(
    milestone: CountryStatus, actual: date, status: CountryStatus | None, effects: tuple[Effect, ...]
) -> object:
    """What makes a report the same as one heard before, in the same status."""
    return (milestone, actual, status, frozenset(effects))


def stopped(effects: tuple[Effect, ...]) -> frozenset[Effect]:
    """What a halt stops: what its letter says, else what a hold of its source does."""
    return frozenset(effects or HOLDS["ha_suspension"].effects)


PLANNED: Mapping[str, PlannedMilestone] = {
    "submit_on": "submitted",
    "authorise_on": "authorised",
    "open_on": "open",
    "close_on": "closed",
}
