"""What a trial's records are kept by: rules with their periods, and legal holds."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from services.trials.commands.retention import PlaceLegalHold, ReleaseLegalHold, SetRetention
from services.trials.retention import PERIODS, STATED, last_day
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.keeping import (
    LegalHoldPlaced,
    LegalHoldReleased,
    RetentionEvent,
    RetentionRule,
    RetentionSet,
)
from shared.rules.dates import local_date

RetentionCommand = SetRetention | PlaceLegalHold | ReleaseLegalHold


@dataclass(frozen=True)
class Keeping:
    """The rules stated, each with anchor and last day, and legal holds by id.

    `ends`: the day on which each rule ended last, even where it was taken away since. Of a hold: its subject,
    none where it is the trial's, and True while it applies.
    """

    rules: dict[RetentionRule, tuple[date | None, date | None]] = field(default_factory=dict)
    ends: dict[RetentionRule, date] = field(default_factory=dict)
    holds: dict[UUID, tuple[UUID | None, bool]] = field(default_factory=dict)


def decide(
    keeping: Keeping, command: RetentionCommand | Wake, facts: Facts, now: datetime
) -> list[RetentionEvent] | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    who = facts.actor.id if facts.actor else None
    match command:
        case SetRetention():
            return _set(keeping, command, who, now)
        case PlaceLegalHold(legal_hold_id=hold, subject_id=subject):
            if hold not in keeping.holds:
                return [LegalHoldPlaced(**command.model_dump(exclude={"meaning"}))]
            if keeping.holds[hold] == (subject, True):
                return []
            known = "the id is that of a legal hold that was released, or has another scope"
            return Refusal("legal_hold.known", known, None, "legal_hold_id")
        case ReleaseLegalHold(legal_hold_id=hold):
            if hold not in keeping.holds:
                return Refusal("legal_hold.unknown", "there is no such legal hold", None, "legal_hold_id")
            released = LegalHoldReleased(**command.model_dump(exclude={"meaning"}), released_by=who)
            _, applies = keeping.holds[hold]
            return [released] if applies else []
        case Wake():
            return []
        case _:
            assert_never(command)


def _set(
    keeping: Keeping, command: SetRetention, who: str | None, now: datetime
) -> list[RetentionEvent] | Refusal:
    rule, until, period = command.rule, command.until, PERIODS.get(command.rule)
    if period and command.anchored_on:
        until = last_day(command.anchored_on, period.years)
    if rule == "none_applies":  # said once: a repetition is no other day
        _, until = keeping.rules.get(rule, (None, local_date(now, "UTC")))
    if keeping.rules.get(rule) == (command.anchored_on, until):
        return []
    ends = keeping.ends.get(rule)
    shorter = ends is not None and (until is None or until < ends)
    if shorter and command.reason is None:
        return Refusal("retention.shortened", f"{ends} was stated as its last day: say why", None, "reason")
    citation, verified = (period.citation, period.verified) if period else STATED[rule]
    return [
        RetentionSet(
            trial_id=command.trial_id,
            rule=rule,
            citation=citation,
            verified=verified,
            anchored_on=command.anchored_on,
            until=until,
            reason=command.reason,
            set_by=who,
        )
    ]


def evolve(keeping: Keeping, event: RetentionEvent) -> Keeping:
    match event:
        case RetentionSet(rule=rule, anchored_on=anchored_on, until=until):
            ends = keeping.ends | ({rule: until} if until else {})
            return replace(keeping, rules=keeping.rules | {rule: (anchored_on, until)}, ends=ends)
        case LegalHoldPlaced(legal_hold_id=hold, subject_id=subject):
            return replace(keeping, holds=keeping.holds | {hold: (subject, True)})
        case LegalHoldReleased(legal_hold_id=hold):
            subject, _ = keeping.holds[hold]
            return replace(keeping, holds=keeping.holds | {hold: (subject, False)})
        case _:
            assert_never(event)
