"""A record request as a row: why it exists, how urgent it is, how far it has come."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts import retrieval as r
from shared.contracts.message import Event, Recorded

Key = tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One record request; `status` is open, frozen, or the outcome once it is completed.

    `organisation_ids` are the vendors that have a leg of it. `review_legs`: their basis is to be looked at
    again since the subject died.
    """

    table: ClassVar[str] = "request"
    key: ClassVar[tuple[str, ...]] = ("request_id",)
    request_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    subject_id: UUID | None = None
    case_id: UUID | None = None
    followup_id: UUID | None = None
    purpose: str | None = None
    priority: str | None = None
    needed_by: date | None = None
    questions: tuple[str, ...] = ()
    status: str = "open"
    frozen_by: tuple[UUID, ...] = ()
    access_withdrawn: bool = False
    legs: int = 0
    delivered: int = 0
    sealed: int = 0
    days_gross: int | None = None
    days_net: int | None = None
    correlation_id: UUID | None = None
    opened_at: datetime | None = None
    changed_at: datetime | None = None
    organisation_ids: tuple[UUID, ...] = ()
    subject_died_on: date | None = None
    review_legs: tuple[UUID, ...] = ()


def request_keys(message: Recorded[r.AboutRequest]) -> tuple[Key, ...]:
    """Every event of a request touches its row."""
    return ((message.data.request_id,),)


def fold_request(row: RequestRow | None, message: Recorded[Event], key: Key) -> RequestRow | None:
    """A request that only strays have reached has a row as well: somebody must look at it."""
    row = replace(row or RequestRow(key[0], status="unknown"), changed_at=message.time)
    match message.data:
        case r.RequestOpened() as opened:
            same = {"trial_id", "site_id", "subject_id", "case_id", "followup_id", "questions"}
            facts = opened.model_dump(include=same | {"purpose", "priority", "needed_by"})
            row = replace(row, **facts, status="open", opened_at=message.time)
            return replace(row, correlation_id=message.correlation_id)
        case r.RequestReprioritised(priority=priority, needed_by=day, questions=questions):
            return replace(row, priority=priority, needed_by=day, questions=questions)
        case r.RequestFrozen(hold_id=hold):
            return _under(row, {*row.frozen_by, hold})
        case r.RequestThawed(hold_id=hold):
            return _under(row, {*row.frozen_by} - {hold})
        case r.AccessWithdrawn():
            return replace(row, access_withdrawn=True)
        case r.SubjectDeathNoted(died_on=day, legs=legs):
            return replace(row, subject_died_on=day, review_legs=legs)
        case r.LegalBasisVerified() | r.LegalBasisRejected() | r.LegCancelled() as event:
            return replace(row, review_legs=tuple(leg for leg in row.review_legs if leg != event.leg_id))
        case r.RequestCompleted() as done:
            return replace(row, status=done.outcome, days_gross=done.days_gross, days_net=done.days_net)
        case r.RequestReopened():
            return _under(replace(row, status="open", days_gross=None, days_net=None), {*row.frozen_by})
        case r.LegAdded():
            return replace(row, legs=row.legs + 1)
        case r.LegAssigned(holders=holders):
            return replace(row, organisation_ids=holders)
        case r.RecordsDelivered():
            return replace(row, delivered=row.delivered + 1)
        case r.RecordsSealed():
            return replace(row, sealed=row.sealed + 1)
        case _:
            return row


def _under(row: RequestRow, holds: set[UUID]) -> RequestRow:
    status = row.status
    if status in ("open", "frozen"):
        status = "frozen" if holds else "open"
    return replace(row, frozen_by=tuple(sorted(holds)), status=status)
