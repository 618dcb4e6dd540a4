"""Which events change the row of a case, and how."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from services.safety.projections.row import CaseRow
from services.safety.projections.stages import course, intake, opinion
from shared.contracts.message import Recorded
from shared.contracts.safety import (
    AdverseEventCorrected,
    AdverseEventReceived,
    CaseAcknowledged,
    CaseAssessed,
    CaseNotReportable,
    CaseOpened,
    CaseReportable,
    CaseVersionCreated,
    DueDiligenceRecorded,
    FollowUpRequested,
    InformationReviewed,
    NewInformationReceived,
    ReportAcknowledged,
    ReportFiled,
)

OfCase = (
    AdverseEventReceived
    | AdverseEventCorrected
    | CaseOpened
    | CaseAssessed
    | CaseReportable
    | CaseNotReportable
    | NewInformationReceived
    | InformationReviewed
    | CaseVersionCreated
    | FollowUpRequested
    | DueDiligenceRecorded
    | ReportFiled
    | ReportAcknowledged
    | CaseAcknowledged
)


def case_keys(message: Recorded[OfCase]) -> tuple[tuple[UUID], ...]:
    """The case that the event is about."""
    return ((message.data.case_id,),)


def fold_case(row: CaseRow | None, message: Recorded[Any], key: tuple[UUID, ...]) -> CaseRow | None:
    """The case's row after the event."""
    row = row or CaseRow(
        case_id=key[0],
        trial_id=message.trial_id,
        sponsor_id=message.sponsor_id,
        correlation_id=message.correlation_id,
        status="received",
        opened_at=message.time,
    )
    after = intake(row, message.data) or opinion(row, message.data) or course(row, message.data)
    return replace(after, changed_at=message.time) if after else row
