"""New information on a case and its review: only what a person calls significant makes a version."""

from datetime import datetime
from typing import Any

from services.safety.commands import RecordNewInformation, ReviewNewInformation
from services.safety.domain import clocks
from services.safety.domain.state import AdverseEvent, Case
from shared.contracts.message import Refusal
from shared.contracts.safety import (
    CaseReportable,
    CaseVersionCreated,
    InformationReviewed,
    NewInformationReceived,
    SafetyEvent,
)
from shared.rules.dates import local_date


def receive(case: Case, command: RecordNewInformation, now: datetime) -> list[SafetyEvent]:
    """New information, with the clock of its review; day 0 is never later than the day we were told."""
    if any(info.info_id == command.info_id for info in case.information):
        return []
    today = local_date(now, command.zone)
    received_on = min(command.received_on, today)
    checks = {"case_unknown": case.event is None, "received_in_future": command.received_on > today}
    return [
        NewInformationReceived(
            **command.model_dump(exclude={"received_on", "trial_id"}),
            trial_id=case.event.trial_id if case.event else command.trial_id,
            received_on=received_on,
            review=clocks.review(received_on, command.zone),
            breaks=tuple(code for code, broken in checks.items() if broken),
        )
    ]


def review(case: Case, command: ReviewNewInformation, now: datetime) -> list[SafetyEvent] | Refusal:
    """The reviewer's word; only significant information makes a version, and a follow-up where reportable."""
    if case.event is None:
        return Refusal("case.unknown", "no adverse event has been reported for this case")
    found = [info for info in case.information if command.info_id in (None, info.info_id)]
    waiting = [info for info in case.waiting if info in found]
    if not found:
        return Refusal("case.information_unknown", "no such information has been received", field="info_id")
    if not waiting:
        judged = {found[-1].info_id: command.significant}.items() <= dict(case.reviewed).items()
        detail = "the information has been judged otherwise already"
        return [] if judged else Refusal("case.information_reviewed", detail, field="significant")
    if len(waiting) > 1:
        return Refusal("case.information_ambiguous", "several wait for review: name one", field="info_id")
    return _reviewed(case, case.event, waiting[0], command.significant, now)


def _reviewed(
    case: Case, event: AdverseEvent, info: NewInformationReceived, significant: bool, now: datetime
) -> list[SafetyEvent]:
    about: dict[str, Any] = {"case_id": info.case_id, "trial_id": event.trial_id}
    judged = InformationReviewed(
        **about,
        info_id=info.info_id,
        significant=significant,
        received_on=info.received_on,
        reviewed_on=local_date(now, info.zone),
        review=info.review,
    )
    if not significant:
        return [judged]
    version = CaseVersionCreated(
        **about,
        version=case.version + 1,
        kind="follow_up",
        info_id=info.info_id,
        received_on=event.received_on,
        new_info_on=info.received_on,
        zone=info.zone,
    )
    if case.determination != "reportable" or case.assessment is None:
        return [judged, version]
    owed = CaseReportable(
        **about,
        site_id=event.site_id,
        subject_id=event.subject_id,
        version=version.version,
        kind="follow_up",
        determination_on=case.assessment.determination_on,
        fatal_or_life_threatening=case.assessment.fatal_or_life_threatening,
        obligations=clocks.follow_up(info.received_on, info.zone),
    )
    return [judged, version, owed]
