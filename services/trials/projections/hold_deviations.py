"""What rests on a hold alone: the deviations that nothing is left of where it is annulled."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.deviation import DeviationReported

Key = tuple[Any, ...]
_RULE = ".under_hold"


@dataclass(frozen=True, slots=True)
class HoldDeviations:
    """Those that rest on the hold, on other holds and on nothing else: each with all its holds."""

    table: ClassVar[str] = "hold_deviations"
    key: ClassVar[tuple[str, ...]] = ("hold_id",)
    hold_id: UUID
    trial_id: UUID | None = None
    deviations: dict[UUID, tuple[UUID, ...]] = field(default_factory=dict)


def hold_deviations_keys(message: Recorded[DeviationReported]) -> tuple[Key, ...]:
    event = message.data
    alone = all(rule.endswith(_RULE) for rule in event.rules)
    return tuple((hold,) for hold in dict.fromkeys(event.holds)) if alone else ()


def fold_hold_deviations(row: HoldDeviations | None, message: Recorded[Any], key: Key) -> HoldDeviations:
    """The row with one deviation more."""
    event = message.data
    known = row or HoldDeviations(key[0], event.trial_id)
    deviations = known.deviations | {event.deviation_id: event.holds}
    return replace(known, deviations=dict(sorted(deviations.items())))
