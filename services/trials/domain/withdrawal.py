"""A subject withdraws, from what the scopes name."""

from services.trials.commands.subject import WithdrawSubject
from services.trials.domain.breaks import Breaks, deviation
from services.trials.domain.subject_state import Events, Subject
from services.trials.domain.subject_steps import moved
from services.trials.rules.subjects import UNSAID
from shared.contracts.trials.subject import SubjectWithdrawn


def withdraw(subject: Subject, command: WithdrawSubject) -> Events:
    """The withdrawal, the status that it leads to, and a deviation where nobody had told of the subject."""
    if subject.withdrawn >= set(command.scopes) and command.reason in (None, subject.withdrawn_for):
        return []
    # Whoever is known leaves before registration as well; whom nobody told of was taken for enrolled.
    found = Breaks(() if subject.status else ("subject.not_enrolled",))
    withdrawn = SubjectWithdrawn(**command.model_dump(), breaks=found.rules)
    left = moved(subject, command, withdrawn, command.withdrawn_on, command.reason or UNSAID)
    return [withdrawn, *left, *deviation(subject, command, "withdrawal", found, command.withdrawn_on)]
