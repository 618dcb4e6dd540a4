"""Rows of structured criteria and of matchings."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.matching import CriteriaRecorded, Criterion, MatchingRun

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CriteriaRow:
    """The criteria of a trial that count now."""

    table: ClassVar[str] = "criteria"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    protocol_version: str | None = None
    criteria: tuple[Criterion, ...] = ()
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MatchingRow:
    """One matching: counts of candidates, and by criterion."""

    table: ClassVar[str] = "matching"
    key: ClassVar[tuple[str, ...]] = ("run_id",)
    run_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    protocol_version: str | None = None
    candidates: int = 0
    eligible: int = 0
    ineligible: int = 0
    undecided: int = 0
    failed: dict[str, int] | None = None
    unknown: dict[str, int] | None = None
    run_at: datetime | None = None


def criteria_keys(message: Recorded[CriteriaRecorded]) -> tuple[Key, ...]:
    return ((message.data.trial_id,),)


def fold_criteria(row: CriteriaRow | None, message: Recorded[Any], key: Key) -> CriteriaRow:
    event = message.data
    return CriteriaRow(key[0], event.protocol_version, event.criteria, message.time)


def matching_keys(message: Recorded[MatchingRun]) -> tuple[Key, ...]:
    return ((message.data.run_id,),)


def fold_matching(row: MatchingRow | None, message: Recorded[Any], key: Key) -> MatchingRow:
    return replace(MatchingRow(**message.data.model_dump()), run_at=message.time)
