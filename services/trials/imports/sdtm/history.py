"""What the rows of one subject make of its history: the steps, in the order of their days."""

from datetime import date

from services.trials.commands.subject_history import HistoryStep, StepKind
from services.trials.imports.sdtm.record import (
    CONSENTED,
    DEATH,
    ELIGIBLE,
    ENTERED,
    RANDOMISED,
    SCREEN_FAILURE,
    SubjectRecord,
)
from services.trials.imports.sdtm.words import reason_of

# What comes first of what has the same day.
_ORDER: tuple[StepKind, ...] = (
    "candidate",
    "screening",
    "visit",
    "eligible",
    "ineligible",
    "enrolled",
    "randomised",
    "dosed",
    "withdrawn",
    "follow-up",
    "off-study",
    "died",
)


def steps(record: SubjectRecord) -> tuple[HistoryStep, ...]:
    """The steps of a subject; none where the tables have no day of it.

    Registered on the day that DS has for it, else randomised, else first dosed; eligible by that day where no
    milestone says more. The last disposition says why the subject left: on that day, and where visits or
    doses go on after it, into follow-up, off the study on the last day that any table has.
    """
    visits = [HistoryStep(kind="visit", on=day, code=name) for day, name in sorted(set(record.visits))]
    doses = [HistoryStep(kind="dosed", on=day, until=until) for day, until in _doses(record)]
    registered = _registered(record)
    known = (record.began_on, registered, *(one.on for one in (*visits, *doses)))
    left_on = [day for day, _ in record.dispositions]
    days = [day for day in (*known, *left_on, record.died_on) if day]
    consented = record.milestones.get(CONSENTED) or record.consented_on
    if not days and consented is None:
        return ()
    screened = min(days, default=consented or date.max)
    first = min(screened, consented) if consented else screened
    found = [HistoryStep(kind="candidate", on=first), HistoryStep(kind="screening", on=screened)]
    if registered:
        eligible = max(screened, min(record.milestones.get(ELIGIBLE, registered), registered))
        found += [HistoryStep(kind="eligible", on=eligible), HistoryStep(kind="enrolled", on=registered)]
    if randomised := record.milestones.get(RANDOMISED):
        found.append(HistoryStep(kind="randomised", on=randomised))
    found += [*visits, *doses, *_left(record, registered, _last_day(record))]
    return tuple(sorted(found, key=lambda one: (one.on, _ORDER.index(one.kind))))


def _doses(record: SubjectRecord) -> list[tuple[date, date | None]]:
    return sorted(set(record.doses), key=lambda dose: (dose[0], dose[1] or dose[0]))


def _registered(record: SubjectRecord) -> date | None:
    for milestone in (*ENTERED, RANDOMISED):
        if day := record.milestones.get(milestone):
            return day
    failed = any(term == SCREEN_FAILURE for _, term in record.dispositions)
    return None if failed else min((day for day, _ in record.doses), default=None)


def _last_day(record: SubjectRecord) -> date | None:
    seen = [day for day, _ in record.visits] + [until or day for day, until in record.doses]
    return max([*seen, record.ended_on] if record.ended_on else seen, default=None)


def _left(record: SubjectRecord, registered: date | None, last: date | None) -> list[HistoryStep]:
    ends = sorted(record.dispositions)
    died = record.died_on or next((day for day, term in ends if term == DEATH), None)
    gone = [HistoryStep(kind="died", on=died)] if died else []
    told = [(day, term) for day, term in ends if term != DEATH]
    if not told:
        return gone
    (first_on, first), (last_on, reason) = told[0], told[-1]
    if registered is None:
        if died:
            return gone
        failed = reason == SCREEN_FAILURE
        kind: StepKind = "ineligible" if failed else "withdrawn"
        return [HistoryStep(kind=kind, on=last_on, code=reason_of(reason))]
    if died:
        before = first_on < died
        return [HistoryStep(kind="follow-up", on=first_on, code=reason_of(first))] * before + gone
    off = max(last_on, last or last_on)
    followed = first_on < off
    return [
        *[HistoryStep(kind="follow-up", on=first_on, code=reason_of(first))] * followed,
        HistoryStep(kind="off-study", on=off, code=reason_of(reason)),
    ]
