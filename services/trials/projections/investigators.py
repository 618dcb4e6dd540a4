"""The rows of the people of sites: identifiers, role, tasks, qualifications and their ends."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from services.trials.projections.staff import Told
from shared.contracts.message import Identifier, Recorded
from shared.contracts.trials.investigator import (
    InvestigatorAdded,
    InvestigatorLeft,
    QualificationRecorded,
    TasksDelegated,
    TrainingExpiring,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A qualification as it was reported, valid on the local days given, both inclusive."""

    kind: str
    valid_from: date
    valid_to: date | None = None
    document_ref: str | None = None


@dataclass(frozen=True, slots=True)
class InvestigatorRow:
    """One person at one site; `expiring` and `expired` are the ends that were told, by kind."""

    table: ClassVar[str] = "investigator"
    key: ClassVar[tuple[str, ...]] = ("investigator_id",)
    investigator_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    role: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    from_on: date | None = None
    until: date | None = None
    tasks: tuple[str, ...] = ()
    delegated_on: date | None = None
    qualifications: dict[UUID, Shown] = field(default_factory=dict)
    expiring: dict[str, date] = field(default_factory=dict)
    expired: dict[str, date] = field(default_factory=dict)


def investigator_keys(message: Recorded[Told]) -> tuple[Key, ...]:
    return ((message.data.investigator_id,),)


def fold_investigator(row: InvestigatorRow | None, message: Recorded[Any], key: Key) -> InvestigatorRow:
    """The person after an event of their own stream."""
    event = message.data
    person = row or InvestigatorRow(key[0], event.trial_id, event.site_id)
    match event:
        case InvestigatorAdded():
            told = event.model_dump(include={"trial_id", "site_id", "role", "from_on"})
            return replace(person, **told, identifiers=event.identifiers)
        case InvestigatorLeft(until=day):
            return replace(person, until=day, tasks=())
        case QualificationRecorded(qualification_id=id_, kind=kind) as told:
            shown = Shown(kind, told.valid_from, told.valid_to, told.document_ref)
            known = dict(sorted((person.qualifications | {id_: shown}).items()))
            return _renewed(replace(person, qualifications=known), kind, told.valid_to)
        case TasksDelegated(tasks=tasks, from_on=day):
            return replace(person, tasks=tasks, delegated_on=day if tasks else None)
        case TrainingExpiring(kind=kind, valid_to=day):
            return replace(person, expiring=person.expiring | {kind: day})
        case _:
            ended = person.expired | {event.kind: event.valid_to}
            return replace(_renewed(person, event.kind, None), expired=ended)


def _renewed(person: InvestigatorRow, kind: str, until: date | None) -> InvestigatorRow:
    """What was told of an end counts no more where the kind is valid for longer."""

    def still(told: dict[str, date]) -> dict[str, date]:
        return {k: day for k, day in told.items() if k != kind or (until is not None and until <= day)}

    return replace(person, expiring=still(person.expiring), expired=still(person.expired))
