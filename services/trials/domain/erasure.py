"""The erasure of a subject: one person asks, another agrees; refused while a rule keeps the records."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from services.trials.commands import ApproveErasure, RejectErasure, RequestErasure
from services.trials.projections.guards import TrialGuard
from services.trials.projections.retention import Kept, Retention
from services.trials.projections.subjects import SubjectRow
from services.trials.retention import LAST_PLACE, PERIODS
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials import (
    ErasureEvent,
    ErasureReason,
    ErasureRejected,
    ErasureRequested,
    SubjectErased,
)
from shared.rules.dates import local_date

ErasureCommand = RequestErasure | ApproveErasure | RejectErasure
Decision = list[ErasureEvent] | Refusal


@dataclass(frozen=True)
class Erasure:
    """`requested_by` and `reason` while a request waits for its second person."""

    requested_by: str | None = None
    reason: ErasureReason | None = None
    erased: bool = False


def decide(erasure: Erasure, command: ErasureCommand | Wake, facts: Facts, now: datetime) -> Decision:
    """The events of a command; what is done already causes none."""
    if erasure.erased or isinstance(command, Wake):
        return []
    who = facts.actor.id if facts.actor else ""
    match command:
        case RequestErasure(reason=reason):
            if erasure.requested_by:
                return []
            about = _about(command, facts, now)
            if isinstance(about, Refusal):
                return about
            return [ErasureRequested(**about, reason=reason, requested_by=who)]
        case _ if erasure.requested_by is None or erasure.reason is None:
            return Refusal("erasure.not_requested", "nobody has asked for it", None, "subject_id")
        case RejectErasure(reason=why):
            return [ErasureRejected(trial_id=command.trial_id, subject_id=command.subject_id, reason=why)]
        case ApproveErasure():
            if who == erasure.requested_by:
                return Refusal(
                    "two_persons", "another person than the one who asked has to agree", "requested"
                )
            about = _about(command, facts, now)  # again: much can happen between the two
            if isinstance(about, Refusal):
                return about
            asked, reason = erasure.requested_by, erasure.reason
            return [SubjectErased(**about, reason=reason, requested_by=asked, approved_by=who)]
        case _:
            assert_never(command)


def _about(command: RequestErasure | ApproveErasure, facts: Facts, now: datetime) -> dict[str, Any] | Refusal:
    """The ids that the event repeats; a refusal where something keeps the records, or nobody is known."""
    subject = facts.get(SubjectRow, command.subject_id)
    if subject is None or subject.trial_id != command.trial_id:
        return Refusal("unknown_subject", "the trial has no such subject", None, "subject_id")
    kept = facts.get(Retention, command.trial_id) or Retention(command.trial_id)
    for hold in kept.legal_holds:
        if hold.subject_id in (None, command.subject_id):
            return Refusal("legal_hold", f"legal hold {hold.legal_hold_id} applies", "held")
    if refusal := _retained(kept.kept, facts.get(TrialGuard, command.trial_id), now):
        return refusal
    return {"trial_id": command.trial_id, "site_id": subject.site_id, "subject_id": command.subject_id}


def _retained(kept: tuple[Kept, ...], trial: TrialGuard | None, now: datetime) -> Refusal | None:
    """The rule that still keeps the records, the one that ends last first; or one that nobody has stated."""
    stated = {one.rule for one in kept}
    for rule, period in PERIODS.items():
        applies = trial and (trial.route in period.routes or period.countries & trial.authorised.keys())
        if applies and rule not in stated:
            return Refusal("retention.not_stated", f"{period.citation} applies: state its period", "kept")
    if not kept:
        return Refusal("retention.not_stated", "nobody has stated how long records are kept", "kept")
    for one in kept:
        if one.until is None:
            return Refusal("retention", f"{one.citation}: its period has not begun", "kept")
    last = max(kept, key=lambda one: (one.until, one.rule))
    if last.until is not None and local_date(now, LAST_PLACE) <= last.until:
        return Refusal("retention", f"{last.citation}: records are kept until {last.until}", "kept")
    return None


def evolve(erasure: Erasure, event: ErasureEvent) -> Erasure:
    match event:
        case ErasureRequested(requested_by=who, reason=reason):
            return Erasure(who, reason)
        case ErasureRejected():
            return Erasure()
        case SubjectErased():
            return replace(erasure, erased=True)
        case _:
            assert_never(event)
