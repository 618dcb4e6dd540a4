"""What decisions need of a person at a site, and how its events change that."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from services.trials.rules.qualifications import WARN_AT
from shared.contracts.trials.investigator import (
    InvestigatorAdded,
    InvestigatorEvent,
    InvestigatorLeft,
    Qualification,
    QualificationRecorded,
    TasksDelegated,
    TrainingExpired,
    TrainingExpiring,
)


@dataclass(frozen=True)
class Investigator:
    """`looked` is the local day on which each kind was last recorded: ends from that day on are to be told.

    `warned` are the ends that were warned of, each with the days before it; 0 is the end itself.
    """

    added: InvestigatorAdded | None = None
    until: date | None = None
    delegated: TasksDelegated | None = None
    qualifications: Mapping[UUID, QualificationRecorded] = field(default_factory=dict)
    looked: Mapping[Qualification, date] = field(default_factory=dict)
    warned: frozenset[tuple[Qualification, date, int]] = frozenset()


def evolve(person: Investigator, event: InvestigatorEvent) -> Investigator:
    match event:
        case InvestigatorAdded():
            return replace(person, added=event)
        case InvestigatorLeft(until=day):
            return replace(person, until=day)
        case QualificationRecorded(qualification_id=id_, kind=kind, recorded_on=day):
            known = dict(person.qualifications) | {id_: event}
            return replace(person, qualifications=known, looked=dict(person.looked) | {kind: day})
        case TasksDelegated():
            return replace(person, delegated=event)
        case TrainingExpiring(kind=kind, valid_to=end, days_left=left):
            passed = {(kind, end, days) for days in WARN_AT if left <= days}
            return replace(person, warned=person.warned | passed)
        case TrainingExpired(kind=kind, valid_to=end):
            return replace(person, warned=person.warned | {(kind, end, 0)})
        case _:
            assert_never(event)
