"""What events of trials, of safety and of this service make it do; ids come from the event's own."""

from typing import Any
from uuid import UUID, uuid5

from services.regulatory import deadlines, obligations, registry_deadlines, registry_duties
from services.regulatory.commands import OpenReview, RenewApproval, StartApproval
from services.regulatory.projections.guards import KnownTrial
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
from shared.rules.deadlines import Owner

# Who owes a report of a trial that this service has not heard of yet: what is not transferred in writing is
# not transferred (21 CFR 312.52, R25).
SPONSOR = Owner("sponsor")


def needs_of_trials(message: Recorded[Any]) -> tuple[Need, ...]:
    """The trial, where registries may have to be told of what happened in it."""
    return registry_duties.needs(message)


def react_to_trials(message: Recorded[Any], facts: Facts) -> list[Command]:
    """A selected site gets a draft ethics review; of what else happens, registries are to be told."""
    match message.data:
        case SiteSelected() as site:
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
            return registry_duties.arising(message, facts)


def needs_of_safety(message: Recorded[Any]) -> tuple[Need, ...]:
    """The trial, for it says who owes the reports."""
    match message.data:
        case CaseOpened() | CaseReportable() | AdverseEventCorrected():
            return (Need(KnownTrial, (message.data.trial_id,)),)
        case _:
            return ()


def react_to_safety(message: Recorded[Any], facts: Facts) -> list[Command]:
    """Clocks at receipt, reports at a signed determination, other clocks after a correction."""
    match message.data:
        case CaseOpened() as case:
            owner = _owner(facts, case.trial_id)
            return deadlines.arm_provisional(case.case_id, case.trial_id, case.clocks, owner)
        case CaseReportable() as case:
            return obligations.reportable(case, _owner(facts, case.trial_id))
        case CaseNotReportable() as case:
            return obligations.not_reportable(case)
        case AdverseEventCorrected() as case:
            return obligations.corrected(case, _owner(facts, case.trial_id))
        case _:
            return []


def _owner(facts: Facts, trial_id: UUID) -> Owner:
    trial = facts.get(KnownTrial, trial_id)
    return Owner(trial.owner, trial.owner_id) if trial and trial.owner else SPONSOR


def needs_of_own(message: Recorded[Any]) -> tuple[Need, ...]:
    """The trial, where deadlines are armed anew."""
    match message.data:
        case ReportReanchored(trial_id=trial) | RegistryDutyArisen(trial_id=trial):
            return (Need(KnownTrial, (trial,)),)
        case _:
            return ()


def react_to_own(message: Recorded[Any], facts: Facts) -> list[Command]:
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
            return _reanchored(report, _owner(facts, report.trial_id))
        case RegistryDutyArisen() as duty:
            return registry_deadlines.arm(duty, _owner(facts, duty.trial_id))
        case RegistryUpdated() | RegistryDutiesReleased() as told:
            return registry_deadlines.settle(told)
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


def _reanchored(report: ReportReanchored, owner: Owner) -> list[Command]:
    commands = deadlines.arm_report(report, owner)
    for old, new in zip(report.supersedes, report.deadlines, strict=True):
        if old != new:
            commands.append(deadlines.supersede(old, new, report.trial_id, "reanchored"))
    return commands
