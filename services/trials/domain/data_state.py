"""What decisions need of a trial's data, and how their events change that."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from shared.contracts.trials.data import (
    CleaningStarted,
    CrfReleased,
    DatabaseLocked,
    DatabaseUnlocked,
    DataEvent,
    DataSoftLocked,
    DataStatus,
    LastVisitRecorded,
    TmfCompleted,
)
from shared.contracts.trials.deviation import DeviationReported

Events = list[DataEvent | DeviationReported]


@dataclass(frozen=True)
class Data:
    """`forms`: the versions of each form in the order of their release; `locked_on`: of a lock for good."""

    status: DataStatus = "open"
    locks: int = 0
    locked_on: date | None = None
    forms: Mapping[str, tuple[CrfReleased, ...]] = field(default_factory=dict)
    last_visit_on: date | None = None
    tmf: TmfCompleted | None = None


def evolve(data: Data, event: DataEvent | DeviationReported) -> Data:
    match event:
        case CrfReleased(form=form):
            return replace(data, forms={**data.forms, form: (*data.forms.get(form, ()), event)})
        case CleaningStarted():
            return replace(data, status="cleaning")
        case DataSoftLocked():
            return replace(data, status="soft_locked")
        case DatabaseLocked(lock=lock, locked_on=day, interim=interim):
            return replace(data, status="locked", locks=lock, locked_on=None if interim else day)
        case DatabaseUnlocked():
            return replace(data, status="unlocked", locked_on=None)
        case LastVisitRecorded(visited_on=day):
            return replace(data, last_visit_on=day)
        case TmfCompleted():
            return replace(data, tmf=event)
        case DeviationReported():
            return data
        case _:
            assert_never(event)
