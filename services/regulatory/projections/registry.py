"""The row behind the page of what registries know of a trial."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.regulatory import RegistryDutiesReleased, RegistryDutyArisen, RegistryUpdated


@dataclass(frozen=True, slots=True)
class Duty:
    """An open duty: what it is about, the status to tell, and until when."""

    code: str
    subject_kind: str
    subject_id: UUID
    status: str | None
    due_on: date


@dataclass(frozen=True, slots=True)
class RegistryRow:
    """What the registry was told last of a trial, and what it still has to be told."""

    table: ClassVar[str] = "registry_record"
    key: ClassVar[tuple[str, ...]] = ("record_id",)
    record_id: UUID
    trial_id: UUID | None = None
    updated_on: date | None = None
    status: str | None = None
    exempt: bool = False
    duties: dict[str, Duty] = field(default_factory=dict)
    next_due: date | None = None
    changed_at: datetime | None = None


def registry_keys(
    message: Recorded[RegistryDutyArisen | RegistryUpdated | RegistryDutiesReleased],
) -> tuple[tuple[UUID], ...]:
    return ((message.data.record_id,),)


def fold_registry(row: RegistryRow | None, message: Recorded[Any], key: tuple[UUID]) -> RegistryRow:
    """The record after an event of its stream."""
    event = message.data
    known = replace(row or RegistryRow(key[0], event.trial_id), changed_at=message.time)
    match event:
        case RegistryDutyArisen(clock=clock):
            duty = Duty(clock.code, event.subject_kind, event.subject_id, event.status, clock.due_on)
            return _owed(known, gone=event.supersedes, new={str(event.duty_id): duty})
        case RegistryUpdated() if event.breaks or event.registry != "ctgov":
            return _owed(known, gone=event.meets)
        case RegistryUpdated():
            latest = known.updated_on is None or event.updated_on >= known.updated_on
            told = replace(known, updated_on=event.updated_on, status=event.status or known.status)
            return _owed(told if latest else known, gone=event.meets)
        case RegistryDutiesReleased(duties=ids, exempt=exempt):
            return _owed(replace(known, exempt=known.exempt or exempt), gone=ids)
        case _:
            return known


def _owed(row: RegistryRow, gone: tuple[UUID, ...], new: dict[str, Duty] | None = None) -> RegistryRow:
    left = {name: duty for name, duty in row.duties.items() if UUID(name) not in gone} | (new or {})
    return replace(row, duties=left, next_due=min((duty.due_on for duty in left.values()), default=None))
