"""The row of a site's feasibility: questionnaire, answers, and the score that was fixed."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.feasibility import (
    Answer,
    Factor,
    FeasibilityCompleted,
    FeasibilityOverdue,
    FeasibilityReceived,
    FeasibilitySent,
    Question,
    RegistryFactor,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class FeasibilityRow:
    """One site's feasibility; `factors` and `score` are those that were fixed."""

    table: ClassVar[str] = "feasibility"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    trial_id: UUID | None = None
    questionnaire_id: UUID | None = None
    status: str | None = None
    questions: tuple[Question, ...] = ()
    weights: dict[RegistryFactor, float] | None = None
    conditions: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    sent_on: date | None = None
    due_on: date | None = None
    received_on: date | None = None
    score: float | None = None
    covered: float | None = None
    capacity: int | None = None
    factors: tuple[Factor, ...] = ()
    outcome: str | None = None
    completed_on: date | None = None


Told = FeasibilitySent | FeasibilityOverdue | FeasibilityReceived | FeasibilityCompleted


def feasibility_keys(message: Recorded[Told]) -> tuple[Key, ...]:
    return ((message.data.site_id,),)


def fold_feasibility(row: FeasibilityRow | None, message: Recorded[Any], key: Key) -> FeasibilityRow:
    """The feasibility after an event of the site's stream."""
    known = row or FeasibilityRow(key[0])
    match message.data:
        case FeasibilitySent() as event:
            return replace(
                known,
                trial_id=event.trial_id,
                questionnaire_id=event.questionnaire_id,
                status="sent",
                questions=event.questions,
                weights=dict(event.weights),
                conditions=event.conditions,
                sent_on=event.sent_on,
                due_on=event.due_on,
            )
        case FeasibilityOverdue():
            return replace(known, status="overdue")
        case FeasibilityReceived(answers=answers, received_on=day):
            return replace(known, status="received", answers=answers, received_on=day)
        case event:
            return replace(
                known,
                status="completed",
                score=event.score,
                covered=event.covered,
                capacity=event.capacity,
                factors=event.factors,
                outcome=event.outcome,
                completed_on=event.completed_on,
            )
