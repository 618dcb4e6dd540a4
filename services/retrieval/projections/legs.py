"""A provider leg as a row: where it stands, since when, and what it waits for."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from services.retrieval.domain.evolve import added
from services.retrieval.domain.evolve_leg import moved
from services.retrieval.domain.state import Leg
from shared.contracts import retrieval as r
from shared.contracts.message import Recorded

Key = tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class LegRow:
    """One leg: `status` as in the state machine, `since` the moment it began to stand there.

    `leg` is the leg as decisions see it, so that page and decider cannot disagree.
    """

    table: ClassVar[str] = "leg"
    key: ClassVar[tuple[str, ...]] = ("leg_id",)
    leg_id: UUID
    request_id: UUID | None = None
    trial_id: UUID | None = None
    case_id: UUID | None = None
    custodian: str | None = None
    record_types: tuple[str, ...] = ()
    range_from: date | None = None
    range_to: date | None = None
    status: str | None = None
    since: datetime | None = None
    basis: str | None = None
    expires_on: date | None = None
    warnings: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    method: str | None = None
    attempt: int = 0
    first_sent_on: date | None = None
    calls: int = 0
    calls_due: int = 0
    reason: str | None = None
    leg: Leg | None = None
    organisation_id: UUID | None = None


def leg_keys(message: Recorded[r.AboutLeg]) -> tuple[Key, ...]:
    """Every event of a leg touches its row."""
    return ((message.data.leg_id,),)


def fold_leg(row: LegRow | None, message: Recorded[r.RetrievalEvent], key: Key) -> LegRow | None:
    """The row after the event; a report about a leg that nobody added makes none."""
    event = message.data
    if isinstance(event, r.LegAdded):
        about = event.model_dump(
            include={"leg_id", "request_id", "trial_id", "case_id", "custodian", "record_types"}
        )
        row = LegRow(**about, range_from=event.range_from, range_to=event.range_to)
        return _with(row, added(event), message.time)
    if row is None or row.leg is None or not isinstance(event, r.AboutLeg):
        return row
    row = _with(row, moved(row.leg, event), message.time)
    match event:
        case r.LegalBasisVerified(warnings=warnings):
            return replace(row, warnings=warnings, defects=())
        case r.LegalBasisRejected(defects=defects):
            return replace(row, defects=defects)
        case r.LegSent(method=method):
            return replace(row, method=method)
        case r.LegRefused(reason=reason) | r.LegUnroutable(reason=reason):
            return replace(row, reason=reason)
        case _:
            return row


def _with(row: LegRow, leg: Leg, time: datetime) -> LegRow:
    return replace(
        row,
        status=leg.status,
        since=row.since if row.status == leg.status else time,
        basis=leg.basis,
        expires_on=leg.expires_on,
        attempt=leg.attempt,
        first_sent_on=leg.first_sent_on,
        calls=leg.calls,
        calls_due=leg.due,
        reason=leg.reason or row.reason,
        leg=leg,
        organisation_id=leg.organisation,
    )
