"""The deadline as a projected row, for the service that owns it and for every service that shows it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.deadline import (
    DeadlineArmed,
    DeadlineAssigned,
    DeadlineAtRisk,
    DeadlineCancelled,
    DeadlineMet,
    DeadlineMetLate,
    DeadlineMissed,
    DeadlineReturned,
    DeadlineSuperseded,
)
from shared.contracts.message import Event, Recorded


@dataclass(frozen=True, slots=True)
class DeadlineRow:
    """One deadline; `service` owns it. Days are local dates in `zone`; `status` as in domain 2."""

    table: ClassVar[str] = "deadline"
    key: ClassVar[tuple[str, ...]] = ("deadline_id",)
    deadline_id: UUID
    service: str | None = None
    trial_id: UUID | None = None
    correlation_id: UUID | None = None
    subject_kind: str | None = None
    subject_id: UUID | None = None
    code: str | None = None
    title: str | None = None
    citation: str | None = None
    verified: bool | None = None
    pack: str | None = None
    pack_version: str | None = None
    force: str | None = None
    basis: str | None = None
    days: int | None = None
    anchor: str | None = None
    anchor_on: date | None = None
    anchor_event: UUID | None = None
    zone: str | None = None
    due_on: date | None = None
    owner: str | None = None
    provisional: bool | None = None
    status: str | None = None
    met_on: date | None = None
    days_late: int | None = None
    successor_id: UUID | None = None
    end_reason: str | None = None
    armed_at: datetime | None = None
    changed_at: datetime | None = None
    organisation_id: UUID | None = None


Shown = (
    DeadlineArmed
    | DeadlineAssigned
    | DeadlineReturned
    | DeadlineAtRisk
    | DeadlineMet
    | DeadlineMetLate
    | DeadlineMissed
    | DeadlineSuperseded
    | DeadlineCancelled
)


def deadline_keys(message: Recorded[Shown]) -> tuple[tuple[UUID], ...]:
    """A deadline has a row from the moment it is armed; an end that waits for it shows nowhere."""
    return ((message.data.deadline_id,),)


def fold_deadline(
    row: DeadlineRow | None, message: Recorded[Event], key: tuple[UUID, ...]
) -> DeadlineRow | None:
    """The row after the event, on the owner's own topic as on a foreign one."""
    match message.data:
        case DeadlineArmed() as armed:
            return _armed(armed, message)
        case _ if row is None:
            return None
        case DeadlineAssigned(organisation_id=to, owner=owner):
            after = replace(row, organisation_id=to, owner=owner or row.owner)
        case DeadlineReturned(owner=owner):
            after = replace(row, organisation_id=None, owner=owner)
        case DeadlineAtRisk():
            after = replace(row, status="at_risk")
        case DeadlineMet(met_on=met_on):
            after = replace(row, status="met", met_on=met_on, days_late=None)
        case DeadlineMetLate(met_on=met_on, days_late=late):
            after = replace(row, status="met_late", met_on=met_on, days_late=late)
        case DeadlineMissed():
            after = replace(row, status="missed")
        case DeadlineSuperseded(successor_id=successor, reason=reason):
            after = replace(row, status="superseded", successor_id=successor, end_reason=reason)
        case DeadlineCancelled(reason=reason):
            after = replace(row, status="cancelled", end_reason=reason)
        case _:
            return row
    return replace(after, changed_at=message.time)


def _armed(event: DeadlineArmed, message: Recorded[Event]) -> DeadlineRow:
    clock = event.clock.model_dump()
    return DeadlineRow(
        deadline_id=event.deadline_id,
        service=message.source.rsplit("/", 1)[-1],
        trial_id=event.trial_id or message.trial_id,
        correlation_id=message.correlation_id,
        subject_kind=event.subject_kind,
        subject_id=event.subject_id,
        owner=event.owner,
        provisional=event.provisional,
        status="armed",
        armed_at=message.time,
        changed_at=message.time,
        organisation_id=event.organisation_id,
        **clock,
    )
