"""The rows of holds and deviations behind the trial page."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar, assert_never
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.deviation import (
    DeviationAnnulled,
    DeviationAssessed,
    DeviationEvent,
    DeviationReported,
    DeviationResolved,
    SeriousBreachMarked,
)
from shared.contracts.trials.hold import HoldAnnulled, HoldApplied, HoldLifted

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class HoldRow:
    """One hold: open, lifted or annulled."""

    table: ClassVar[str] = "hold"
    key: ClassVar[tuple[str, ...]] = ("hold_id",)
    hold_id: UUID
    trial_id: UUID | None = None
    correlation_id: UUID | None = None
    source: str | None = None
    scope_kind: str | None = None
    scope_id: UUID | None = None
    arm: str | None = None
    effects: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    status: str | None = None
    reason: str | None = None
    cause: UUID | None = None
    evidence: str | None = None


def hold_keys(message: Recorded[HoldApplied | HoldLifted | HoldAnnulled]) -> tuple[Key, ...]:
    return ((message.data.hold_id,),)


def fold_hold(row: HoldRow | None, message: Recorded[Any], key: Key) -> HoldRow:
    """The hold after an event of its stream."""
    event = message.data
    hold = row or HoldRow(key[0], event.trial_id, message.correlation_id)
    hold = replace(hold, source=event.source, scope_kind=event.scope_kind, scope_id=event.scope_id)
    match event:
        case HoldApplied():
            told = event.model_dump(include={"arm", "effects", "since", "reason", "cause"})
            return replace(hold, **told, status="open")
        case HoldLifted(until=until, evidence=evidence):
            return replace(hold, until=until, evidence=evidence, status="lifted")
        case HoldAnnulled(reason=reason):
            return replace(hold, evidence=reason, status="annulled")
        case _:
            assert_never(event)


@dataclass(frozen=True, slots=True)
class DeviationRow:
    """One deviation; it does not count where it, or each hold that it names, was annulled."""

    table: ClassVar[str] = "deviation"
    key: ClassVar[tuple[str, ...]] = ("deviation_id",)
    deviation_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    subject_id: UUID | None = None
    correlation_id: UUID | None = None
    category: str | None = None
    rules: tuple[str, ...] = ()
    holds: tuple[UUID, ...] = ()
    citation: str | None = None
    occurred_on: date | None = None
    cause: UUID | None = None
    annulled: bool = False
    status: str = "open"
    severity: str | None = None
    important: bool | None = None
    serious_breach: bool = False
    assessed_on: date | None = None
    resolved_on: date | None = None
    capa_id: UUID | None = None


def deviation_keys(message: Recorded[DeviationEvent]) -> tuple[Key, ...]:
    return ((message.data.deviation_id,),)


def fold_deviation(row: DeviationRow | None, message: Recorded[Any], key: Key) -> DeviationRow:
    """The deviation after an event about it."""
    deviation = row or DeviationRow(key[0], message.data.trial_id)
    match message.data:
        case DeviationReported() as event:
            told = event.model_dump(exclude={"deviation_id"})
            return replace(deviation, **told, correlation_id=message.correlation_id)
        case DeviationAnnulled():
            return replace(deviation, annulled=True)
        case DeviationAssessed() as event:
            told = event.model_dump(include={"severity", "important", "assessed_on"})
            return replace(deviation, **told, status="assessed")
        case SeriousBreachMarked():
            return replace(deviation, serious_breach=True)
        case DeviationResolved() as event:
            told = event.model_dump(include={"resolved_on", "capa_id"})
            return replace(deviation, **told, status="resolved")
        case _:
            return deviation
