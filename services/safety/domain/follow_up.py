"""Follow-up of a case: asked for once, and what became of the requests and reports that it led to."""

from datetime import date
from typing import Any
from uuid import UUID, uuid5

from services.safety.commands import RecordDueDiligence, RecordSafetyReportStatus, RequestFollowUp
from services.safety.domain.state import Case
from shared.contracts.message import Command
from shared.contracts.safety import (
    CaseAcknowledged,
    DueDiligenceRecorded,
    FollowUpRequested,
    ReportAcknowledged,
    ReportFiled,
    SafetyEvent,
)

_ALWAYS_ASKED = (
    "clinical_course",
    "diagnostic_results",
    "medical_history",
    "concomitant_medication",
    "outcome",
)
_ASKED_OF = {"death": ("cause_of_death", "autopsy"), "hospitalisation": ("discharge_summary",)}


def request_follow_up(case: Case, command: RequestFollowUp) -> list[SafetyEvent]:
    """Once a case, with the earliest dates of all its reports, whichever of them was opened first.

    It is asked again only where a case that became graver, or a corrected day 0, makes a date earlier.
    """
    if case.event is None or not case.obligations:
        return []
    if case.adopted and case.version == 1:
        return []  # whoever had the case asked for it, and that request is taken over too
    legal_due = min(owed.legal.due_on for owed in case.obligations)
    operational_due = min(owed.operational.due_on for owed in case.obligations)
    if case.asked is not None and (legal_due >= case.asked[0] and operational_due >= case.asked[1]):
        return []
    criteria = (case.assessment or case.event).seriousness
    questions = [question for criterion in criteria for question in _ASKED_OF.get(criterion, ())]
    by_law = any(owed.legal.force == "regulation" for owed in case.obligations)
    return [
        FollowUpRequested(
            followup_id=follow_up_id(command.case_id, case.asked and (legal_due, operational_due)),
            case_id=command.case_id,
            trial_id=case.event.trial_id,
            site_id=case.event.site_id,
            subject_id=case.event.subject_id,
            questions=(*_ALWAYS_ASKED, *questions),
            legal_due=legal_due,
            operational_due=operational_due,
            zone=case.event.zone,
            priority="urgent" if by_law else "routine",
        )
    ]


def follow_up_id(case_id: UUID, sooner: tuple[date, date] | None = None) -> UUID:
    """The follow-up of a case, and one of its own for each time that it is needed sooner."""
    return uuid5(case_id, "follow-up" if sooner is None else f"follow-up/{sooner[0]}/{sooner[1]}")


def record_status(case: Case, command: RecordSafetyReportStatus) -> list[SafetyEvent]:
    """A report sent or acknowledged; when the last one owed to an authority is, the case is."""
    if (command.report_id, command.status) in case.told:
        return []
    about = command.model_dump(include={"case_id", "report_id", "case_version", "obligation_code"})
    about |= _trial(case, command)
    if command.status == "filed":
        return [ReportFiled(**about, filed_on=command.on)]
    events: list[SafetyEvent] = [ReportAcknowledged(**about, receipt_on=command.on)]
    done = case.acknowledged | {(command.case_version or 0, command.obligation_code or "")}
    if case.owed and case.owed <= done and not case.owed <= case.acknowledged:
        events.append(
            CaseAcknowledged(
                case_id=command.case_id,
                trial_id=about["trial_id"],
                version=case.version,
                reports=len(case.owed),
            )
        )
    return events


def record_due_diligence(case: Case, command: RecordDueDiligence) -> list[SafetyEvent]:
    """The attempt is noted once a request."""
    if command.request_id in case.searched:
        return []
    return [
        DueDiligenceRecorded(
            **_trial(case, command),
            case_id=command.case_id,
            request_id=command.request_id,
            outcome=command.outcome,
        )
    ]


def _trial(case: Case, command: Command) -> dict[str, Any]:
    """The case's trial; of a case that was never reported, the one that the command names, and a mark."""
    if case.event is None:
        return {"trial_id": command.trial_id, "breaks": ("case_unknown",)}
    return {"trial_id": case.event.trial_id}
