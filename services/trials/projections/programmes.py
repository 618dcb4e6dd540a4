"""The row behind the page of a programme."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.programme import (
    AuthorisationKind,
    MilestoneKind,
    PhaseEvidence,
    PreclinicalMilestoneCompleted,
    ProgrammeAuthorisationRecorded,
    ProgrammeBegun,
    ProgrammeEvent,
    ProgrammePhase,
    ProgrammePhaseChanged,
    ProgrammeTrialAdded,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class AuthorisationView:
    """An authorisation as it stands, with the trials under it."""

    authorisation_id: UUID
    kind: AuthorisationKind
    number: str
    country: str
    in_effect_on: date
    withdrawn_on: date | None
    covers: tuple[UUID, ...]
    document_ref: str | None


@dataclass(frozen=True, slots=True)
class MilestoneView:
    """Preclinical work that is done."""

    milestone_id: UUID
    kind: MilestoneKind
    completed_on: date
    document_ref: str
    breaks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision on the development phase."""

    before: ProgrammePhase
    after: ProgrammePhase
    evidence: tuple[PhaseEvidence, ...]
    reason: str | None
    decided_on: date


@dataclass(frozen=True, slots=True)
class ProgrammeRow:
    """A programme: its phase with the decisions that led there, what authorities allow, preclinical work.

    A programme belongs to its sponsor, not to one trial: whoever reaches the sponsor sees it.
    """

    table: ClassVar[str] = "programme"
    key: ClassVar[tuple[str, ...]] = ("programme_id",)
    programme_id: UUID
    product: str | None = None
    comparators: tuple[str, ...] = ()
    indication: str | None = None
    sponsor_name: str | None = None
    phase: str = "preclinical"
    phase_since: date | None = None
    decisions: tuple[DecisionView, ...] = ()
    milestones: tuple[MilestoneView, ...] = ()
    authorisations: tuple[AuthorisationView, ...] = ()
    trials: int = 0
    changed_at: datetime | None = None


def programme_keys(message: Recorded[ProgrammeEvent]) -> tuple[Key, ...]:
    return ((message.data.programme_id,),)


def fold_programme(row: ProgrammeRow | None, message: Recorded[Any], key: Key) -> ProgrammeRow:
    """The programme after an event of its stream."""
    known = replace(row or ProgrammeRow(key[0]), changed_at=message.time)
    match message.data:
        case ProgrammeBegun() as event:
            return replace(known, **event.model_dump(exclude={"programme_id", "adopted_from"}))
        case ProgrammeAuthorisationRecorded() as event:
            view = AuthorisationView(
                **event.model_dump(exclude={"programme_id", "trial_ids", "adopted_from"})
            )
            others = (a for a in known.authorisations if a.authorisation_id != event.authorisation_id)
            return replace(known, authorisations=(*others, view))
        case PreclinicalMilestoneCompleted() as event:
            told = event.model_dump(exclude={"programme_id", "trial_ids", "sha256", "adopted_from"})
            rest = (m for m in known.milestones if m.milestone_id != event.milestone_id)
            return replace(known, milestones=(*rest, MilestoneView(**told)))
        case ProgrammePhaseChanged() as event:
            decision = DecisionView(event.before, event.after, event.evidence, event.reason, event.decided_on)
            moved = replace(known, phase=event.after, phase_since=event.decided_on)
            return replace(moved, decisions=(*known.decisions, decision))
        case ProgrammeTrialAdded():
            return replace(known, trials=known.trials + 1)
        case _:
            return known
