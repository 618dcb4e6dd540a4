"""Commands of one serious adverse event, and how a case is driven with them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from uuid import UUID

from services.safety.commands import (
    AssessCase,
    CaseCommand,
    CorrectAdverseEvent,
    RecordNewInformation,
    RecordSafetyReportStatus,
    ReportAdverseEvent,
    RequestFollowUp,
    ReviewNewInformation,
)
from services.safety.domain.case import decide, evolve
from services.safety.domain.state import Case
from services.safety.guards import KnownSite, KnownSubject, KnownTrial
from shared.contracts.message import Facts, Refusal
from shared.contracts.safety import SafetyEvent

CASE, TRIAL, SITE, SUBJECT = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
INFO = UUID(int=20)
ZONE = "America/New_York"
DAY0 = date(2026, 3, 2)
NOW = datetime(2026, 3, 5, 15, tzinfo=UTC)
LATER = datetime(2026, 4, 2, 15, tzinfo=UTC)
KNOWN = Facts(
    KnownTrial(trial_id=TRIAL, status="active", owner="sponsor"),
    KnownSite(site_id=SITE, trial_id=TRIAL, zone=ZONE, activated=True),
    KnownSubject(subject_id=SUBJECT, trial_id=TRIAL, site_id=SITE),
)
WHAT: dict[str, Any] = {
    "case_id": CASE,
    "trial_id": TRIAL,
    "site_id": SITE,
    "subject_id": SUBJECT,
    "received_on": DAY0,
    "zone": ZONE,
}
SERIOUS = ReportAdverseEvent(**WHAT, seriousness=("hospitalisation",))
FATAL = ReportAdverseEvent(**WHAT, seriousness=("death",))
MILD = ReportAdverseEvent(**WHAT)
OPINION: dict[str, Any] = {
    "case_id": CASE,
    "meaning": "medical determination",
    "seriousness": ("hospitalisation",),
    "causality_investigator": "related",
    "causality_sponsor": "related",
    "expected": False,
    "rsi_version": "IB-7",
    "evidence_category": "A",
    "determination": "reportable",
}
SUSPECTED = AssessCase(**OPINION)
SUSPECTED_FATAL = AssessCase(**{**OPINION, "seriousness": ("death",)})
EXPECTED = AssessCase(
    **{**OPINION, "expected": True, "determination": "not_reportable", "evidence_category": None}
)
RECORDS = RecordNewInformation(
    case_id=CASE, trial_id=TRIAL, info_id=INFO, source="retrieval", received_on=date(2026, 4, 1), zone=ZONE
)
SIGNIFICANT = ReviewNewInformation(
    case_id=CASE, meaning="significance review", info_id=INFO, significant=True
)
INSIGNIFICANT = SIGNIFICANT.model_copy(update={"significant": False})
FOLLOW_UP = RequestFollowUp(case_id=CASE, trial_id=TRIAL)


def corrected(number: int = 1, **to: Any) -> CorrectAdverseEvent:
    return CorrectAdverseEvent(
        **{
            **WHAT,
            "seriousness": ("hospitalisation",),
            "correction_id": UUID(int=100 + number),
            "corrects": UUID(int=50),
            "reason": "transcription",
            **to,
        }
    )


def acknowledged(code: str, version: int = 1, number: int = 1) -> RecordSafetyReportStatus:
    return RecordSafetyReportStatus(
        case_id=CASE,
        trial_id=TRIAL,
        report_id=UUID(int=200 + number),
        status="acknowledged",
        on=date(2026, 3, 17),
        case_version=version,
        obligation_code=code,
    )


def given(*commands: CaseCommand, now: datetime = NOW) -> Case:
    case = Case()
    for command in commands:
        case = then(case, command, now)[0]
    return case


def then(
    case: Case, command: CaseCommand, now: datetime = NOW, facts: Facts = KNOWN
) -> tuple[Case, list[SafetyEvent]]:
    events = decide(case, command, facts, now)
    assert not isinstance(events, Refusal), events
    for event in events:
        case = evolve(case, event)
    return case, events


def told(case: Case, command: CaseCommand, now: datetime = NOW, facts: Facts = KNOWN) -> list[SafetyEvent]:
    return then(case, command, now, facts)[1]


def refused(case: Case, command: CaseCommand, now: datetime = NOW) -> Refusal:
    refusal = decide(case, command, KNOWN, now)
    assert isinstance(refusal, Refusal), refusal
    return refusal


E = TypeVar("E")


def only(kind: type[E], events: Sequence[Any]) -> E:
    (found,) = (event for event in events if isinstance(event, kind))
    return found
