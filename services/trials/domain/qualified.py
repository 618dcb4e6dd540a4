"""On which days a person is qualified, and from when to when the people of a site are."""

from collections.abc import Iterable
from datetime import date, timedelta
from operator import attrgetter

from services.trials.projections.staff import Person, SiteStaff, Valid
from services.trials.rules.qualifications import REQUIRED
from shared.contracts.trials.investigator import Qualification, StaffRole

DAY = timedelta(days=1)
Run = tuple[date, date | None]


def runs(found: Iterable[Valid], kind: Qualification) -> list[Run]:
    """The spans of days on which this kind is valid without a gap, in order; None is an open end."""
    spans: list[Run] = []
    for one in sorted((v for v in found if v.kind == kind), key=attrgetter("valid_from")):
        begun, until = spans[-1] if spans else (None, None)
        if begun is None or (until is not None and one.valid_from > until + DAY):
            spans.append((one.valid_from, one.valid_to))
        else:
            last = None if until is None or one.valid_to is None else max(until, one.valid_to)
            spans[-1] = (begun, last)
    return spans


def run_on(spans: list[Run], on: date) -> Run | None:
    """The span that covers the day, else the next one, else the last one before it."""
    ahead = (span for span in spans if span[1] is None or on <= span[1])
    return next(ahead, spans[-1] if spans else None)


def trained(staff: SiteStaff, on: date) -> Run:
    """The days on which everybody with tasks shows all that their role asks for, as things stand on a day.

    It ends the day before tasks were delegated to somebody who shows nothing, or the day before `on` where
    nobody has tasks any more. Who has tasks only from a day to come asks for nothing before it: it ends the
    day before, if they would not be qualified on it. Where all tasks are to come it begins with the first.
    """
    begins: list[date] = []
    ends: list[date] = []
    coming: list[date] = []
    for person in staff.staff.values():
        if person.role is None or person.delegated_on is None or person.until is not None:
            continue
        day = person.delegated_on
        if day > on:
            coming.append(day)
        for first, last in _shown(person, person.role, day, max(day, on)):
            if day <= on:
                begins.append(first)
            lacking = day > on and not first <= day <= (last or date.max)
            ends.append(day - DAY if lacking else last or date.max)
    if coming and max(begins, default=date.max) >= min(coming):
        first, last = trained(staff, min(coming))
        return (max(first, min(coming)), last)
    if not begins:
        return (on - DAY, on - DAY)
    return (max(begins), None if min(ends) == date.max else min(ends))


def _shown(person: Person, role: StaffRole, delegated_on: date, on: date) -> list[Run]:
    nothing = (delegated_on, delegated_on - DAY)
    found = person.qualifications.values()
    return [run_on(runs(found, kind), on) or nothing for kind in REQUIRED[role]]
