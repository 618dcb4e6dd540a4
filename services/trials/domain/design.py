"""The design of a trial: one a protocol version, which stands once the version is submitted."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from services.trials.commands.design import RecordDesign
from services.trials.projections.protocol_guards import TrialProtocol
from services.trials.rules.protocol import GIVEN_UP
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.design import DesignRecorded


@dataclass(frozen=True)
class Design:
    """The design of each protocol version."""

    versions: Mapping[str, DesignRecorded] = field(default_factory=dict)


def decide(
    design: Design, command: RecordDesign | Wake, facts: Facts, now: datetime
) -> list[DesignRecorded] | Refusal:
    """The event of a design; recording the same again causes none."""
    match command:
        case RecordDesign():
            return _record(design, command, facts)
        case Wake():
            return []
        case _:
            assert_never(command)


def evolve(design: Design, event: DesignRecorded) -> Design:
    return replace(design, versions={**design.versions, event.version: event})


def _record(design: Design, command: RecordDesign, facts: Facts) -> list[DesignRecorded] | Refusal:
    event = DesignRecorded(**command.model_dump())
    known = design.versions.get(command.version)
    if known and known.model_copy(update={"reason": event.reason}) == event:
        return []
    protocol = facts.get(TrialProtocol, command.trial_id)
    status = protocol.versions.get(command.version) if protocol else None
    if status is None:
        return Refusal("protocol.version_unknown", "no such version was drafted", None, "version")
    if status in GIVEN_UP:
        return Refusal("protocol.version_given_up", f"the version is {status}", status, "version")
    if known and status != "drafted" and command.reason is None:
        said = f"the version is {status}: say why its design was recorded wrongly"
        return Refusal("design.reason_missing", said, status, "reason")
    return [event]
