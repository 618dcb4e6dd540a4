"""The rows of subjects behind the trial page."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Identifier, Recorded
from shared.contracts.trials.keeping import SubjectErased
from shared.contracts.trials.subject import (
    SubjectDosingReleased,
    SubjectEnrolled,
    SubjectEnrolmentCorrected,
    SubjectRandomised,
    SubjectWithdrawn,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """One subject, by code alone; `breaks` are the rules that the enrolment broke as known today."""

    table: ClassVar[str] = "subject"
    key: ClassVar[tuple[str, ...]] = ("subject_id",)
    subject_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    correlation_id: UUID | None = None
    subject_code: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    status: str | None = None
    enrolled_on: date | None = None
    randomised_on: date | None = None
    last_dose_on: date | None = None
    withdrawn_on: date | None = None
    withdrawn_from: tuple[str, ...] = ()
    erased_at: datetime | None = None
    breaks: tuple[str, ...] = ()
    changed_at: datetime | None = None


SubjectTold = (
    SubjectEnrolled
    | SubjectEnrolmentCorrected
    | SubjectRandomised
    | SubjectDosingReleased
    | SubjectWithdrawn
    | SubjectErased
)


def subject_keys(message: Recorded[Any]) -> tuple[Key, ...]:
    return ((message.data.subject_id,),) if isinstance(message.data, SubjectTold) else ()


def fold_subject(row: SubjectRow | None, message: Recorded[Any], key: Key) -> SubjectRow:
    """The subject after an event of its own stream, or of its erasure."""
    event = message.data
    subject = row or SubjectRow(key[0], event.trial_id, event.site_id, message.correlation_id)
    subject = replace(subject, changed_at=message.time)
    match event:
        case SubjectEnrolled():
            told = replace(subject, identifiers=event.identifiers, status=subject.status or "on-study")
            return _enrolled(told, event)
        case SubjectEnrolmentCorrected():
            return _enrolled(subject, event)
        case SubjectRandomised(randomised_on=day):
            return replace(subject, randomised_on=day, status="on-study-intervention")
        case SubjectDosingReleased(dose_on=day):
            return replace(subject, last_dose_on=max(day, subject.last_dose_on or day))
        case SubjectWithdrawn(withdrawn_on=day, scopes=scopes):
            gone = tuple(sorted({*subject.withdrawn_from, *scopes}))
            status = "off-study" if "follow_up" in gone else "follow-up"
            return replace(subject, withdrawn_on=day, withdrawn_from=gone, status=status)
        case SubjectErased():
            return replace(subject, erased_at=message.time)
        case _:
            return subject


def _enrolled(subject: SubjectRow, event: SubjectEnrolled | SubjectEnrolmentCorrected) -> SubjectRow:
    code, day = event.subject_code, event.enrolled_on
    return replace(subject, subject_code=code, enrolled_on=day, breaks=event.breaks)
