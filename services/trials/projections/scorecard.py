"""The row behind a scorecard: who had a deadline when it was met or missed."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.deadline import (
    DeadlineArmed,
    DeadlineAssigned,
    DeadlineMet,
    DeadlineMetLate,
    DeadlineMissed,
    DeadlineReturned,
)
from shared.contracts.message import Recorded

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class OwnedDeadline:
    """Who had a deadline at the moment that it was met or missed; what happens to it later is not theirs.

    `holder` has it now. `outcome` is the first of met, met_late and missed, `owned_by` the organisation then.
    """

    table: ClassVar[str] = "owned_deadline"
    key: ClassVar[tuple[str, ...]] = ("deadline_id",)
    deadline_id: UUID
    trial_id: UUID | None = None
    holder: UUID | None = None
    outcome: str | None = None
    owned_by: UUID | None = None


_OUTCOMES: dict[type[Any], str] = {
    DeadlineMet: "met",
    DeadlineMetLate: "met_late",
    DeadlineMissed: "missed",
}
_TOLD = DeadlineArmed | DeadlineAssigned | DeadlineReturned | DeadlineMet | DeadlineMetLate | DeadlineMissed


def owned_deadline_keys(message: Recorded[_TOLD]) -> tuple[Key, ...]:
    return ((message.data.deadline_id,),)


def fold_owned_deadline(row: OwnedDeadline | None, message: Recorded[Any], key: Key) -> OwnedDeadline:
    """The deadline after an event of its stream."""
    known = row or OwnedDeadline(key[0], message.trial_id)
    match message.data:
        case DeadlineArmed(organisation_id=to) | DeadlineAssigned(organisation_id=to):
            return replace(known, holder=to)
        case DeadlineReturned():
            return replace(known, holder=None)
        case event if known.outcome is None:
            return replace(known, outcome=_OUTCOMES[type(event)], owned_by=known.holder)
        case _:
            return known
