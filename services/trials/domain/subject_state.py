"""What decisions need of a subject, and how its events change that."""

from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.subject import (
    SubjectDosingReleased,
    SubjectEnrolled,
    SubjectEnrolmentCorrected,
    SubjectEvent,
    SubjectRandomised,
    SubjectWithdrawn,
    WithdrawalScope,
)

Events = list[SubjectEvent | DeviationReported | DeviationAnnulled]


@dataclass(frozen=True)
class Subject:
    """What decisions need of a subject; `deviation` is the open deviation of its enrolment."""

    code: str | None = None
    enrolled_on: date | None = None
    randomised_on: date | None = None
    doses: frozenset[date] = frozenset()
    withdrawn: frozenset[WithdrawalScope] = frozenset()
    deviation: UUID | None = None
    reported: frozenset[UUID] = frozenset()


def evolve(subject: Subject, event: SubjectEvent | DeviationReported | DeviationAnnulled) -> Subject:
    match event:
        case SubjectEnrolled() | SubjectEnrolmentCorrected():
            return replace(subject, code=event.subject_code, enrolled_on=event.enrolled_on)
        case SubjectRandomised(randomised_on=day):
            return replace(subject, randomised_on=day)
        case SubjectDosingReleased(dose_on=day):
            return replace(subject, doses=subject.doses | {day})
        case SubjectWithdrawn(scopes=scopes):
            return replace(subject, withdrawn=subject.withdrawn | set(scopes))
        case DeviationReported(category=category, deviation_id=deviation):
            known = deviation if category == "enrolment" else subject.deviation
            return replace(subject, deviation=known, reported=subject.reported | {deviation})
        case DeviationAnnulled():
            return replace(subject, deviation=None)
        case _:
            assert_never(event)
