"""The death of a subject, which is new information on each of their cases."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid5

from services.safety.commands import RecordNewInformation
from services.safety.guards import KnownSubject
from shared.contracts.message import Facts, Recorded
from shared.contracts.safety import AdverseEventCorrected, AdverseEventReceived, CaseOpened
from shared.rules.dates import local_date


@dataclass(frozen=True, slots=True)
class SubjectCase:
    """A case of a subject; `fatal` where a report of it tells of the death itself."""

    trial_id: UUID
    zone: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class SubjectCases:
    """The cases of a subject, to each of which a death is new information."""

    table: ClassVar[str] = "subject_cases"
    key: ClassVar[tuple[str, ...]] = ("subject_id",)
    subject_id: UUID
    cases: dict[UUID, SubjectCase] = field(default_factory=dict)


def subject_cases_keys(
    message: Recorded[AdverseEventReceived | AdverseEventCorrected],
) -> tuple[tuple[UUID], ...]:
    """The subject of a case, as it was reported or corrected."""
    return ((message.data.subject_id,),)


def fold_subject_cases(row: SubjectCases | None, message: Recorded[Any], key: tuple[UUID]) -> SubjectCases:
    """The subject's cases after a report or a correction, which says what is true instead."""
    event, row = message.data, row or SubjectCases(key[0])
    known = row.cases.get(event.case_id)
    told_before = known is not None and known.fatal and isinstance(event, AdverseEventReceived)
    case = SubjectCase(event.trial_id, event.zone, told_before or "death" in event.seriousness)
    return replace(row, cases=dict(sorted((row.cases | {event.case_id: case}).items())))


def told(subject_id: UUID, at: datetime, facts: Facts) -> list[RecordNewInformation]:
    """The death, to those of the subject's cases whose own reports do not tell of it; once each."""
    row = facts.get(SubjectCases, subject_id)
    return [
        RecordNewInformation(
            case_id=case_id,
            trial_id=case.trial_id,
            info_id=uuid5(case_id, "subject_died"),
            source="trials.subject_died",
            received_on=local_date(at, case.zone),
            zone=case.zone,
        )
        for case_id, case in (row.cases if row else {}).items()
        if not case.fatal
    ]


def known_before(case: CaseOpened, at: datetime, facts: Facts) -> list[RecordNewInformation]:
    """The same to a case that was opened after the death had been heard of."""
    subject = facts.get(KnownSubject, case.subject_id)
    if subject is None or subject.died_on is None:
        return []
    return [one for one in told(case.subject_id, at, facts) if one.case_id == case.case_id]
