"""What keeps a trial's records, as erasures read it: rules with their last day, and legal holds."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials import LegalHoldPlaced, LegalHoldReleased, RetentionRule, RetentionSet

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A rule by which the trial's records are kept, and the last day, none while that is not known."""

    rule: RetentionRule
    citation: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class LegalHold:
    """A legal hold on a trial, or on one of its subjects."""

    legal_hold_id: UUID
    subject_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """What keeps a trial's records from being erased."""

    table: ClassVar[str] = "retention"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    kept: tuple[Kept, ...] = ()
    legal_holds: tuple[LegalHold, ...] = ()


def retention_keys(message: Recorded[Any]) -> tuple[Key, ...]:
    match message.data:
        case RetentionSet() | LegalHoldPlaced() | LegalHoldReleased():
            return ((message.data.trial_id,),)
        case _:
            return ()


def fold_retention(row: Retention | None, message: Recorded[Any], key: Key) -> Retention:
    """The row after an event; rules by name and holds by id, so that their order does not matter."""
    row = row or Retention(key[0])
    match message.data:
        case RetentionSet(rule=rule, citation=citation, until=until):
            others = [kept for kept in row.kept if kept.rule != rule]
            kept = sorted([*others, Kept(rule, citation, until)], key=lambda one: one.rule)
            return replace(row, kept=tuple(kept))
        case LegalHoldPlaced(legal_hold_id=hold, subject_id=subject):
            holds = {*row.legal_holds, LegalHold(hold, subject)}
            return replace(row, legal_holds=tuple(sorted(holds, key=lambda one: one.legal_hold_id)))
        case LegalHoldReleased(legal_hold_id=hold):
            left = tuple(one for one in row.legal_holds if one.legal_hold_id != hold)
            return replace(row, legal_holds=left)
        case _:
            return row
