"""The rows of targets reached, goals by subgroup and counts of subgroups, behind the pages of enrolment."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from services.trials.projections.enrolment_guards import scope_of
from shared.contracts.message import Recorded
from shared.contracts.trials.diversity import SubgroupCount, SubgroupCountsRecorded
from shared.contracts.trials.enrolment import EnrolmentTargetReached, SubgroupTargetSet

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class TargetReached:
    """The last target of a level that was reached, and on which day."""

    table: ClassVar[str] = "target_reached"
    key: ClassVar[tuple[str, ...]] = ("trial_id", "level", "scope")
    trial_id: UUID
    level: str
    scope: str
    target: int | None = None
    enrolled: int | None = None
    reached_on: date | None = None


@dataclass(frozen=True, slots=True)
class SubgroupTarget:
    """The share (ratio) of a trial's subjects that a subgroup shall have."""

    table: ClassVar[str] = "subgroup_target"
    key: ClassVar[tuple[str, ...]] = ("trial_id", "dimension", "band")
    trial_id: UUID
    dimension: str
    band: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class SubgroupCounts:
    """The latest count of subgroups of a trial, a country or a site; small counts have no number."""

    table: ClassVar[str] = "subgroup_counts"
    key: ClassVar[tuple[str, ...]] = ("scope", "trial_id")
    scope: str
    trial_id: UUID
    country: str | None = None
    site_id: UUID | None = None
    as_of: date | None = None
    source: str | None = None
    enrolled: int | None = None
    counts: tuple[SubgroupCount, ...] = ()


def reached_keys(message: Recorded[EnrolmentTargetReached]) -> tuple[Key, ...]:
    event = message.data
    return ((event.trial_id, event.level, scope_of(event.country, event.site_id)),)


def fold_reached(row: TargetReached | None, message: Recorded[Any], key: Key) -> TargetReached:
    event = message.data
    told = event.model_dump(include={"target", "enrolled", "reached_on"})
    return replace(TargetReached(*key), **told)


def subgroup_target_keys(message: Recorded[SubgroupTargetSet]) -> tuple[Key, ...]:
    return ((message.data.trial_id, message.data.dimension, message.data.band),)


def fold_subgroup_target(
    row: SubgroupTarget | None, message: Recorded[Any], key: Key
) -> SubgroupTarget | None:
    share = message.data.share
    return None if share is None else replace(SubgroupTarget(*key), share=share)


def subgroup_counts_keys(message: Recorded[SubgroupCountsRecorded]) -> tuple[Key, ...]:
    event = message.data
    return ((scope_of(event.country, event.site_id), event.trial_id),)


def fold_subgroup_counts(row: SubgroupCounts | None, message: Recorded[Any], key: Key) -> SubgroupCounts:
    event = message.data
    told = event.model_dump(exclude={"trial_id", "counts"})
    return replace(SubgroupCounts(*key), **told, counts=event.counts)
