"""An enrolment by which a target is reached: the trial's targets are looked at again."""

from services.trials.commands.enrolment import ReviewEnrolment
from services.trials.domain.enrolment import enrolled
from services.trials.projections.enrolment_guards import EnrolmentCount, EnrolmentTargets
from services.trials.projections.guards import TrialSites
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.subject import SubjectEnrolled


def needs(message: Recorded[SubjectEnrolled]) -> tuple[Need, ...]:
    rows = (EnrolmentCount, EnrolmentTargets, TrialSites)
    return tuple(Need(row, (message.data.trial_id,)) for row in rows)


def react(message: Recorded[SubjectEnrolled], facts: Facts) -> list[Command]:
    trial, targets = message.data.trial_id, facts.get(EnrolmentTargets, message.data.trial_id)
    counts = enrolled(facts.get(EnrolmentCount, trial), facts.get(TrialSites, trial))
    # Others may have enrolled since: a count beyond the target may have passed it just now.
    met = targets and any(counts.get((t.level, t.scope), 0) >= t.target for t in targets.all())
    return [ReviewEnrolment(trial_id=trial, on=message.data.enrolled_on)] if met else []
