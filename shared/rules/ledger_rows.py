"""Guard rows of who owns what: the ledger of a trial's obligations, and the deadlines that are open."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.deadline import (
    DeadlineArmed,
    DeadlineCancelled,
    DeadlineMet,
    DeadlineMetLate,
    DeadlineSuperseded,
)
from shared.contracts.message import Recorded
from shared.contracts.trials.obligation import ObligationReturned, ObligationTransferred

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ObligationOwners:
    """What the ledger of a trial says: obligations by name, each with its organisation, None for the sponsor.

    An obligation of which the ledger has never spoken is not named.
    """

    table: ClassVar[str] = "obligation_owners"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    owners: dict[str, UUID | None] = field(default_factory=dict)


def owners_keys(message: Recorded[ObligationTransferred | ObligationReturned]) -> tuple[Key, ...]:
    """The trial whose ledger the event tells of."""
    return ((message.data.trial_id,),)


def fold_owners(row: ObligationOwners | None, message: Recorded[Any], key: Key) -> ObligationOwners:
    """The owners after the event."""
    owners, event = row or ObligationOwners(key[0]), message.data
    to = event.organisation_id if isinstance(event, ObligationTransferred) else None
    return replace(owners, owners=owners.owners | {event.obligation: to})


@dataclass(frozen=True, slots=True)
class OpenDeadline:
    """A deadline that has not ended, and what it is about."""

    code: str
    subject_kind: str
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class TrialDeadlines:
    """The deadlines of a trial that this service has armed and that have not ended."""

    table: ClassVar[str] = "trial_deadlines"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    open: dict[UUID, OpenDeadline] = field(default_factory=dict)


Ends = DeadlineMet | DeadlineMetLate | DeadlineSuperseded | DeadlineCancelled


def trial_deadlines_keys(message: Recorded[DeadlineArmed | Ends]) -> tuple[Key, ...]:
    """The trial of a deadline that begins or ends."""
    return ((message.trial_id,),) if message.trial_id else ()


def fold_trial_deadlines(row: TrialDeadlines | None, message: Recorded[Any], key: Key) -> TrialDeadlines:
    """The open deadlines after the event; one that has missed its date is still owed, and open."""
    known, event = row or TrialDeadlines(key[0]), message.data
    if isinstance(event, DeadlineArmed):
        begun = OpenDeadline(event.clock.code, event.subject_kind, event.subject_id)
        return replace(known, open=known.open | {event.deadline_id: begun})
    return replace(known, open={id_: one for id_, one in known.open.items() if id_ != event.deadline_id})
