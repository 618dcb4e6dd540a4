"""The days of a subject's steps: none that is asked for lies ahead, and a mistyped one holds nobody up."""

from dataclasses import replace
from datetime import datetime

from services.trials.commands.subject import DoseSubject, OfSubject, RandomiseSubject
from services.trials.commands.subject_steps import ChangeSubjectStatus, DecideEligibility, StartScreening
from services.trials.domain.broken import in_future
from services.trials.domain.subject_state import Subject
from shared.contracts.message import Refusal

_DAY: dict[type[OfSubject], str] = {
    StartScreening: "screened_on",
    DecideEligibility: "decided_on",
    ChangeSubjectStatus: "changed_on",
    RandomiseSubject: "randomised_on",
    DoseSubject: "dose_on",
}


def to_come(subject: Subject, command: OfSubject, now: datetime) -> Refusal | None:
    """The refusal of a request for a day that has not come anywhere: it is asked for once it has."""
    field = _DAY.get(type(command))
    if field is None or not in_future(getattr(command, field), now):
        return None
    return Refusal("subject.date_in_future", "that day has not come anywhere", subject.status, field)


def without_days_to_come(subject: Subject, now: datetime) -> Subject:
    """The subject whose last step, where it was told of a day to come, holds up no other step."""
    mistold = subject.moved_on is not None and in_future(subject.moved_on, now)
    return replace(subject, moved_on=None) if mistold else subject
