"""A trial's protocol: versions drafted, submitted, authorised, approved, and in force where all is there."""

from datetime import date, datetime
from functools import reduce
from typing import Any, assert_never
from uuid import uuid5

from services.trials.commands import protocol as of
from services.trials.domain.broken import in_future, rules_of
from services.trials.domain.protocol_draft import drafted, given_up
from services.trials.domain.protocol_force import in_force
from services.trials.domain.protocol_state import Events, Protocol, evolve
from services.trials.domain.protocol_urgent import informed, judged, noticed, wake_at
from services.trials.projections.guards import TrialGuard, TrialSites
from services.trials.rules import NAMESPACE
from services.trials.rules.protocol import GIVEN_UP, urgent_notices
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.protocol import (
    ProtocolVersionApproved,
    ProtocolVersionAuthorised,
    ProtocolVersionSubmitted,
    UrgentChangeMade,
)

__all__ = ["Protocol", "ProtocolCommand", "decide", "evolve", "wake_at"]

ProtocolCommand = (
    of.DraftProtocolVersion
    | of.RecordProtocolSubmission
    | of.RecordProtocolAuthorisation
    | of.RecordProtocolApproval
    | of.ReportUrgentChange
    | of.RecordUrgentNotice
    | of.WithdrawProtocolVersion
    | of.AbandonProtocolVersion
    | of.ReviewProtocol
)


def decide(
    protocol: Protocol, command: ProtocolCommand | Wake, facts: Facts, now: datetime
) -> Events | Refusal:
    """The events of a command, and what they make of the sites' versions; repeats cause none."""
    told = _told(protocol, command, facts, now)
    if isinstance(told, Refusal):
        return told
    protocol = reduce(evolve, told, protocol)
    known = list(informed(protocol))
    protocol = reduce(evolve, known, protocol)
    late = list(judged(protocol, now))
    if isinstance(command, Wake):
        return [*late]
    trial, sites = facts.get(TrialGuard, command.trial_id), facts.get(TrialSites, command.trial_id)
    force = in_force(protocol, trial.route if trial else "other", sites.countries if sites else {})
    return [*told, *known, *force, *late]


def _told(
    protocol: Protocol, command: ProtocolCommand | Wake, facts: Facts, now: datetime
) -> Events | Refusal:
    match command:
        case of.DraftProtocolVersion():
            return drafted(protocol, command, facts)
        case of.WithdrawProtocolVersion() | of.AbandonProtocolVersion():
            return given_up(protocol, command)
        case of.RecordProtocolSubmission(submitted_on=day, submission=reference):
            if protocol.submitted.get((command.version, command.country)) == (day, reference):
                return []
            breaks = _breaks(protocol, command, day, now)
            told = ProtocolVersionSubmitted(**command.model_dump(), breaks=breaks)
            return [told, *_deviation(command, breaks, day, f"{command.country}|{reference}|{day}")]
        case of.RecordProtocolAuthorisation(authorised_on=day, authorisation=reference):
            if protocol.authorised.get((command.version, command.country)) == (day, reference):
                return []
            breaks = _breaks(protocol, command, day, now)
            decided = ProtocolVersionAuthorised(**command.model_dump(), breaks=breaks)
            return [decided, *_deviation(command, breaks, day, f"{command.country}|{reference}|{day}")]
        case of.RecordProtocolApproval():
            return _approved(protocol, command)
        case of.ReportUrgentChange():
            return _urgent(protocol, command, facts, now)
        case of.RecordUrgentNotice():
            return noticed(protocol, command, now)
        case of.ReviewProtocol() | Wake():
            return []
        case _:
            assert_never(command)


def _approved(protocol: Protocol, command: of.RecordProtocolApproval) -> Events:
    known = protocol.approvals.get(command.approval_id)
    name = command.version or (known.version if known else None)
    first = command.effective_on or (known.effective_on if known else None)
    if name is None or first is None:  # other dates of an approval that was for no version
        return []
    told = ProtocolVersionApproved(
        trial_id=command.trial_id,
        version=name,
        approval_id=command.approval_id,
        site_ids=command.site_ids,
        effective_on=first,
        expires_on=command.expires_on,
    )
    return [] if told == known else [told]


def _urgent(protocol: Protocol, command: of.ReportUrgentChange, facts: Facts, now: datetime) -> Events:
    if command.change_id in protocol.urgent:
        return []
    trial, day = facts.get(TrialGuard, command.trial_id), command.implemented_on
    by: dict[str, Any] = {}
    for notice in urgent_notices(trial.route if trial else "other", command.country):
        by |= {f"{notice.whom}_by": notice.due_on(day), f"{notice.whom}_citation": notice.citation}
    breaks = _breaks(protocol, command, day, now)
    sites = facts.get(TrialSites, command.trial_id)
    if {*command.site_ids} - (sites.countries if sites else {}).keys():
        breaks = (*breaks, "protocol.site_not_chosen")
    made = UrgentChangeMade(**command.model_dump(), **by, breaks=breaks)
    return [made, *_deviation(command, breaks, day, str(command.change_id))]


Reported = of.RecordProtocolSubmission | of.RecordProtocolAuthorisation | of.ReportUrgentChange


def _breaks(protocol: Protocol, command: Reported, day: date, now: datetime) -> tuple[str, ...]:
    known = protocol.versions.get(command.version)
    submitted = protocol.submitted.get((command.version, command.country))
    decided = isinstance(command, of.RecordProtocolAuthorisation)
    found = {
        "protocol.version_unknown": known is None,
        "protocol.version_given_up": known is not None and known.status in GIVEN_UP,
        "protocol.country_not_concerned": known is not None and not known.concerns(command.country),
        "protocol.before_version": known is not None and day < known.drafted.dated_on,
        "protocol.before_submission": decided and (submitted is None or day < submitted[0]),
        "protocol.in_future": in_future(day, now),
    }
    return rules_of(found)


def _deviation(command: Reported, breaks: tuple[str, ...], on: date, mark: str) -> list[DeviationReported]:
    if not breaks:
        return []
    name = f"protocol|{command.trial_id}|{type(command).type}|{command.version}|{mark}"
    return [
        DeviationReported(
            deviation_id=uuid5(NAMESPACE, name),
            trial_id=command.trial_id,
            category="protocol",
            rules=breaks,
            occurred_on=on,
        )
    ]
