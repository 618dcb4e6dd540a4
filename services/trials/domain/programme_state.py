"""What decisions need of a programme, and how its events change that."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from shared.contracts.trials.programme import (
    PreclinicalMilestoneCompleted,
    ProgrammeAuthorisationRecorded,
    ProgrammeBegun,
    ProgrammeEvent,
    ProgrammePhase,
    ProgrammePhaseChanged,
    ProgrammeTrialAdded,
)


@dataclass(frozen=True)
class Programme:
    """`decided_on` is the day of the last decision on the phase; `trials` stand under the programme.

    `adopted` are the events that a takeover told.
    """

    begun: ProgrammeBegun | None = None
    phase: ProgrammePhase = "preclinical"
    decided_on: date = date.min
    milestones: Mapping[UUID, PreclinicalMilestoneCompleted] = field(default_factory=dict)
    authorisations: Mapping[UUID, ProgrammeAuthorisationRecorded] = field(default_factory=dict)
    trials: tuple[UUID, ...] = ()
    adopted: tuple[ProgrammeEvent, ...] = ()


def evolve(programme: Programme, event: ProgrammeEvent) -> Programme:
    """The state after an event."""
    after = _evolved(programme, event)
    taken_over = getattr(event, "adopted_from", None)
    return replace(after, adopted=(*after.adopted, event)) if taken_over else after


def _evolved(programme: Programme, event: ProgrammeEvent) -> Programme:
    match event:
        case ProgrammeBegun():
            return replace(programme, begun=event)
        case ProgrammeAuthorisationRecorded(authorisation_id=id_):
            return replace(programme, authorisations=dict(programme.authorisations) | {id_: event})
        case PreclinicalMilestoneCompleted(milestone_id=id_):
            return replace(programme, milestones=dict(programme.milestones) | {id_: event})
        case ProgrammePhaseChanged(after=phase, decided_on=day):
            return replace(programme, phase=phase, decided_on=day)
        case ProgrammeTrialAdded(trial_id=trial_id):
            return replace(programme, trials=(*programme.trials, trial_id))
        case _:
            assert_never(event)
