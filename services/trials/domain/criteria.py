"""The structured criteria of a trial; the latest recorded ones count."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from services.trials.commands.matching import RecordCriteria
from services.trials.domain.lifecycle import finished
from services.trials.projections.guards import TrialGuard
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.matching import CriteriaRecorded, Criterion


@dataclass(frozen=True)
class Criteria:
    """What was recorded last."""

    latest: CriteriaRecorded | None = None


def decide(
    state: Criteria, command: RecordCriteria | Wake, facts: Facts, now: datetime
) -> list[CriteriaRecorded] | Refusal:
    """The event of a command; repeating one that took effect causes none."""
    match command:
        case RecordCriteria():
            trial = facts.get(TrialGuard, command.trial_id)
            if refusal := finished(trial):
                return refusal
            criteria = tuple(Criterion(**given.model_dump()) for given in command.criteria)
            recorded = CriteriaRecorded(
                trial_id=command.trial_id, protocol_version=command.protocol_version, criteria=criteria
            )
            return [] if recorded == state.latest else [recorded]
        case Wake():
            return []
        case _:
            assert_never(command)


def evolve(state: Criteria, event: CriteriaRecorded) -> Criteria:
    return replace(state, latest=event)
