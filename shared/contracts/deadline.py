"""Deadlines: one shape for every service that owns an obligation, `<service>.deadline.*.v1`."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Value

Basis = Literal["calendar", "working"]
Force = Literal["regulation", "guidance", "contract", "internal"]


class Clock(Value):
    """A due date with its reason: day 0 is `anchor_on`, a local date in `zone`; `due_on` is the last day."""

    code: str
    title: str
    citation: str
    verified: bool
    pack: str
    pack_version: str
    force: Force
    basis: Basis
    days: int
    anchor: str
    anchor_on: date
    anchor_event: UUID | None = None
    zone: str
    due_on: date


class Obligation(Value):
    """What must be sent to whom: the date by law, and the earlier of both dates that operations works to."""

    code: str
    destination: str
    legal: Clock
    operational: Clock


class DeadlineArmed(Event):
    """An obligation has a due date. `provisional`: armed at receipt, before any determination.

    `organisation_id`: the organisation, other than the sponsor, to which the obligation was transferred;
    `obligation`: by which obligation of the trial, where the trial's ledger or its plan says so.
    """

    type: ClassVar[str] = "{service}.deadline.armed.v1"
    deadline_id: UUID
    subject_kind: str
    subject_id: UUID
    clock: Clock
    owner: str
    provisional: bool = False
    trial_id: UUID | None = None
    organisation_id: UUID | None = None
    obligation: str | None = None


class DeadlineAssigned(Event):
    """What must be done by then was handed to another organisation, which sees the deadline from now on.

    `obligation`: by which transferred obligation; without, the deadline was handed over for itself.
    """

    type: ClassVar[str] = "{service}.deadline.assigned.v1"
    deadline_id: UUID
    organisation_id: UUID
    owner: str | None = None
    obligation: str | None = None


class DeadlineReturned(Event):
    """What must be done by then is no organisation's any more; `owner` has it, and no one else sees it."""

    type: ClassVar[str] = "{service}.deadline.returned.v1"
    deadline_id: UUID
    owner: str


class DeadlineAtRisk(Event):
    """The warning time before the due date has begun and the obligation is still open."""

    type: ClassVar[str] = "{service}.deadline.at_risk.v1"
    deadline_id: UUID
    code: str
    due_on: date
    days_left: int


class DeadlineMet(Event):
    """The obligation was met on `met_on`, in time."""

    type: ClassVar[str] = "{service}.deadline.met.v1"
    deadline_id: UUID
    code: str
    due_on: date
    met_on: date


class DeadlineMetLate(Event):
    """The obligation was met on `met_on`, after its due date."""

    type: ClassVar[str] = "{service}.deadline.met_late.v1"
    deadline_id: UUID
    code: str
    due_on: date
    met_on: date
    days_late: int


class DeadlineMissed(Event):
    """The due date has passed and the obligation is still open."""

    type: ClassVar[str] = "{service}.deadline.missed.v1"
    deadline_id: UUID
    subject_kind: str
    subject_id: UUID
    code: str
    citation: str
    due_on: date
    owner: str


class DeadlineSuperseded(Event):
    """Another deadline took the place of this one; nothing of it is edited."""

    type: ClassVar[str] = "{service}.deadline.superseded.v1"
    deadline_id: UUID
    code: str
    successor_id: UUID
    reason: str


class DeadlineCancelled(Event):
    """The obligation does not exist any more."""

    type: ClassVar[str] = "{service}.deadline.cancelled.v1"
    deadline_id: UUID
    code: str
    reason: str


class DeadlineAwaited(Event):
    """The end of an obligation is known before the obligation itself: kept until it is armed.

    Topics have no order among them, so an acknowledgement may be read before the report that it answers.
    """

    type: ClassVar[str] = "{service}.deadline.awaited.v1"
    deadline_id: UUID
    outcome: Literal["met", "superseded", "cancelled"]
    met_on: date | None = None
    successor_id: UUID | None = None
    reason: str | None = None


DeadlineEvent = (
    DeadlineArmed
    | DeadlineAssigned
    | DeadlineReturned
    | DeadlineAwaited
    | DeadlineAtRisk
    | DeadlineMet
    | DeadlineMetLate
    | DeadlineMissed
    | DeadlineSuperseded
    | DeadlineCancelled
)
