"""A registered trial comes under its programme; preclinical work told of a day to come is a deviation."""

from uuid import uuid5

from services.trials.commands.deviation import ReportDeviation
from services.trials.commands.programme import AddProgrammeTrial
from services.trials.rules import NAMESPACE
from shared.contracts.message import Command, Facts, Recorded
from shared.contracts.trials.programme import PreclinicalMilestoneCompleted
from shared.contracts.trials.trial import TrialPlanRecorded, TrialRegistered

Taken = PreclinicalMilestoneCompleted | TrialPlanRecorded | TrialRegistered


def react(message: Recorded[Taken], facts: Facts) -> list[Command]:
    match message.data:
        case TrialRegistered() | TrialPlanRecorded() as event if event.programme_id:
            return [AddProgrammeTrial(programme_id=event.programme_id, added=event.trial_id)]
        case PreclinicalMilestoneCompleted() as event if event.breaks:
            return [
                ReportDeviation(
                    deviation_id=uuid5(NAMESPACE, f"programme|{message.id}|{trial_id}"),
                    trial_id=trial_id,
                    category="programme",
                    rules=event.breaks,
                    occurred_on=event.completed_on,
                    cause=message.id,
                )
                for trial_id in event.trial_ids
            ]
        case _:
            return []
