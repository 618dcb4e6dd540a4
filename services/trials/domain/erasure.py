"""The erasure of a subject: one person asks, another agrees; refused while a rule keeps the records."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from services.trials.commands.retention import ApproveErasure, RejectErasure, RequestErasure
from services.trials.projections.guards import TrialGuard, TrialSites
from services.trials.projections.retention import Kept, Retention
from services.trials.projections.subjects import SubjectRow
from services.trials.retention import LAST_PLACE, PERIODS
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.keeping import (
    ErasureEvent,
    ErasureReason,
    ErasureRejected,
    ErasureRequested,
    SubjectErased,
)
from shared.rules.dates import local_date

ErasureCommand = RequestErasure | ApproveErasure | RejectErasure
Decision = list[ErasureEvent] | Refusal
# Who was never enrolled has no row: screened only, or documents under an id that nobody has.
_OF_NOBODY_ENROLLED: frozenset[ErasureReason] = frozenset({"data_of_another_person", "unlawful_collection"})
_UNKNOWN = Refusal("unknown_subject", "the trial has no such subject", None, "subject_id")


@dataclass(frozen=True)
class Erasure:
    """`requested_by` and `reason` while a request waits for its second person."""

    requested_by: str | None = None
    reason: ErasureReason | None = None
    erased: bool = False


def decide(erasure: Erasure, command: ErasureCommand | Wake, facts: Facts, now: datetime) -> Decision:
    """The events of a command; what is done already causes none."""
    if isinstance(command, Wake):
        return []
    if erasure.erased:
        return []
    who = facts.actor.id if facts.actor else ""
    match command:
        case RequestErasure(reason=reason):
            if erasure.requested_by:
                return []
            about = _about(command, reason, {who}, facts, now)
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
            asked, reason = erasure.requested_by, erasure.reason
            # again: much can happen between the two
            about = _about(command, reason, {asked, who}, facts, now)
            if isinstance(about, Refusal):
                return about
            return [SubjectErased(**about, reason=reason, requested_by=asked, approved_by=who)]
        case _:
            assert_never(command)


def _about(
    command: RequestErasure | ApproveErasure,
    reason: ErasureReason,
    persons: set[str],
    facts: Facts,
    now: datetime,
) -> dict[str, Any] | Refusal:
    """The ids that the event repeats; a refusal where something keeps the records, or nobody is known.

    `persons`: who ask and agree; none of them may have loosened what kept the records.
    """
    subject, trial = facts.get(SubjectRow, command.subject_id), facts.get(TrialGuard, command.trial_id)
    if subject.trial_id != command.trial_id if subject else not (trial and reason in _OF_NOBODY_ENROLLED):
        return _UNKNOWN
    kept = facts.get(Retention, command.trial_id) or Retention(command.trial_id)
    for hold in kept.legal_holds:
        if hold.subject_id in (None, command.subject_id):
            return Refusal("legal_hold", f"legal hold {hold.legal_hold_id} applies", "held")
    if refusal := _retained(kept.kept, trial, facts.get(TrialSites, command.trial_id), now):
        return refusal
    released = {one.released_by for one in kept.released if one.subject_id in (None, command.subject_id)}
    if persons & (released | {one.set_by for one in kept.kept}):
        shortened = "who shortened a period or released a legal hold neither asks nor agrees"
        return Refusal("two_persons", shortened, "kept")
    site = subject.site_id if subject else None
    return {"trial_id": command.trial_id, "site_id": site, "subject_id": command.subject_id}


def _retained(
    kept: tuple[Kept, ...], trial: TrialGuard | None, sites: TrialSites | None, now: datetime
) -> Refusal | None:
    """The rule that still keeps the records, the one that ends last first; or one that nobody has stated."""
    stated, route = {one.rule for one in kept}, trial.route if trial else None
    countries = {*(trial.authorised if trial else ()), *(sites.countries.values() if sites else ())}
    applying = [rule for rule, one in PERIODS.items() if route in one.routes or one.countries & countries]
    for rule in applying:
        if rule not in stated:
            applies = f"{PERIODS[rule].citation} applies: state its period"
            return Refusal("retention.not_stated", applies, "kept")
    if not applying and "none_applies" not in stated:
        none = "no period of law is known to apply: state that none does"
        return Refusal("retention.not_stated", none, "kept")
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
