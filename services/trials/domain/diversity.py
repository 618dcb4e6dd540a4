"""Subgroups as they were counted, without the numbers of small ones, and what is lacking of goals."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import assert_never

from services.trials.commands.diversity import RecordSubgroupCounts
from services.trials.projections.enrolment import SubgroupCounts, SubgroupTarget
from services.trials.rules.enrolment import SMALLEST_SHOWN
from shared.contracts.message import Facts, Wake
from shared.contracts.trials.diversity import SubgroupCount, SubgroupCountsRecorded


@dataclass(frozen=True)
class Subgroups:
    """The latest count."""

    latest: SubgroupCountsRecorded | None = None

    @property
    def as_of(self) -> date:
        return self.latest.as_of if self.latest else date.min


def decide(
    subgroups: Subgroups, command: RecordSubgroupCounts | Wake, facts: Facts, now: datetime
) -> list[SubgroupCountsRecorded]:
    """The events of a report; a repeated or an older one causes none."""
    match command:
        case RecordSubgroupCounts():
            told = _told(command)
            return [] if told.as_of < subgroups.as_of or told == subgroups.latest else [told]
        case Wake():
            return []
        case _:
            assert_never(command)


def evolve(subgroups: Subgroups, event: SubgroupCountsRecorded) -> Subgroups:
    return Subgroups(event)


def shown(n: int) -> int | None:
    """The count where it is large enough to be told, else nothing: 0 and 4 look the same."""
    return n if n >= SMALLEST_SHOWN else None


@dataclass(frozen=True)
class Gap:
    """A goal beside what was counted: shares are ratios, `short_by` subjects; None where counts are small.

    `gap` is the share that is lacking, below zero where there are more than asked for.
    """

    dimension: str
    band: str
    share: float | None
    n: int | None = None
    reached: float | None = None
    gap: float | None = None
    short_by: int | None = None


def gaps(goals: Iterable[SubgroupTarget], counted: SubgroupCounts | None) -> list[Gap]:
    """Each goal of a trial beside the latest count of the whole trial."""
    cells: dict[tuple[str, str], int | None] = {}
    for cell in counted.counts if counted else ():
        cells[cell.dimension, cell.band] = cell.n
    return [_gap(goal, cells.get((goal.dimension, goal.band)), counted) for goal in goals]


def _gap(goal: SubgroupTarget, n: int | None, counted: SubgroupCounts | None) -> Gap:
    share = goal.share
    if n is None or share is None or counted is None or not counted.enrolled:
        return Gap(goal.dimension, goal.band, share, n)
    reached = n / counted.enrolled
    # A hair less than the product: 0.1 of 30 subjects are three, not four.
    short_by = max(0, ceil(share * counted.enrolled - 1e-9) - n)
    return Gap(goal.dimension, goal.band, share, n, round(reached, 4), round(share - reached, 4), short_by)


def _told(command: RecordSubgroupCounts) -> SubgroupCountsRecorded:
    cells = [
        SubgroupCount(dimension=cell.dimension, band=cell.band, n=shown(cell.n)) for cell in command.counts
    ]
    ordered = sorted(cells, key=lambda cell: (cell.dimension, cell.band))
    about = command.model_dump(exclude={"counts", "enrolled"})
    return SubgroupCountsRecorded(**about, enrolled=shown(command.enrolled), counts=tuple(ordered))
