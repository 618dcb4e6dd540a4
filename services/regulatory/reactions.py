"""What events of trials, of safety and of this service make it do; ids come from the event's own."""

from uuid import uuid5

from services.regulatory import (
    deadlines,
    obligations,
    registry_deadlines,
    registry_duties,
)
from services.regulatory.commands import AssignReport, OpenReview, RenewApproval, StartApproval
from services.regulatory.projections.guards import KnownTrial
from shared.contracts.deadline import DeadlineArmed
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.regulatory import (
    IrbApproved,
    RegistryDutiesReleased,
    RegistryDutyArisen,
    RegistryUpdated,
    ReportNotRequired,
    ReportReanchored,
    SafetyReportAcknowledged,
    SafetyReportFiled,
)
from shared.contracts.safety import AdverseEventCorrected, CaseNotReportable, CaseOpened, CaseReportable
from shared.contracts.trials.site import SiteSelected
from shared.rules.ownership import Given, MakesOwners, Owners, handed_on, needs_to_hand_on

OfTrials = SiteSelected | registry_duties.Arising | MakesOwners
OfSafety = CaseOpened | CaseReportable | CaseNotReportable | AdverseEventCorrected
OfOwn = (
    IrbApproved
    | SafetyReportAcknowledged
    | SafetyReportFiled
    | ReportNotRequired
    | ReportReanchored
    | RegistryDutyArisen
    | RegistryUpdated
    | RegistryDutiesReleased
    | DeadlineArmed
)


def needs_of_trials(message: Recorded[OfTrials]) -> tuple[Need, ...]:
    """The trial, where registries may have to be told; and what is open, where somebody becomes its owner."""
    given = needs_to_hand_on(message)
    plan = (Need(KnownTrial, (message.trial_id,)),) if given else ()
    return tuple(dict.fromkeys((*registry_duties.needs(message), *plan, *given)))


def react_to_trials(message: Recorded[OfTrials], facts: Facts) -> list[Command]:
    """A selected site gets a draft review; registries are to be told; owners get what they owe.

    A site that was taken over has had its review elsewhere.
    """
    match message.data:
        case SiteSelected(adopted_from=None) as site:
            return [
                OpenReview(
                    review_id=uuid5(site.site_id, "review/initial"),
                    trial_id=site.trial_id,
                    site_ids=(site.site_id,),
                    kind="initial",
                    zone=site.zone,
                    board=site.irb,
                )
            ]
        case _:
            given = _given(handed_on(message, facts, deadlines.plan(facts, message.trial_id)))
            return [*registry_duties.arising(message, facts), *given]


def needs_of_safety(message: Recorded[OfSafety]) -> tuple[Need, ...]:
    """The trial, for it says who owes the reports."""
    match message.data:
        case CaseOpened() | CaseReportable() | AdverseEventCorrected():
            return deadlines.needs_of_owners(message.data.trial_id)
        case _:
            return ()


def react_to_safety(message: Recorded[OfSafety], facts: Facts) -> list[Command]:
    """Clocks at receipt, reports at a signed determination, other clocks after a correction."""
    match message.data:
        case CaseOpened() as case:
            owners = deadlines.owners(facts, case.trial_id)
            return deadlines.arm_provisional(case.case_id, case.trial_id, case.clocks, owners)
        case CaseReportable() as case:
            return obligations.reportable(case, deadlines.owners(facts, case.trial_id))
        case CaseNotReportable() as case:
            return obligations.not_reportable(case)
        case AdverseEventCorrected() as case:
            return obligations.corrected(case, deadlines.owners(facts, case.trial_id))
        case _:
            return []


def _given(found: Given) -> list[Command]:
    """Deadlines go to their owners, and with a report's deadline the report itself."""
    reports = {
        one.subject_id: AssignReport(
            report_id=one.subject_id, trial_id=given.trial_id, organisation_id=given.organisation_id
        )
        for one, given in found
        if one.subject_kind == "report"
    }
    return [*reports.values(), *(given for _, given in found)]


def needs_of_own(message: Recorded[OfOwn]) -> tuple[Need, ...]:
    """The trial and its ledger, where deadlines are armed."""
    match message.data:
        case ReportReanchored(trial_id=trial) | RegistryDutyArisen(trial_id=trial):
            return deadlines.needs_of_owners(trial)
        case DeadlineArmed() if message.trial_id:
            return deadlines.needs_of_owners(message.trial_id)
        case _:
            return ()


def react_to_own(message: Recorded[OfOwn], facts: Facts) -> list[Command]:
    """Where one stream of this service moves another: a review its approval, a report its deadlines."""
    match message.data:
        case IrbApproved() as approved:
            return [*_approved(approved), *registry_duties.amended(approved)]
        case SafetyReportAcknowledged(deadlines=ids, trial_id=trial, receipt_on=day):
            return deadlines.meet(ids, trial, day)
        case SafetyReportFiled(destination=to, deadlines=ids) as filed if to in deadlines.MET_AT_DISPATCH:
            return deadlines.meet(ids, filed.trial_id, filed.filed_on)
        case ReportNotRequired(deadlines=ids, trial_id=trial, reason=reason):
            return [deadlines.cancel(deadline, trial, reason) for deadline in ids]
        case ReportReanchored() as report:
            return _reanchored(report, deadlines.owners(facts, report.trial_id))
        case RegistryDutyArisen() as duty:
            return registry_deadlines.arm(duty, deadlines.owners(facts, duty.trial_id))
        case RegistryUpdated() | RegistryDutiesReleased() as told:
            return registry_deadlines.settle(told)
        case DeadlineArmed() if message.trial_id:
            return _given(handed_on(message, facts, deadlines.plan(facts, message.trial_id)))
        case _:
            return []


def _approved(event: IrbApproved) -> list[Command]:
    fields = event.model_dump(exclude={"kind", "letter_ref"})
    commands: list[Command] = [StartApproval(**fields)]
    if event.renews is not None:
        commands.append(
            RenewApproval(
                approval_id=event.renews,
                trial_id=event.trial_id,
                site_ids=event.site_ids,
                successor_id=event.approval_id,
                effective_on=event.effective_on,
            )
        )
    return commands


def _reanchored(report: ReportReanchored, owners: Owners) -> list[Command]:
    commands = deadlines.arm_report(report, owners)
    for old, new in zip(report.supersedes, report.deadlines, strict=True):
        if old != new:
            commands.append(deadlines.supersede(old, new, report.trial_id, "reanchored"))
    return commands
