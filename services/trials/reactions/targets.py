"""An enrolment by which a target is reached: the trial's targets are looked at again."""

from typing import Any

from services.trials.commands.enrolment import ReviewEnrolment
from services.trials.domain.enrolment import enrolled
from services.trials.projections.enrolment_guards import EnrolmentCount, EnrolmentTargets
from services.trials.projections.guards import TrialSites
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.subject import SubjectEnrolled

EVENTS = (SubjectEnrolled,)


def needs(message: Recorded[Any]) -> tuple[Need, ...]:
    match message.data:
        case SubjectEnrolled(trial_id=trial):
            rows = (EnrolmentCount, EnrolmentTargets, TrialSites)
            return tuple(Need(row, (trial,)) for row in rows)
        case _:
            return ()


def react(message: Recorded[Any], facts: Facts) -> list[Command]:
    match message.data:
        case SubjectEnrolled(trial_id=trial, enrolled_on=day):
            targets = facts.get(EnrolmentTargets, trial)
            counts = enrolled(facts.get(EnrolmentCount, trial), facts.get(TrialSites, trial))
            # Others may have enrolled since: a count beyond the target may have passed it just now.
            met = targets and any(counts.get((t.level, t.scope), 0) >= t.target for t in targets.all())
            return [ReviewEnrolment(trial_id=trial, on=day)] if met else []
        case _:
            return []
