"""What an import tells of a subject's past, as the events of those days."""

from datetime import date, datetime
from typing import Any, assert_never

from services.trials.commands.subject_history import HistoryStep, RecordSubjectHistory, StatusTold
from services.trials.domain.breaks import Breaks, broken, deviation, left_before
from services.trials.domain.broken import in_future
from services.trials.domain.subject_state import Events, Subject, evolve
from services.trials.domain.subject_steps import moved, step
from services.trials.rules.subjects import TRANSITIONS
from shared.contracts.trials.subject import (
    SubjectDied,
    SubjectDosed,
    SubjectEligibilityDecided,
    SubjectEnrolled,
    SubjectRandomised,
    SubjectStatusChanged,
    SubjectVisitDone,
)

# Whoever is further on here has these behind them: an import says nothing against that.
_ON_THE_WAY: tuple[StatusTold, ...] = ("candidate", "screening", "eligible")


def told(subject: Subject, command: RecordSubjectHistory, now: datetime) -> Events:
    """The events of all steps that are not known yet.

    A step is marked where the record itself shows that it broke a rule: by its order, or by a day to come.
    Holds, targets, the site's activation and consents are not judged: the record tells of none of them.
    """
    events: Events = []
    for one in command.steps:
        for event in _told(subject, command, one, now):
            events.append(event)
            subject = evolve(subject, event)
    return events


def _told(subject: Subject, command: RecordSubjectHistory, one: HistoryStep, now: datetime) -> Events:
    ids = command.model_dump(include={"trial_id", "site_id", "subject_id", "source"})
    match one.kind:
        case "visit":
            if (one.code, one.on) in subject.visits:
                return []
            found = broken({**_gone(subject, one.on), "visit.in_future": in_future(one.on, now)})
            visit = SubjectVisitDone(**ids, visit=one.code or "", done_on=one.on, breaks=found.rules)
            return [visit, *deviation(subject, command, "visit", found, one.on, f"{one.code}|{one.on}")]
        case "dosed":
            if (one.on, one.until) in subject.given:
                return []
            early = subject.enrolled_on is None or one.on < subject.enrolled_on
            future = in_future(one.until or one.on, now)
            found = broken(
                {"subject.not_enrolled": early, **_gone(subject, one.on), "dose.in_future": future}
            )
            dosed = SubjectDosed(**ids, dosed_on=one.on, until=one.until, breaks=found.rules)
            raised = deviation(subject, command, "dose", found, one.on, f"{one.on}|{one.until}")
            return [dosed, *_moved(subject, command, dosed, one.on), *raised]
        case "enrolled":
            return _enrolled(subject, command, one, now, ids)
        case "randomised":
            if subject.randomised_on:
                return [] if subject.randomised_on == one.on else _contradicted(subject, command, one)
            randomised = SubjectRandomised(**ids, randomised_on=one.on)
            return [randomised, *_moved(subject, command, randomised, one.on)]
        case "died":
            if subject.died_on:
                return [] if subject.died_on == one.on else _contradicted(subject, command, one)
            died = SubjectDied(**ids, died_on=one.on)
            return [died, *_moved(subject, command, died, one.on, "death")]
        case "candidate" | "screening" | "eligible" | "ineligible" | "withdrawn" | "follow-up" | "off-study":
            return _status(subject, command, one.kind, one, ids)
        case _:
            assert_never(one.kind)


def _gone(subject: Subject, day: date) -> dict[str, bool]:
    """Whether the subject had died or left before that day."""
    died = subject.died_on is not None and day > subject.died_on
    return {"subject.died": died, "subject.left": left_before(subject, day) and not died}


def _enrolled(
    subject: Subject, command: RecordSubjectHistory, one: HistoryStep, now: datetime, ids: dict[str, Any]
) -> Events:
    if subject.enrolled_on:
        return [] if subject.enrolled_on == one.on else _contradicted(subject, command, one)
    found = broken(
        {
            "subject.not_eligible": subject.status in ("ineligible", "withdrawn"),
            "enrolment.in_future": in_future(one.on, now),
        }
    )
    enrolled = SubjectEnrolled(
        **ids,
        subject_code=command.subject_code,
        enrolled_on=one.on,
        identifiers=command.identifiers,
        breaks=found.rules,
    )
    moves = _moved(subject, command, enrolled, one.on)
    return [enrolled, *moves, *deviation(subject, command, "enrolment", found, one.on)]


def _status(
    subject: Subject,
    command: RecordSubjectHistory,
    after: StatusTold,
    one: HistoryStep,
    ids: dict[str, Any],
) -> Events:
    if (after, one.on) in subject.imported or after == subject.status:
        return []
    follows = subject.status is None or after in TRANSITIONS[subject.status]
    if not follows or (subject.moved_on is not None and one.on < subject.moved_on):
        return [] if after in _ON_THE_WAY else _contradicted(subject, command, one)
    code = command.subject_code if subject.code is None else None
    changed = step(subject, command, after, one.on, one.code, code).model_copy(
        update={"source": command.source, "identifiers": command.identifiers if code else ()}
    )
    if after not in ("eligible", "ineligible"):
        return [changed]
    decided = SubjectEligibilityDecided(**ids, eligible=after == "eligible", decided_on=one.on)
    return [decided, changed]


def _moved(
    subject: Subject, command: RecordSubjectHistory, event: Any, on: date, reason: str | None = None
) -> Events:
    found = moved(subject, command, event, on, reason)
    source = {"source": command.source}
    return [one.model_copy(update=source) for one in found if isinstance(one, SubjectStatusChanged)]


def _contradicted(subject: Subject, command: RecordSubjectHistory, one: HistoryStep) -> Events:
    """What was told before stands; a person has to say which of the two is true."""
    found, mark = Breaks(("history.contradicted",)), f"{command.source}|{one.kind}|{one.on}"
    return deviation(subject, command, "contradiction", found, one.on, mark)
