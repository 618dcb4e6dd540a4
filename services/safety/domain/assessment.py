"""The signed determination: what a physician may sign, and what it obliges to."""

from datetime import date, datetime

from services.safety.commands import AssessCase
from services.safety.domain import clocks
from services.safety.domain.state import FATAL, AdverseEvent, Case
from shared.contracts.deadline import Obligation
from shared.contracts.message import Refusal
from shared.contracts.safety import CaseAssessed, CaseNotReportable, CaseReportable, SafetyEvent
from shared.rules.dates import local_date


def assess(case: Case, command: AssessCase, now: datetime) -> list[SafetyEvent] | Refusal:
    """The opinion as signed, then what follows from the determination; signing the same again gives none."""
    if case.event is None:
        return Refusal("case.unknown", "no adverse event has been reported for this case")
    if command.case_version not in (None, case.version):
        detail = f"the case is at version {case.version}: look at that one and sign again"
        return Refusal("case.version", detail, field="case_version")
    today = local_date(now, case.event.zone)
    assessed = _assessed(case, case.event, command, today)
    if case.assessment is not None and _same(case.assessment, assessed, command):
        return []
    if refusal := obstacle(case, case.event, assessed, today):
        return refusal
    if assessed.reportable:
        return [assessed, *_reportable(case.assessed(assessed), case.event, assessed)]
    return [assessed, not_reportable(case, assessed)]


def _assessed(case: Case, event: AdverseEvent, command: AssessCase, today: date) -> CaseAssessed:
    criteria = tuple(sorted(set(command.seriousness)))
    return CaseAssessed(
        case_id=command.case_id,
        trial_id=event.trial_id,
        version=case.version,
        seriousness=criteria,
        serious=bool(criteria),
        fatal_or_life_threatening=bool(FATAL & set(criteria)),
        causality_investigator=command.causality_investigator,
        causality_sponsor=command.causality_sponsor,
        expected=command.expected,
        rsi_version=command.rsi_version,
        evidence_category=command.evidence_category,
        rationale=command.rationale,
        determination_on=command.determination_on or today,
        reportable=command.determination == "reportable",
    )


def _same(before: CaseAssessed, after: CaseAssessed, command: AssessCase) -> bool:
    """Signing again on a later day, without naming a day, is no new determination."""
    if command.determination_on is None:
        after = after.model_copy(update={"determination_on": before.determination_on})
    return before == after


def obstacle(case: Case, event: AdverseEvent, assessed: CaseAssessed, today: date) -> Refusal | None:
    """Why this may not be signed: it contradicts itself, or changes what is not the sponsor's to change."""
    suspected = assessed.causality_sponsor == "related"
    qualifies = assessed.serious and not assessed.expected and suspected
    before = case.assessment
    if not event.received_on <= assessed.determination_on <= today:
        detail = "a determination is made between the receipt of the event and today"
        return Refusal("case.determination_date", detail, field="determination_on")
    said_related = before is not None and before.causality_investigator == "related"
    if said_related and assessed.causality_investigator != "related":
        detail = "the investigator said related: both opinions are reported, none is downgraded (R8)"
        return Refusal("case.causality_downgraded", detail, field="causality_investigator")
    if assessed.reportable and not qualifies:
        detail = "reportable is what is serious, unexpected and suspected (21 CFR 312.32(c)(1)(i))"
        return Refusal("case.not_qualifying", detail, field="determination")
    if assessed.reportable and assessed.evidence_category is None:
        detail = "name the category of evidence, A, B or C, for a causal relation (21 CFR 312.32(c)(1)(i))"
        return Refusal("case.evidence_missing", detail, field="evidence_category")
    if qualifies and not assessed.reportable and assessed.rationale is None:
        detail = "serious, unexpected and suspected: say why it is not reported singly"
        return Refusal("case.rationale_missing", detail, field="rationale")
    return None


def _reportable(case: Case, event: AdverseEvent, assessed: CaseAssessed) -> list[SafetyEvent]:
    """What is newly owed, and what is taken back, beside what an earlier determination owes already."""
    wanted = clocks.expedited(case, event, assessed)
    standing = {obligation.code for obligation in case.obligations} | case.settled
    fresh = tuple(obligation for obligation in wanted if obligation.code not in standing)
    withdrawn = () if assessed.fatal_or_life_threatening else _seven_day(case)
    if not fresh and not withdrawn and not case.clocks:
        return []
    return [
        CaseReportable(
            case_id=assessed.case_id,
            trial_id=event.trial_id,
            site_id=event.site_id,
            subject_id=event.subject_id,
            version=case.version,
            kind="initial",
            determination_on=assessed.determination_on,
            fatal_or_life_threatening=assessed.fatal_or_life_threatening,
            obligations=fresh,
            provisional=case.clocks,
            withdrawn=withdrawn,
        )
    ]


def _seven_day(case: Case) -> tuple[Obligation, ...]:
    return tuple(owed for owed in case.obligations if clocks.for_fatal_only(owed.code))


def not_reportable(case: Case, assessed: CaseAssessed) -> CaseNotReportable:
    """What a case that is not to be reported says: the reason that was signed, else the first that holds."""
    reasons = {
        "not_serious": not assessed.serious,
        "expected": assessed.expected,
        "not_suspected": assessed.causality_sponsor != "related",
    }
    return CaseNotReportable(
        case_id=assessed.case_id,
        trial_id=assessed.trial_id,
        version=case.version,
        determination_on=assessed.determination_on,
        reason=assessed.rationale or next(code for code, holds in reasons.items() if holds),
        provisional=case.clocks,
        withdrawn=case.obligations,
    )
