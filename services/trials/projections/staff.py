"""Who serves at a site with which qualifications and tasks: what its gate `training` follows from."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.investigator import (
    InvestigatorAdded,
    InvestigatorLeft,
    Qualification,
    QualificationRecorded,
    StaffRole,
    TasksDelegated,
    TrainingExpired,
    TrainingExpiring,
)

Key = tuple[Any, ...]
Told = (
    InvestigatorAdded
    | InvestigatorLeft
    | QualificationRecorded
    | TasksDelegated
    | TrainingExpiring
    | TrainingExpired
)


@dataclass(frozen=True, slots=True)
class Valid:
    """A qualification and the local days on which it is valid, both inclusive."""

    kind: Qualification
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One person at the site; `delegated_on` is since when there are tasks, None while there is none."""

    role: StaffRole | None = None
    from_on: date | None = None
    until: date | None = None
    delegated_on: date | None = None
    qualifications: dict[UUID, Valid] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SiteStaff:
    """Everybody who serves or served at a site; decisions that count its people read it alone.

    `delegating`: tasks were delegated there, and since then the gate `training` follows from its people.
    """

    table: ClassVar[str] = "site_staff"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    trial_id: UUID | None = None
    delegating: bool = False
    staff: dict[UUID, Person] = field(default_factory=dict)


def staff_keys(message: Recorded[Told]) -> tuple[Key, ...]:
    return ((message.data.site_id,),)


def fold_staff(row: SiteStaff | None, message: Recorded[Any], key: Key) -> SiteStaff:
    """The staff after an event of one of its people; each event touches that person alone."""
    event, known = message.data, row or SiteStaff(key[0])
    person = _fold_person(known.staff.get(event.investigator_id, Person()), event)
    people = known.staff | {event.investigator_id: person}
    begun = known.delegating or (isinstance(event, TasksDelegated) and bool(event.tasks))
    return replace(known, trial_id=event.trial_id, delegating=begun, staff=dict(sorted(people.items())))


def _fold_person(person: Person, event: Told) -> Person:
    match event:
        case InvestigatorAdded(role=role, from_on=day):
            return replace(person, role=role, from_on=day)
        case InvestigatorLeft(until=day):
            return replace(person, until=day)
        case QualificationRecorded() as told:
            valid = Valid(told.kind, told.valid_from, told.valid_to)
            return replace(person, qualifications=person.qualifications | {told.qualification_id: valid})
        case TasksDelegated(tasks=tasks, from_on=day):
            return replace(person, delegated_on=(person.delegated_on or day) if tasks else None)
        case _:
            return person
