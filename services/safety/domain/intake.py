"""Adverse events as they are reported and corrected: always stored, marked with what they do not fit."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from services.safety.commands import CorrectAdverseEvent, ReportAdverseEvent
from services.safety.domain import clocks
from services.safety.domain.state import AdverseEvent, Case
from services.safety.guards import KnownSite, KnownSubject, KnownTrial
from shared.contracts.deadline import Clock
from shared.contracts.message import Facts
from shared.contracts.safety import AdverseEventCorrected, AdverseEventReceived, CaseOpened, SafetyEvent
from shared.rules.dates import local_date

_NOT_BEGUN = frozenset({"draft", "in_review", "disapproved", "approved", "withdrawn", "registry_only"})


def report(case: Case, command: ReportAdverseEvent, facts: Facts, now: datetime) -> list[SafetyEvent]:
    """The report, and the case that it opens; a second one of the same case makes it graver, never milder."""
    told, breaks = _told(command, now), _breaks(command, facts, now)
    if case.event is None:
        return [_received(command, breaks), opened(command.case_id, told)]
    if _said(command) in case.reports:
        return []
    events: list[SafetyEvent] = [_received(command, (*breaks, "case_reported_before"))]
    merged = case.event.merged(told)
    if merged != case.event:
        correction = uuid5(command.case_id, repr(told))
        events.append(_corrected(command.case_id, case, merged, correction, "second_report"))
    return events


def correct(case: Case, command: CorrectAdverseEvent, facts: Facts, now: datetime) -> list[SafetyEvent]:
    """The corrected data and the clocks that follow; a correction of nothing known is a report itself."""
    told, breaks = _told(command, now), _breaks(command, facts, now)
    if case.event is None:
        return [_received(command, (*breaks, "report_unknown")), opened(command.case_id, told)]
    if command.correction_id in case.corrections or told == case.event:
        return []
    if told.trial_id != case.event.trial_id:
        told, breaks = replace(told, trial_id=case.event.trial_id), (*breaks, "case_of_another_trial")
    corrected = _corrected(command.case_id, case, told, command.correction_id, command.reason)
    return [corrected.model_copy(update={"corrects": command.corrects, "breaks": breaks})]


def _told(command: ReportAdverseEvent | CorrectAdverseEvent, now: datetime) -> AdverseEvent:
    """What the command tells; day 0 is never later than the day on which we were told (domain 0.2)."""
    said = _said(command)
    return replace(said, received_on=min(said.received_on, local_date(now, said.zone)))


def _said(command: ReportAdverseEvent | CorrectAdverseEvent) -> AdverseEvent:
    return AdverseEvent(
        trial_id=command.trial_id,
        site_id=command.site_id,
        subject_id=command.subject_id,
        received_on=command.received_on,
        zone=command.zone,
        seriousness=tuple(sorted(set(command.seriousness))),
        causality_excluded=command.causality_excluded,
        term_code=command.term_code,
        dictionary=command.dictionary,
    )


def _breaks(
    command: ReportAdverseEvent | CorrectAdverseEvent, facts: Facts, now: datetime
) -> tuple[str, ...]:
    """Rule codes that the report does not fit, in fixed order."""
    trial = facts.get(KnownTrial, command.trial_id)
    site = facts.get(KnownSite, command.site_id)
    subject = facts.get(KnownSubject, command.subject_id)
    checks = {
        "trial_unknown": trial is None,
        "trial_not_begun": trial is not None and trial.status in _NOT_BEGUN,
        "site_unknown": site is None,
        "site_of_another_trial": site is not None and site.trial_id not in (None, command.trial_id),
        "site_not_activated": site is not None and not site.activated,
        "subject_unknown": subject is None,
        "subject_of_another_site": subject is not None and subject.site_id not in (None, command.site_id),
        "received_in_future": command.received_on > local_date(now, command.zone),
    }
    return tuple(code for code, broken in checks.items() if broken)


def _received(
    command: ReportAdverseEvent | CorrectAdverseEvent, breaks: tuple[str, ...]
) -> AdverseEventReceived:
    told = command.model_dump(exclude={"seriousness", "correction_id", "corrects", "reason"})
    criteria = tuple(sorted(set(command.seriousness)))
    return AdverseEventReceived(**told, seriousness=criteria, breaks=breaks)


def opened(case_id: UUID, told: AdverseEvent) -> CaseOpened:
    """A case as it begins, with the clocks that its receipt starts."""
    return CaseOpened(
        case_id=case_id,
        trial_id=told.trial_id,
        site_id=told.site_id,
        subject_id=told.subject_id,
        received_on=told.received_on,
        zone=told.zone,
        serious=told.serious,
        fatal_or_life_threatening=told.fatal,
        clocks=clocks.provisional(told),
    )


def _corrected(
    case_id: UUID, case: Case, told: AdverseEvent, correction: UUID, reason: str
) -> AdverseEventCorrected:
    moved = clocks.reanchored(case, told, correction)
    return AdverseEventCorrected(
        case_id=case_id,
        trial_id=told.trial_id,
        site_id=told.site_id,
        subject_id=told.subject_id,
        correction_id=correction,
        reason=reason,
        received_on=told.received_on,
        zone=told.zone,
        seriousness=told.seriousness,
        causality_excluded=told.causality_excluded,
        term_code=told.term_code,
        dictionary=told.dictionary,
        serious=told.serious,
        fatal_or_life_threatening=told.fatal,
        version=case.version,
        clocks=_clocks_after(case, told, correction),
        former_clocks=case.clocks,
        obligations=tuple(now for _, now in moved),
        former_obligations=tuple(was for was, _ in moved),
    )


def _clocks_after(case: Case, told: AdverseEvent, correction: UUID) -> tuple[Clock, ...]:
    """The provisional clocks that run once the report is corrected.

    A determination stands on the facts that the physician saw: graver ones start provisional clocks again,
    after "reportable" only those that are new and not owed yet, until a physician has looked at them.
    """
    found = clocks.kept(clocks.provisional(told, correction), case.clocks)
    if case.determination is None or case.event is None or case.assessment is None:
        return found
    seen = {*case.event.seriousness, *case.assessment.seriousness}
    graver = not set(told.seriousness) <= seen or case.event.causality_excluded > told.causality_excluded
    wanted = {clock.code for clock in case.clocks} | {clock.code for clock in found if graver}
    if case.determination == "reportable":
        before = {clock.code for clock in clocks.provisional(case.event)} - {c.code for c in case.clocks}
        wanted -= before | {obligation.code for obligation in case.obligations}
    return tuple(clock for clock in found if clock.code in wanted)
