"""How a deadline ends, and which of several reported ends counts."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from shared.contracts.deadline import (
    Clock,
    DeadlineAwaited,
    DeadlineCancelled,
    DeadlineEvent,
    DeadlineMet,
    DeadlineMetLate,
    DeadlineSuperseded,
)

Outcome = Literal["met", "superseded", "cancelled"]
_OUTCOMES: tuple[Outcome, ...] = ("met", "superseded", "cancelled")


@dataclass(frozen=True, order=True)
class End:
    """How an obligation ended. The smallest of all ends reported counts, so their order does not matter:

    what was done (rank 0, earliest date first) outweighs a new anchor (1), which outweighs a withdrawal (2).
    """

    rank: int
    met_on: date = date.max
    successor: str = ""
    reason: str = ""


def awaited(stream: UUID, end: End) -> DeadlineAwaited:
    """The event that keeps an end until its deadline is armed."""
    return DeadlineAwaited(
        deadline_id=stream,
        outcome=_OUTCOMES[end.rank],
        met_on=end.met_on if end.rank == 0 else None,
        successor_id=UUID(end.successor) if end.successor else None,
        reason=end.reason or None,
    )


def end_awaited(event: DeadlineAwaited) -> End:
    """The end that the event keeps."""
    return End(
        _OUTCOMES.index(event.outcome),
        met_on=event.met_on or date.max,
        successor=str(event.successor_id or ""),
        reason=event.reason or "",
    )


def ended(stream: UUID, clock: Clock, end: End) -> DeadlineEvent:
    """The event that ends an armed deadline; in time or late is judged by the date on which it was met."""
    if end.rank == 2:
        return DeadlineCancelled(deadline_id=stream, code=clock.code, reason=end.reason)
    if end.rank == 1:
        return DeadlineSuperseded(
            deadline_id=stream, code=clock.code, successor_id=UUID(end.successor), reason=end.reason
        )
    late = (end.met_on - clock.due_on).days
    if late <= 0:
        return DeadlineMet(deadline_id=stream, code=clock.code, due_on=clock.due_on, met_on=end.met_on)
    return DeadlineMetLate(
        deadline_id=stream, code=clock.code, due_on=clock.due_on, met_on=end.met_on, days_late=late
    )
