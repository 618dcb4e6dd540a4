"""The signed sample sizes of a trial, each beside what our own formula makes of its assumptions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.trials.commands.statistics import SignDesignInput
from services.trials.projections.design import TrialArms
from services.trials.projections.protocol_guards import TrialProtocol
from services.trials.rules.protocol import GIVEN_UP
from services.trials.rules.sample_size import Assumptions, Size, recompute
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.statistics import DesignInputSigned


@dataclass(frozen=True)
class Statistics:
    """The inputs signed, and by endpoint the one that counts."""

    inputs: Mapping[UUID, DesignInputSigned] = field(default_factory=dict)
    counts: Mapping[str, UUID] = field(default_factory=dict)


def decide(
    statistics: Statistics, command: SignDesignInput | Wake, facts: Facts, now: datetime
) -> list[DesignInputSigned] | Refusal:
    """The event of a signed input; signing the same again causes none."""
    match command:
        case SignDesignInput():
            return _sign(statistics, command, facts)
        case Wake():
            return []
        case _:
            assert_never(command)


def evolve(statistics: Statistics, event: DesignInputSigned) -> Statistics:
    return replace(
        statistics,
        inputs={**statistics.inputs, event.input_id: event},
        counts={**statistics.counts, event.endpoint: event.input_id},
    )


def _sign(
    statistics: Statistics, command: SignDesignInput, facts: Facts
) -> list[DesignInputSigned] | Refusal:
    event = _beside(command, _size(command))
    if known := statistics.inputs.get(command.input_id):
        said = "another input has this id"
        return [] if known == event else Refusal("statistics.id_in_use", said, None, "input_id")
    return _refused(statistics, command, facts) or [event]


def _refused(statistics: Statistics, command: SignDesignInput, facts: Facts) -> Refusal | None:
    protocol = facts.get(TrialProtocol, command.trial_id)
    status = protocol.versions.get(command.version) if protocol else None
    if status is None:
        return Refusal("protocol.version_unknown", "no such version was drafted", None, "version")
    if status in GIVEN_UP:
        return Refusal("protocol.version_given_up", f"the version is {status}", status, "version")
    arms = facts.get(TrialArms, command.trial_id)
    planned = arms.arms.get(command.version) if arms else None
    if planned and (unknown := [one.arm for one in command.arms if one.arm not in planned]):
        said = f"its design has no arm {', '.join(unknown)}"
        return Refusal("statistics.arm_unknown", said, None, "arms")
    counting = statistics.counts.get(command.endpoint)
    if counting != command.supersedes:
        said = f"{counting} counts for this endpoint" if counting else "nothing counts for this endpoint yet"
        return Refusal("statistics.supersedes", said, None, "supersedes")
    return None


def _size(command: SignDesignInput) -> Size | None:
    assumed = Assumptions(
        alpha=command.alpha,
        sides=command.sides,
        power=command.power,
        allocation_ratio=command.allocation_ratio,
        drop_out=command.drop_out,
        null_value=command.null_value,
    )
    return recompute(command.hypothesis, command.effect, assumed) if len(command.arms) == 2 else None


def _beside(command: SignDesignInput, size: Size | None) -> DesignInputSigned:
    """What was signed, with our own figure beside it."""
    told = command.model_dump(exclude={"meaning"})
    if size is None:
        return DesignInputSigned(**told)
    return DesignInputSigned(
        **told,
        recomputed=size.total,
        recomputed_events=size.events,
        recomputed_by=size.by,
        difference_ratio=round((command.total - size.total) / size.total, 6),
    )
