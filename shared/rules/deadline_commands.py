"""Commands of the deadline aggregate, made by the reactions of the service that owns the obligation."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import ClassVar, Literal
from uuid import UUID, uuid5

from shared.contracts.deadline import Clock
from shared.contracts.message import Command, Wake
from shared.rules.dates import Day

Leg = Literal["provisional", "legal", "operational"]

_DEADLINES = UUID("0d5b1f0e-6a0c-5f7e-9a55-6c1c5b1a7d11")


class _OfDeadline(Command):
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    deadline_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.deadline_id


@dataclass(frozen=True)
class Owner:
    """Who owes an obligation, sponsor or CRO, and the organisation to which it was transferred, if to one.

    `obligation`: the obligation's name, where the organisation has it by the trial's ledger or its plan.
    """

    owner: str = "sponsor"
    organisation_id: UUID | None = None
    obligation: str | None = None


class ArmDeadline(_OfDeadline):
    """An obligation has a due date: what it is about, its clock, and who owes it (sponsor or CRO)."""

    type: ClassVar[str] = "{service}.arm_deadline.v1"
    subject_kind: str
    subject_id: UUID
    clock: Clock
    owner: str
    provisional: bool = False
    organisation_id: UUID | None = None
    obligation: str | None = None


class AssignDeadline(_OfDeadline):
    """What must be done by then is another's: an organisation's, or without one the sponsor's again.

    `by_ledger`: the owner follows from the trial's transferred obligations, which yields to an organisation
    that has the deadline for itself, as a vendor has the service level of its leg.
    """

    type: ClassVar[str] = "{service}.assign_deadline.v1"
    organisation_id: UUID | None
    owner: str | None = None
    obligation: str | None = None
    by_ledger: bool = False


class MeetDeadline(_OfDeadline):
    """The obligation was met on this local date; an authority's receipt date where it states one."""

    type: ClassVar[str] = "{service}.meet_deadline.v1"
    met_on: Day


class SupersedeDeadline(_OfDeadline):
    """A new anchor gives the obligation another deadline."""

    type: ClassVar[str] = "{service}.supersede_deadline.v1"
    successor_id: UUID
    reason: str


class CancelDeadline(_OfDeadline):
    """The obligation does not exist (any more)."""

    type: ClassVar[str] = "{service}.cancel_deadline.v1"
    reason: str


DeadlineCommand = ArmDeadline | AssignDeadline | MeetDeadline | SupersedeDeadline | CancelDeadline | Wake


@lru_cache(maxsize=10_000)
def deadline_id(
    subject_id: UUID, code: str, leg: Leg, anchor_on: date, anchor_event: UUID | None = None
) -> UUID:
    """The same obligation, leg and anchor give the same deadline, so that arming twice arms once.

    `anchor_event` tells apart a clock that a correction started again on a date where an earlier one of
    the same obligation was cancelled: an ended deadline never starts again.
    """
    name = f"{subject_id}/{code}/{leg}/{anchor_on.isoformat()}"
    return uuid5(_DEADLINES, name if anchor_event is None else f"{name}/{anchor_event}")


def clock_deadline_id(subject_id: UUID, clock: Clock, leg: Leg) -> UUID:
    """The deadline that this clock of the subject arms."""
    return deadline_id(subject_id, clock.code, leg, clock.anchor_on, clock.anchor_event)
