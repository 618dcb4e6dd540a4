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
from shared.contracts.trials.enrolment import Dimension


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
    shown: str | None = None
    n: int | None = None
    reached: float | None = None
    gap: float | None = None
    short_by: int | None = None


def shown_as(n: int | None, withheld: bool = False) -> str:
    """A count as a page writes it."""
    if n is None:
        return "withheld" if withheld else f"<{SMALLEST_SHOWN}"
    return str(n)


def gaps(goals: Iterable[SubgroupTarget], counted: SubgroupCounts | None) -> list[Gap]:
    """Each goal of a trial beside the latest count of the whole trial."""
    cells: dict[tuple[str, str], SubgroupCount] = {}
    for cell in counted.counts if counted else ():
        cells[cell.dimension, cell.band] = cell
    enrolled = counted.enrolled if counted else None
    return [_gap(goal, cells.get((goal.dimension, goal.band)), enrolled) for goal in goals]


def _gap(goal: SubgroupTarget, cell: SubgroupCount | None, enrolled: int | None) -> Gap:
    share, shows = goal.share, shown_as(cell.n, cell.withheld) if cell else None
    if cell is None or cell.n is None or share is None or not enrolled:
        return Gap(goal.dimension, goal.band, share, shows)
    reached = cell.n / enrolled
    # A hair less than the product: 0.1 of 70 subjects are seven, not eight.
    short_by = max(0, ceil(share * enrolled - 1e-9) - cell.n)
    lacking = round(share - reached, 4)
    return Gap(goal.dimension, goal.band, share, shows, cell.n, round(reached, 4), lacking, short_by)


def _told(command: RecordSubgroupCounts) -> SubgroupCountsRecorded:
    dimensions = sorted({cell.dimension for cell in command.counts})
    told = [cell for dimension in dimensions for cell in _cells(command, dimension)]
    about = command.model_dump(exclude={"counts", "enrolled"})
    return SubgroupCountsRecorded(**about, enrolled=shown(command.enrolled), counts=tuple(told))


def _cells(command: RecordSubgroupCounts, dimension: Dimension) -> list[SubgroupCount]:
    """The bands of a dimension; what is hidden is two bands and five subjects at least, or a sum betrays it.

    Subjects of no band hide nothing: that there are none of them may be known.
    """
    cells = sorted((cell for cell in command.counts if cell.dimension == dimension), key=lambda cell: cell.n)
    told: list[SubgroupCount] = []
    bands = subjects = 0
    for cell in cells:
        small = shown(cell.n) is None
        withheld = not small and bands > 0 and (bands < 2 or subjects < SMALLEST_SHOWN)
        if small or withheld:
            bands, subjects = bands + 1, subjects + cell.n
        n = None if small or withheld else cell.n
        told.append(SubgroupCount(dimension=dimension, band=cell.band, n=n, withheld=withheld))
    return sorted(told, key=lambda cell: cell.band)
