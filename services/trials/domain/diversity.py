"""Subgroups as they were counted: small counts lose their number before they become an event."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never

from services.trials.commands.diversity import RecordSubgroupCounts
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


def _told(command: RecordSubgroupCounts) -> SubgroupCountsRecorded:
    cells = [
        SubgroupCount(dimension=cell.dimension, band=cell.band, n=shown(cell.n)) for cell in command.counts
    ]
    ordered = sorted(cells, key=lambda cell: (cell.dimension, cell.band))
    about = command.model_dump(exclude={"counts", "enrolled"})
    return SubgroupCountsRecorded(**about, enrolled=shown(command.enrolled), counts=tuple(ordered))
