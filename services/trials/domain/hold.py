"""A hold: applied once, lifted by its own counterpart alone, annulled where it rested on an error."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.projections.design import TrialArms
from services.trials.rules.holds import EFFECTS, ENROLMENT_NEEDS, HOLDS
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.hold import (
    Effect,
    HoldAnnulled,
    HoldApplied,
    HoldEvent,
    HoldLifted,
    HoldSource,
    ScopeKind,
)


@dataclass(frozen=True)
class Hold:
    """What decisions need of a hold. `ended` may come true before it was applied: then it never forbids."""

    source: HoldSource | None = None
    scope: tuple[ScopeKind, UUID] | None = None
    ended: bool = False


def decide(
    hold: Hold, command: ApplyHold | LiftHold | AnnulHold | Wake, facts: Facts, now: datetime
) -> list[HoldEvent] | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case Wake():
            return []
        case _ if hold.ended:
            return []
        case ApplyHold():
            return _apply(hold, command, facts, now)
        case LiftHold() | AnnulHold():
            return _end(hold, command, now)
        case _:
            assert_never(command)


def evolve(hold: Hold, event: HoldEvent) -> Hold:
    match event:
        case HoldApplied():
            return Hold(event.source, (event.scope_kind, event.scope_id), hold.ended)
        case HoldLifted() | HoldAnnulled():
            return replace(hold, ended=True)
        case _:
            assert_never(event)


def _apply(hold: Hold, command: ApplyHold, facts: Facts, now: datetime) -> list[HoldEvent] | Refusal:
    if hold.source:
        if (hold.source, hold.scope) == (command.source, (command.scope_kind, command.scope_id)):
            return []
        return Refusal("hold.id_in_use", "another hold has this id", "applied", "hold_id")
    arms = facts.get(TrialArms, command.trial_id)
    if command.arm and arms and not arms.known(command.arm):
        return Refusal("hold.arm_unknown", "no design of the trial has this arm", None, "arm")
    return [
        HoldApplied(
            hold_id=command.hold_id,
            trial_id=command.trial_id,
            source=command.source,
            scope_kind=command.scope_kind,
            scope_id=command.scope_id,
            arm=command.arm,
            effects=_effects(command),
            since=command.since or now.date(),
            reason=command.reason,
            cause=command.cause,
        )
    ]


def _effects(command: ApplyHold) -> tuple[Effect, ...]:
    given: set[Effect] = set(command.effects or HOLDS[command.source].effects)
    if given & ENROLMENT_NEEDS:
        given.add("enrol")
    return tuple(effect for effect in EFFECTS if effect in given)


def _end(hold: Hold, command: LiftHold | AnnulHold, now: datetime) -> list[HoldEvent] | Refusal:
    """An end whose hold is still under way, known by the event that caused it, is kept and not refused."""
    scope = hold.scope
    if scope is None and command.cause and command.scope_kind and command.scope_id:
        scope = (command.scope_kind, command.scope_id)
    if scope is None:
        return Refusal("hold.unknown", "there is no hold with this id", None, "hold_id")
    if refusal := _not_its_counterpart(hold.source or command.source, command):
        return refusal
    if isinstance(command, AnnulHold):
        return [
            HoldAnnulled(
                hold_id=command.hold_id,
                trial_id=command.trial_id,
                source=command.source,
                scope_kind=scope[0],
                scope_id=scope[1],
                reason=command.reason,
            )
        ]
    return [
        HoldLifted(
            hold_id=command.hold_id,
            trial_id=command.trial_id,
            source=command.source,
            scope_kind=scope[0],
            scope_id=scope[1],
            until=command.until or now.date(),
            evidence=command.evidence,
        )
    ]


def _not_its_counterpart(source: HoldSource, command: LiftHold | AnnulHold) -> Refusal | None:
    rule = HOLDS[source]
    if command.source != source:
        detail = f"a hold of {source} ends only by {rule.counterpart}"
        return Refusal("hold.other_source", detail, "applied", "source")
    if rule.by_event and command.cause is None:
        detail = f"a hold of {source} ends only by {rule.counterpart}; name its event"
        return Refusal("hold.counterpart_missing", detail, "applied", "cause")
    return None
