"""A case taken over while it is open: what is settled stays silent, what is owed has its true dates."""

from datetime import datetime

from services.safety.commands import AdoptCase
from services.safety.domain import clocks
from services.safety.domain.assessment import not_reportable, obstacle
from services.safety.domain.intake import opened
from services.safety.domain.state import FATAL, AdverseEvent, Case
from shared.contracts.message import Refusal
from shared.contracts.safety import (
    AdverseEventReceived,
    CaseAcknowledged,
    CaseAssessed,
    CaseReportable,
    SafetyEvent,
)
from shared.rules.dates import local_date


def adopt(case: Case, command: AdoptCase, now: datetime) -> list[SafetyEvent] | Refusal:
    """The events of a takeover; of a case taken over before, whatever became of it since, none."""
    received, today = _received(command), local_date(now, command.zone)
    event = AdverseEvent.of(received)
    if case.event is not None:
        if case.adopted and event in case.reports:
            return []
        return Refusal("case.already_known", "the case is known here otherwise", case.determination)
    if command.received_on > today:
        return Refusal("case.received_in_future", "that day has not come", None, "received_on")
    begun = opened(command.case_id, event)
    if command.determination:
        begun = begun.model_copy(update={"clocks": ()})
    assessed = _assessed(command)
    if assessed is None:
        return [received, begun]
    case = Case(event=event, version=1)
    if refusal := obstacle(case, event, assessed, today):
        return refusal
    owed = _owed(case, event, assessed, command)
    return owed if isinstance(owed, Refusal) else [received, begun, assessed, *owed]


def _received(command: AdoptCase) -> AdverseEventReceived:
    told = command.model_dump(include={*AdverseEventReceived.model_fields} - {"seriousness"})
    criteria = tuple(sorted(set(command.seriousness)))
    return AdverseEventReceived(**told, seriousness=criteria, adopted_from=command.document_ref)


def _assessed(command: AdoptCase) -> CaseAssessed | None:
    """The opinion as it was signed elsewhere; None while nobody has signed one."""
    if command.determination is None:
        return None
    criteria = tuple(sorted(set(command.seriousness)))
    fields = {
        "case_id",
        "trial_id",
        "causality_investigator",
        "causality_sponsor",
        "expected",
        "rsi_version",
        "evidence_category",
        "rationale",
        "determination_on",
    }
    return CaseAssessed(
        **command.model_dump(include=fields),
        version=1,
        seriousness=criteria,
        serious=bool(criteria),
        fatal_or_life_threatening=bool(FATAL & set(criteria)),
        reportable=command.determination == "reportable",
    )


def _owed(
    case: Case, event: AdverseEvent, assessed: CaseAssessed, command: AdoptCase
) -> list[SafetyEvent] | Refusal:
    if not assessed.reportable:
        return [not_reportable(case, assessed)]
    about = {"case_id": command.case_id, "trial_id": event.trial_id, "version": 1}
    obligations = clocks.expedited(case, event, assessed)
    codes = {owed.code for owed in obligations}
    if strange := [code for code in command.settled if code not in codes]:
        detail = f"{strange[0]} is not owed: {', '.join(sorted(codes))} are"
        return Refusal("case.obligation_unknown", detail, "reportable", "settled")
    open_ = tuple(owed for owed in obligations if owed.code not in command.settled)
    told = about | {
        "site_id": event.site_id,
        "subject_id": event.subject_id,
        "kind": "initial",
        "determination_on": assessed.determination_on,
        "fatal_or_life_threatening": assessed.fatal_or_life_threatening,
        "obligations": open_,
        "settled": tuple(sorted(set(command.settled))),
    }
    events: list[SafetyEvent] = [CaseReportable.model_validate(told)]
    if not open_:
        events.append(CaseAcknowledged.model_validate(about | {"reports": len(codes)}))
    return events
