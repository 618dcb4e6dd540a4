"""The rows of subjects behind the trial page."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from services.trials.rules.subjects import ENDED, status_after
from shared.contracts.message import Identifier, Recorded
from shared.contracts.trials.consent import (
    ConsentEvent,
    ReconsentDeclined,
    ReconsentOverdue,
    ReconsentRequired,
    ReconsentWaived,
    SubjectConsented,
)
from shared.contracts.trials.keeping import SubjectErased
from shared.contracts.trials.subject import (
    SubjectDied,
    SubjectDosed,
    SubjectDosingReleased,
    SubjectEligibilityDecided,
    SubjectEnrolled,
    SubjectEnrolmentCorrected,
    SubjectEvent,
    SubjectRandomised,
    SubjectStatus,
    SubjectStatusChanged,
    SubjectVisitDone,
    SubjectWithdrawn,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """One subject, by code alone; `breaks` are the rules that the enrolment broke as known today.

    `source` names the import that first told of the subject. `reconsent` is required, overdue or declined
    while a new signature is asked for.
    """

    table: ClassVar[str] = "subject"
    key: ClassVar[tuple[str, ...]] = ("subject_id",)
    subject_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    correlation_id: UUID | None = None
    subject_code: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    status: SubjectStatus | None = None
    status_on: date | None = None
    status_reason: str | None = None
    screened_on: date | None = None
    eligible: bool | None = None
    failed: tuple[str, ...] = ()
    consent_version: str | None = None
    consent_language: str | None = None
    consented_on: date | None = None
    reconsent: str | None = None
    reconsent_version: str | None = None
    reconsent_due_on: date | None = None
    enrolled_on: date | None = None
    randomised_on: date | None = None
    last_dose_on: date | None = None
    last_visit: str | None = None
    last_visit_on: date | None = None
    withdrawn_on: date | None = None
    withdrawn_from: tuple[str, ...] = ()
    withdrawn_reason: str | None = None
    died_on: date | None = None
    source: str | None = None
    erased_at: datetime | None = None
    breaks: tuple[str, ...] = ()
    changed_at: datetime | None = None


SubjectTold = SubjectEvent | ConsentEvent | SubjectErased


def subject_keys(message: Recorded[SubjectTold]) -> tuple[Key, ...]:
    return ((message.data.subject_id,),)


def fold_subject(row: SubjectRow | None, message: Recorded[Any], key: Key) -> SubjectRow:
    """The subject after an event of its own stream, or of its erasure."""
    event = message.data
    subject = row or SubjectRow(
        key[0],
        event.trial_id,
        event.site_id,
        message.correlation_id,
        source=getattr(event, "source", None),
    )
    subject = replace(subject, changed_at=message.time, status=status_after(subject.status, event))
    match event:
        case SubjectEnrolled():
            return _enrolled(replace(subject, identifiers=event.identifiers or subject.identifiers), event)
        case SubjectEnrolmentCorrected():
            since = event.enrolled_on if subject.status == "on-study" else subject.status_on
            return _enrolled(replace(subject, status_on=since), event)
        case SubjectStatusChanged(after=after, changed_on=day, reason=reason, subject_code=code):
            screened_on = day if after == "screening" else subject.screened_on
            stands = replace(subject, status_on=day, status_reason=reason, screened_on=screened_on)
            names = event.identifiers or subject.identifiers
            return replace(_left(stands), subject_code=code or subject.subject_code, identifiers=names)
        case SubjectEligibilityDecided(eligible=eligible, failed=failed):
            return replace(subject, eligible=eligible, failed=failed)
        case SubjectRandomised(randomised_on=day):
            return replace(subject, randomised_on=day)
        case SubjectDosingReleased(dose_on=day):
            return replace(subject, last_dose_on=max(day, subject.last_dose_on or day))
        case SubjectDosed(dosed_on=day, until=until):
            return replace(subject, last_dose_on=max(until or day, subject.last_dose_on or day))
        case SubjectVisitDone(visit=visit, done_on=day):
            later = subject.last_visit_on is None or day >= subject.last_visit_on
            return replace(subject, last_visit=visit, last_visit_on=day) if later else subject
        case SubjectWithdrawn(withdrawn_on=day, scopes=scopes, reason=why):
            gone = tuple(sorted({*subject.withdrawn_from, *scopes}))
            left = replace(subject, withdrawn_on=day, withdrawn_from=gone)
            return replace(left, withdrawn_reason=why or subject.withdrawn_reason)
        case SubjectDied(died_on=day):
            return replace(subject, died_on=day)
        case SubjectErased():
            return replace(subject, erased_at=message.time)
        case _:
            return _consented(subject, event)


def _enrolled(subject: SubjectRow, event: SubjectEnrolled | SubjectEnrolmentCorrected) -> SubjectRow:
    code, day = event.subject_code, event.enrolled_on
    return replace(subject, subject_code=code, enrolled_on=day, breaks=event.breaks)


def _left(subject: SubjectRow) -> SubjectRow:
    return replace(subject, reconsent=None) if subject.status in ENDED else subject


def _consented(subject: SubjectRow, event: Any) -> SubjectRow:
    asked = subject.reconsent is not None and event.version == subject.reconsent_version
    match event:
        case SubjectConsented(version=version, language=language, signed_on=day):
            known = replace(subject, consent_version=version, consent_language=language, consented_on=day)
            if subject.enrolled_on and day <= subject.enrolled_on:
                known = replace(known, breaks=tuple(b for b in subject.breaks if b != "consent.missing"))
            met = asked or (event.meets is not None and event.meets == subject.reconsent_version)
            return replace(known, reconsent=None) if met else known
        case ReconsentRequired(version=version, due_on=day):
            return replace(subject, reconsent="required", reconsent_version=version, reconsent_due_on=day)
        case ReconsentOverdue() if asked:
            return replace(subject, reconsent="overdue")
        case ReconsentDeclined() if asked:
            return replace(subject, reconsent="declined")
        case ReconsentWaived() if asked:
            return replace(subject, reconsent=None)
        case _:
            return subject
