"""A hold: applied once, lifted by its own counterpart alone, annulled where it rested on an error.

The word of an authority, of a board or of a gate comes by the event that tells it, so from a reaction alone:
no person applies or ends such a hold here, nor ends one that nobody has applied yet.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, assert_never
from uuid import UUID

from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.domain.broken import elsewhere
from services.trials.projections.design import TrialArms
from services.trials.projections.guards import SiteGuard
from services.trials.projections.subjects import SubjectRow
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
from shared.rules.dates import local_date


@dataclass(frozen=True)
class Hold:
    """What decisions need of a hold. It may have `ended` before it was applied: then it never forbids.

    `zone` is the one whose days it counts; UTC where it is no site's.
    """

    source: HoldSource | None = None
    scope: tuple[ScopeKind, UUID] | None = None
    zone: str = "UTC"
    ended: Literal["lifted", "annulled"] | None = None


def decide(
    hold: Hold, command: ApplyHold | LiftHold | AnnulHold | Wake, facts: Facts, now: datetime
) -> list[HoldEvent] | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case Wake():
            return []
        case ApplyHold() | LiftHold() if hold.ended:
            return []
        case AnnulHold() if hold.ended == "annulled":
            return []
        case ApplyHold():
            return _apply(hold, command, facts, now)
        case LiftHold() | AnnulHold():
            return _end(hold, command, facts, now)
        case _:
            assert_never(command)


def evolve(hold: Hold, event: HoldEvent) -> Hold:
    match event:
        case HoldApplied():
            return Hold(event.source, (event.scope_kind, event.scope_id), event.zone or "UTC", hold.ended)
        case HoldLifted():
            return replace(hold, ended="lifted")
        case HoldAnnulled():
            return replace(hold, ended="annulled")
        case _:
            assert_never(event)


def _apply(hold: Hold, command: ApplyHold, facts: Facts, now: datetime) -> list[HoldEvent] | Refusal:
    if hold.source:
        if (hold.source, hold.scope) == (command.source, (command.scope_kind, command.scope_id)):
            return []
        return Refusal("hold.id_in_use", "another hold has this id", "applied", "hold_id")
    site, subject = facts.get(SiteGuard, command.scope_id), facts.get(SubjectRow, command.scope_id)
    if refusal := _not_theirs(command, facts):
        return refusal
    if any(elsewhere(known, command.trial_id) for known in (site, subject)):
        return Refusal("hold.other_trial", "what it is on is of another trial", None, "scope_id")
    zone = site.zone if site else None
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
            since=command.since or local_date(now, zone or "UTC"),
            zone=zone,
            reason=command.reason,
            cause=command.cause,
        )
    ]


def _not_theirs(command: ApplyHold, facts: Facts) -> Refusal | None:
    """What a person may not apply: the word of others, or a hold whose id follows from an event to come."""
    if facts.by_service:
        return None
    if (rule := HOLDS[command.source]).by_event:
        detail = f"a hold of {command.source} comes by the event that tells it, as does {rule.counterpart}"
        return Refusal("hold.comes_by_event", detail, None, "source")
    if command.hold_id.version == 5:
        return Refusal("hold.id_of_event", "an id of version 5 follows from an event", None, "hold_id")
    return None


def _effects(command: ApplyHold) -> tuple[Effect, ...]:
    given: set[Effect] = set(command.effects or HOLDS[command.source].effects)
    if given & ENROLMENT_NEEDS:
        given.add("enrol")
    return tuple(effect for effect in EFFECTS if effect in given)


def _end(hold: Hold, command: LiftHold | AnnulHold, facts: Facts, now: datetime) -> list[HoldEvent] | Refusal:
    """An end whose hold is still under way, told by an event, is kept and not refused."""
    scope = hold.scope
    if scope is None and facts.by_service and command.scope_kind and command.scope_id:
        scope = (command.scope_kind, command.scope_id)
    if scope is None:
        return Refusal("hold.unknown", "there is no hold with this id", None, "hold_id")
    if refusal := _not_its_counterpart(hold.source or command.source, command, facts):
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
            until=command.until or local_date(now, hold.zone),
            evidence=command.evidence,
        )
    ]


def _not_its_counterpart(source: HoldSource, command: LiftHold | AnnulHold, facts: Facts) -> Refusal | None:
    rule = HOLDS[source]
    if command.source != source:
        detail = f"a hold of {source} ends only by {rule.counterpart}"
        return Refusal("hold.other_source", detail, "applied", "source")
    if rule.by_event and not facts.by_service:
        detail = f"a hold of {source} ends only by {rule.counterpart}, which comes by its event"
        return Refusal("hold.counterpart_missing", detail, "applied")
    return None
