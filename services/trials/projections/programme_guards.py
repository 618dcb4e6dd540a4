"""Guard rows of programmes: whose each is, and how far the programme above a trial has come."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.programme import (
    AuthorisationKind,
    MilestoneKind,
    PreclinicalMilestoneCompleted,
    ProgrammeAuthorisationRecorded,
    ProgrammeBegun,
    ProgrammePhase,
    ProgrammePhaseChanged,
    ProgrammeTrialAdded,
)
from shared.contracts.trials.trial import TrialPlanRecorded, TrialRegistered

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ProgrammeGuard:
    """A programme that exists, and its sponsor by name."""

    table: ClassVar[str] = "programme_guard"
    key: ClassVar[tuple[str, ...]] = ("programme_id",)
    programme_id: UUID
    sponsor_name: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """Preclinical work and the day on which it was completed."""

    kind: MilestoneKind
    completed_on: date


@dataclass(frozen=True, slots=True)
class Term:
    """An authorisation and the days on which it holds: `withdrawn_on` is the first on which it does not.

    `covers` are the trials under it, where anybody named them.
    """

    kind: AuthorisationKind
    in_effect_on: date
    withdrawn_on: date | None = None
    country: str | None = None
    covers: tuple[UUID, ...] = ()

    def holds(self, on: date) -> bool:
        """Whether it is in force on that day."""
        return self.in_effect_on <= on and (self.withdrawn_on is None or on < self.withdrawn_on)


@dataclass(frozen=True, slots=True)
class ProgrammeStanding:
    """A trial under a programme: its phases by plan, and what the programme has reached.

    A trial outside every programme has no row. `phase` is None until the programme knows the trial.
    """

    table: ClassVar[str] = "programme_standing"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    programme_id: UUID | None = None
    phases: tuple[str, ...] = ()
    phase: ProgrammePhase | None = None
    milestones: dict[str, Work] = field(default_factory=dict)
    authorisations: dict[str, Term] = field(default_factory=dict)

    def withdrawn_on(self, country: str) -> date | None:
        """The first day on which nothing lets the trial run in a country any more; None while something does.

        A marketing authorisation lets no trial run. One that came into effect only later left a gap.
        """
        terms = [
            term
            for term in self.authorisations.values()
            if term.country == country and term.kind != "marketing_authorisation"
            if not term.covers or self.trial_id in term.covers
        ]
        ended = max((term.withdrawn_on for term in terms if term.withdrawn_on), default=None)
        if ended and any(term.withdrawn_on is None and term.in_effect_on <= ended for term in terms):
            return None
        return ended


def programme_guard_keys(message: Recorded[ProgrammeBegun]) -> tuple[Key, ...]:
    return ((message.data.programme_id,),)


def fold_programme_guard(row: ProgrammeGuard | None, message: Recorded[Any], key: Key) -> ProgrammeGuard:
    return ProgrammeGuard(key[0], message.data.sponsor_name)


OfStanding = (
    TrialRegistered
    | TrialPlanRecorded
    | ProgrammeTrialAdded
    | ProgrammeAuthorisationRecorded
    | PreclinicalMilestoneCompleted
    | ProgrammePhaseChanged
)


def programme_standing_keys(message: Recorded[OfStanding]) -> tuple[Key, ...]:
    match message.data:
        case TrialRegistered() | TrialPlanRecorded() as event:
            return ((event.trial_id,),) if event.programme_id else ()
        case ProgrammeTrialAdded(trial_id=trial_id):
            return ((trial_id,),)
        case event:
            return tuple((trial_id,) for trial_id in event.trial_ids)


def fold_programme_standing(
    row: ProgrammeStanding | None, message: Recorded[Any], key: Key
) -> ProgrammeStanding:
    standing = row or ProgrammeStanding(key[0])
    match message.data:
        case TrialRegistered() | TrialPlanRecorded() as event:
            return replace(standing, programme_id=event.programme_id, phases=event.phases)
        case ProgrammeTrialAdded() as event:
            done = {str(m.milestone_id): Work(m.kind, m.completed_on) for m in event.milestones}
            terms = {
                str(a.authorisation_id): Term(a.kind, a.in_effect_on, a.withdrawn_on, a.country, a.covers)
                for a in event.authorisations
            }
            return replace(standing, phase=event.phase, milestones=done, authorisations=terms)
        case ProgrammePhaseChanged(after=phase):
            return replace(standing, phase=phase)
        case PreclinicalMilestoneCompleted() as event:
            work = Work(event.kind, event.completed_on)
            return replace(standing, milestones=standing.milestones | {str(event.milestone_id): work})
        case ProgrammeAuthorisationRecorded() as event:
            term = Term(event.kind, event.in_effect_on, event.withdrawn_on, event.country, event.covers)
            known = standing.authorisations | {str(event.authorisation_id): term}
            return replace(standing, authorisations=known)
        case _:
            return standing
