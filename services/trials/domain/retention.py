"""What a trial's records are kept by: rules with their periods, and legal holds."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from services.trials.commands import PlaceLegalHold, ReleaseLegalHold, SetRetention
from services.trials.retention import CONTRACT, PERIODS, last_day
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials import (
    LegalHoldPlaced,
    LegalHoldReleased,
    RetentionEvent,
    RetentionRule,
    RetentionSet,
)

RetentionCommand = SetRetention | PlaceLegalHold | ReleaseLegalHold


@dataclass(frozen=True)
class Keeping:
    """The rules stated, each with anchor and last day, and legal holds by id; True while they apply."""

    rules: dict[RetentionRule, tuple[date | None, date | None]] = field(default_factory=dict)
    holds: dict[UUID, bool] = field(default_factory=dict)


def decide(
    keeping: Keeping, command: RetentionCommand | Wake, facts: Facts, now: datetime
) -> list[RetentionEvent] | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case SetRetention():
            return _set(keeping, command)
        case PlaceLegalHold(legal_hold_id=hold):
            placed = LegalHoldPlaced(**command.model_dump(exclude={"meaning"}))
            return [] if hold in keeping.holds else [placed]
        case ReleaseLegalHold(legal_hold_id=hold):
            if hold not in keeping.holds:
                return Refusal("legal_hold.unknown", "there is no such legal hold", None, "legal_hold_id")
            released = LegalHoldReleased(**command.model_dump(exclude={"meaning"}))
            return [released] if keeping.holds[hold] else []
        case Wake():
            return []
        case _:
            assert_never(command)


def _set(keeping: Keeping, command: SetRetention) -> list[RetentionEvent]:
    period = PERIODS.get(command.rule)
    until = command.until
    if period and command.anchored_on:
        until = last_day(command.anchored_on, period.years)
    if keeping.rules.get(command.rule) == (command.anchored_on, until):
        return []
    return [
        RetentionSet(
            trial_id=command.trial_id,
            rule=command.rule,
            citation=period.citation if period else CONTRACT,
            verified=period.verified if period else True,
            anchored_on=command.anchored_on,
            until=until,
        )
    ]


def evolve(keeping: Keeping, event: RetentionEvent) -> Keeping:
    match event:
        case RetentionSet(rule=rule, anchored_on=anchored_on, until=until):
            return replace(keeping, rules=keeping.rules | {rule: (anchored_on, until)})
        case LegalHoldPlaced(legal_hold_id=hold):
            return replace(keeping, holds=keeping.holds | {hold: True})
        case LegalHoldReleased(legal_hold_id=hold):
            return replace(keeping, holds=keeping.holds | {hold: False})
        case _:
            assert_never(event)
