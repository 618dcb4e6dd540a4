"""The clock of a person's qualifications: a warning 60 and 30 days before their end, and the end itself."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import get_args

from services.trials.domain.investigator_state import Investigator
from services.trials.domain.qualified import runs
from services.trials.projections.staff import Valid
from services.trials.rules.qualifications import WARN_AT
from shared.contracts.trials.investigator import (
    InvestigatorEvent,
    Qualification,
    TrainingExpired,
    TrainingExpiring,
)
from shared.rules.dates import local_date, start_of_day

KINDS: tuple[Qualification, ...] = get_args(Qualification)


def look(person: Investigator, now: datetime) -> list[InvestigatorEvent]:
    """What the local day makes of the qualifications of somebody who serves."""
    if person.added is None or person.until is not None:
        return []
    today = local_date(now, person.added.zone)
    about = {name: getattr(person.added, name) for name in ("trial_id", "site_id", "investigator_id")}
    events: list[InvestigatorEvent] = []
    for kind, end in _ends(person):
        left = (end - today).days
        if left < 0 and (kind, end, 0) not in person.warned:
            events.append(TrainingExpired(**about, kind=kind, valid_to=end))
        elif left >= 0 and any(left <= days and (kind, end, days) not in person.warned for days in WARN_AT):
            events.append(TrainingExpiring(**about, kind=kind, valid_to=end, days_left=left))
    return events


def wake_at(person: Investigator) -> datetime | None:
    """UTC: the local midnight that begins the next day to warn on, or the day after an end."""
    if person.added is None or person.until is not None:
        return None
    days = [
        end - timedelta(days=before) if before else end + timedelta(days=1)
        for kind, end in _ends(person)
        for before in (*WARN_AT, 0)
        if not any((kind, end, told) in person.warned for told in (*WARN_AT, 0) if told <= before)
    ]
    return start_of_day(min(days), person.added.zone) if days else None


def _ends(person: Investigator) -> Iterator[tuple[Qualification, date]]:
    """The last days of each kind that are to be told of.

    An end from before the kind was last recorded counts only where nothing has followed it.
    """
    found = [Valid(q.kind, q.valid_from, q.valid_to) for q in person.qualifications.values()]
    for kind in KINDS:
        spans = runs(found, kind)
        for span in spans:
            if span[1] is not None and (span[1] >= person.looked[kind] or span == spans[-1]):
                yield kind, span[1]
