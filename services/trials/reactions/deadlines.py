"""A deadline missed anywhere is a deviation of its trial."""

from services.trials.commands.deviation import ReportDeviation
from services.trials.reactions import ids
from shared.contracts.deadline import DeadlineMissed
from shared.contracts.message import Command, Facts, Recorded


def react(message: Recorded[DeadlineMissed], facts: Facts) -> list[Command]:
    """The deviation of a missed deadline; one that belongs to no trial is none of a trial's."""
    event = message.data
    if message.trial_id is None:
        return []
    return [
        ReportDeviation(
            deviation_id=ids.missed(event.deadline_id),
            trial_id=message.trial_id,
            category="deadline_missed",
            rules=(event.code,),
            citation=event.citation,
            occurred_on=event.due_on,
            cause=event.deadline_id,
        )
    ]
