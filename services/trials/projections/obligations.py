"""The rows of transferred obligations: who carries each, and the periods behind it."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, assert_never
from uuid import UUID

from services.trials.domain.obligations_state import Period, with_agreed
from shared.contracts.message import Recorded
from shared.contracts.trials.obligation import (
    ObligationAgreed,
    ObligationEvent,
    ObligationReturned,
    ObligationTransferred,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ObligationRow:
    """One obligation of a trial; `organisation_id` carries it now, without one the sponsor does."""

    table: ClassVar[str] = "obligation"
    key: ClassVar[tuple[str, ...]] = ("trial_id", "obligation")
    trial_id: UUID
    obligation: str
    organisation_id: UUID | None = None
    zone: str | None = None
    periods: tuple[Period, ...] = ()
    spoken: bool = False


def obligation_keys(message: Recorded[ObligationEvent]) -> tuple[Key, ...]:
    return ((message.data.trial_id, message.data.obligation),)


def fold_obligation(row: ObligationRow | None, message: Recorded[Any], key: Key) -> ObligationRow:
    """The obligation after an event of the ledger; `spoken` once a transfer or a return has taken effect."""
    known = row or ObligationRow(*key)
    event: ObligationEvent = message.data
    match event:
        case ObligationAgreed(zone=zone):
            return replace(known, zone=zone, periods=with_agreed(known.periods, event))
        case ObligationTransferred(organisation_id=to):
            return replace(known, organisation_id=to, spoken=True)
        case ObligationReturned():
            return replace(known, organisation_id=None, spoken=True)
        case _:
            assert_never(event)
