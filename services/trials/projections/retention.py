"""What keeps a trial's records, as erasures read it: rules with their last day, and legal holds."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.keeping import LegalHoldPlaced, LegalHoldReleased, RetentionRule, RetentionSet

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A rule by which the trial's records are kept, and the last day, none while that is not known.

    `set_by`: who last made the period shorter.
    """

    rule: RetentionRule
    citation: str
    until: date | None = None
    set_by: str | None = None


@dataclass(frozen=True, slots=True)
class LegalHold:
    """A legal hold on a trial, or on one of its subjects."""

    legal_hold_id: UUID
    subject_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """A legal hold that applies no more, with its scope, and who released it."""

    legal_hold_id: UUID
    subject_id: UUID | None
    released_by: str


@dataclass(frozen=True, slots=True)
class Retention:
    """What keeps a trial's records from being erased."""

    table: ClassVar[str] = "retention"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    kept: tuple[Kept, ...] = ()
    legal_holds: tuple[LegalHold, ...] = ()
    released: tuple[Released, ...] = ()


def retention_keys(message: Recorded[RetentionSet | LegalHoldPlaced | LegalHoldReleased]) -> tuple[Key, ...]:
    return ((message.data.trial_id,),)


def fold_retention(row: Retention | None, message: Recorded[Any], key: Key) -> Retention:
    """The row after an event; rules by name and holds by id, so that their order does not matter."""
    row = row or Retention(key[0])
    match message.data:
        case RetentionSet(rule=rule, citation=citation, until=until, set_by=who):
            kept = {one.rule: one for one in row.kept}
            before = kept[rule].set_by if rule in kept else None
            kept[rule] = Kept(rule, citation, until, who or before)
            return replace(row, kept=tuple(kept[name] for name in sorted(kept)))
        case LegalHoldPlaced(legal_hold_id=hold, subject_id=subject):
            holds = {*row.legal_holds, LegalHold(hold, subject)}
            return replace(row, legal_holds=tuple(sorted(holds, key=lambda one: one.legal_hold_id)))
        case LegalHoldReleased(legal_hold_id=hold, released_by=who):
            left = tuple(one for one in row.legal_holds if one.legal_hold_id != hold)
            gone = {Released(hold, one.subject_id, who) for one in {*row.legal_holds} - {*left} if who}
            released = sorted({*row.released, *gone}, key=lambda one: one.legal_hold_id)
            return replace(row, legal_holds=left, released=tuple(released))
        case _:
            return row
