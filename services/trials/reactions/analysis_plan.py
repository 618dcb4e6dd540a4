"""The lock of the database is the milestone that an analysis plan has to come before."""

from services.trials.commands.analysis_plan import RecordAnalysisMilestone
from shared.contracts.message import Command, Facts, Recorded
from shared.contracts.trials.data import DatabaseLocked


def react(message: Recorded[DatabaseLocked], facts: Facts) -> list[Command]:
    """From the first lock on results could be seen: no later one makes a plan come before them."""
    event = message.data
    if event.lock != 1:
        return []
    attested = {one.name: one.document_ref for one in event.preconditions}
    return [
        RecordAnalysisMilestone(
            trial_id=event.trial_id,
            milestone="database_lock",
            reached_on=event.locked_on,
            plan_ref=attested.get("sap_approved"),
        )
    ]
