"""A deviation from a rule, reported once, annulled where a correction shows that there was none."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from services.trials.commands.deviation import AnnulDeviation, ReportDeviation
from shared.contracts.message import Facts, Wake
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported

DeviationEvent = DeviationReported | DeviationAnnulled


@dataclass(frozen=True)
class Deviation:
    """Whether it was reported, and whether it still counts."""

    reported: bool = False
    annulled: bool = False


def decide(
    deviation: Deviation, command: ReportDeviation | AnnulDeviation | Wake, facts: Facts, now: datetime
) -> list[DeviationEvent]:
    """The events of a report; repeating one causes none."""
    match command:
        case ReportDeviation() if not deviation.reported:
            return [DeviationReported(**command.model_dump())]
        case AnnulDeviation() if not deviation.annulled:
            return [
                DeviationAnnulled(
                    deviation_id=command.deviation_id, trial_id=command.trial_id, reason=command.reason
                )
            ]
        case ReportDeviation() | AnnulDeviation() | Wake():
            return []
        case _:
            assert_never(command)


def evolve(deviation: Deviation, event: DeviationEvent) -> Deviation:
    match event:
        case DeviationReported():
            return replace(deviation, reported=True)
        case DeviationAnnulled():
            return replace(deviation, annulled=True)
        case _:
            assert_never(event)
