"""The case as it is shown: receipt, opinions, determination, clocks, what waits and what was sent."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.deadline import Clock, Obligation
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


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case. `clocks` are provisional, `obligations` follow from signed determinations.

    `seriousness` is what was reported, `assessment` what a physician signed. `status`: received, reportable,
    not_reportable or acknowledged; `correlation_id` finds its chain.
    """

    table: ClassVar[str] = "safety_case"
    key: ClassVar[tuple[str, ...]] = ("case_id",)
    case_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    subject_id: UUID | None = None
    sponsor_id: UUID | None = None
    correlation_id: UUID | None = None
    status: str | None = None
    version: int = 0
    received_on: date | None = None
    zone: str | None = None
    new_info_on: date | None = None
    seriousness: tuple[str, ...] = ()
    serious: bool = False
    fatal_or_life_threatening: bool = False
    causality_excluded: bool = False
    term_code: str | None = None
    dictionary: str | None = None
    assessment: CaseAssessed | None = None
    determination_on: date | None = None
    clocks: tuple[Clock, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    followup_id: UUID | None = None
    waiting: tuple[UUID, ...] = ()
    filed: tuple[UUID, ...] = ()
    acknowledged: tuple[UUID, ...] = ()
    searches: int = 0
    corrections: int = 0
    breaks: tuple[str, ...] = ()
    opened_at: datetime | None = None
    changed_at: datetime | None = None


_SHOWN = (
    AdverseEventReceived,
    AdverseEventCorrected,
    CaseOpened,
    CaseAssessed,
    CaseReportable,
    CaseNotReportable,
    NewInformationReceived,
    InformationReviewed,
    CaseVersionCreated,
    FollowUpRequested,
    DueDiligenceRecorded,
    ReportFiled,
    ReportAcknowledged,
    CaseAcknowledged,
)


def case_keys(message: Recorded[Any]) -> tuple[tuple[UUID], ...]:
    """The case that the event is about."""
    return ((message.data.case_id,),) if isinstance(message.data, _SHOWN) else ()


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
    after = _intake(row, message.data) or _opinion(row, message.data) or _course(row, message.data)
    return replace(after, changed_at=message.time) if after else row


def _intake(row: CaseRow, event: Any) -> CaseRow | None:
    match event:
        case AdverseEventReceived():
            breaks = tuple(dict.fromkeys((*row.breaks, *event.breaks)))
            return replace(row, breaks=breaks) if row.version else replace(row, **_told(event), breaks=breaks)
        case CaseOpened():
            return replace(
                row,
                received_on=event.received_on,
                serious=event.serious,
                fatal_or_life_threatening=event.fatal_or_life_threatening,
                clocks=event.clocks,
                version=1,
            )
        case AdverseEventCorrected():
            moved = {owed.code: owed for owed in event.obligations}
            return replace(
                row,
                **_told(event),
                serious=event.serious,
                fatal_or_life_threatening=event.fatal_or_life_threatening,
                clocks=event.clocks,
                obligations=tuple(moved.get(owed.code, owed) for owed in row.obligations),
                corrections=row.corrections + 1,
                breaks=tuple(dict.fromkeys((*row.breaks, *event.breaks))),
            )
        case _:
            return None


def _told(event: AdverseEventReceived | AdverseEventCorrected) -> dict[str, Any]:
    names = ("trial_id", "site_id", "subject_id", "received_on", "zone", "seriousness")
    coded = ("causality_excluded", "term_code", "dictionary")
    return {name: getattr(event, name) for name in (*names, *coded)}


def _opinion(row: CaseRow, event: Any) -> CaseRow | None:
    match event:
        case CaseAssessed():
            return replace(
                row,
                assessment=event,
                status="reportable" if event.reportable else "not_reportable",
                determination_on=event.determination_on,
                serious=event.serious,
                fatal_or_life_threatening=event.fatal_or_life_threatening,
            )
        case CaseReportable():
            gone = {owed.code for owed in event.withdrawn}
            standing = tuple(owed for owed in row.obligations if owed.code not in gone)
            clocks = row.clocks if event.kind == "follow_up" else ()
            return replace(
                row, status="reportable", clocks=clocks, obligations=(*standing, *event.obligations)
            )
        case CaseNotReportable():
            return replace(row, status="not_reportable", clocks=(), obligations=())
        case _:
            return None


def _course(row: CaseRow, event: Any) -> CaseRow | None:
    match event:
        case NewInformationReceived():
            return replace(row, waiting=(*row.waiting, event.info_id))
        case InformationReviewed():
            return replace(row, waiting=tuple(info for info in row.waiting if info != event.info_id))
        case CaseVersionCreated():
            latest = max(event.new_info_on, row.new_info_on or event.new_info_on)
            return replace(row, version=event.version, new_info_on=latest)
        case FollowUpRequested():
            return replace(row, followup_id=event.followup_id)
        case DueDiligenceRecorded():
            return replace(row, searches=row.searches + 1)
        case ReportFiled():
            return replace(row, filed=(*row.filed, event.report_id))
        case ReportAcknowledged():
            return replace(row, acknowledged=(*row.acknowledged, event.report_id))
        case CaseAcknowledged():
            return replace(row, status="acknowledged")
        case _:
            return None
