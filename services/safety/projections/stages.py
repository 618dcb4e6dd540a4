"""How events change the row of a case, stage by stage; None where they are of another stage."""

from dataclasses import replace
from typing import Any

from services.safety.projections.row import CaseRow
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


def intake(row: CaseRow, event: Any) -> CaseRow | None:
    """What was reported, and what a correction says of it."""
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


def opinion(row: CaseRow, event: Any) -> CaseRow | None:
    """What a physician signed, and what follows from it."""
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


def course(row: CaseRow, event: Any) -> CaseRow | None:
    """What waits for a person, what was asked for, sent and acknowledged."""
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
