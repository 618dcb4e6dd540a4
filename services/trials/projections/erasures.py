"""The row of an erasure behind the trial page: who asked, who agreed, and what became of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.keeping import ErasureRejected, ErasureRequested, SubjectErased

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ErasureRow:
    """The latest request to erase a subject: requested, rejected or erased; times are UTC."""

    table: ClassVar[str] = "erasure"
    key: ClassVar[tuple[str, ...]] = ("trial_id", "subject_id")
    trial_id: UUID
    subject_id: UUID
    site_id: UUID | None = None
    status: str | None = None
    reason: str | None = None
    requested_by: str | None = None
    requested_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None


def erasure_keys(message: Recorded[ErasureRequested | ErasureRejected | SubjectErased]) -> tuple[Key, ...]:
    return ((message.data.trial_id, message.data.subject_id),)


def fold_erasure(row: ErasureRow | None, message: Recorded[Any], key: Key) -> ErasureRow:
    """The row after an event of the erasure's stream."""
    event = message.data
    row = row or ErasureRow(*key)
    match event:
        case ErasureRequested(site_id=site, reason=reason, requested_by=who):
            asked = ErasureRow(*key)
            return replace(
                asked,
                site_id=site,
                status="requested",
                reason=reason,
                requested_by=who,
                requested_at=message.time,
            )
        case ErasureRejected():
            return replace(row, status="rejected", decided_by=message.actor.id, decided_at=message.time)
        case SubjectErased(approved_by=who):
            return replace(row, status="erased", decided_by=who, decided_at=message.time)
        case _:
            return row
