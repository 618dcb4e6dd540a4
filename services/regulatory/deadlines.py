"""The obligations that this service arms, meets, supersedes and cancels, and the dates it warns by."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID, uuid5

from services.regulatory.commands.report import OpenReport
from services.regulatory.projections.guards import KnownTrial
from shared.contracts.deadline import Clock, Obligation
from shared.contracts.message import Command, Facts, Need
from shared.contracts.regulatory import InvestigatorNoticeOwed, RegistryDutyArisen, ReportReanchored
from shared.rules.deadlines import (
    ArmDeadline,
    CancelDeadline,
    MeetDeadline,
    Owner,
    SupersedeDeadline,
    clock_deadline_id,
)
from shared.rules.ledger_rows import ObligationOwners
from shared.rules.ownership import Owners, owners_of
from shared.rules.packs import pack

APPROVAL_WARNINGS = pack("irb").lead_of("irb_approval_expiring").days_before
IND_REVIEW = pack("us_ind_review").find("ind_review_period", "operational")
NEW_INVESTIGATOR = pack("us_ind_amendments").find("ind_new_investigator_30_day", "operational")

# What goes to investigators is met at dispatch; their acknowledgement is an indicator (ruling 0.7, K).
MET_AT_DISPATCH = frozenset({"investigators"})


def plan(facts: Facts, trial_id: UUID | None) -> Owner | None:
    """Who carries the sponsor's duties by the plan of the trial."""
    trial = facts.get(KnownTrial, trial_id)
    return Owner(trial.owner, trial.owner_id) if trial and trial.owner else None


def owners(facts: Facts, trial_id: UUID) -> Owners:
    """Who owns each deadline of the trial, by its ledger and its plan."""
    return owners_of(trial_id, facts, plan(facts, trial_id))


def needs_of_owners(trial_id: UUID) -> tuple[Need, ...]:
    """The rows that `owners` reads."""
    return (Need(KnownTrial, (trial_id,)), Need(ObligationOwners, (trial_id,)))


def arm_duty(
    duty: RegistryDutyArisen | InvestigatorNoticeOwed,
    subject_kind: str,
    subject_id: UUID,
    former: Iterable[UUID],
    owners: Owners,
) -> list[Command]:
    """The deadline of a duty; those in whose place it comes are superseded."""
    owner = owners(duty.clock.code)
    armed = ArmDeadline(
        deadline_id=duty.duty_id,
        trial_id=duty.trial_id,
        subject_kind=subject_kind,
        subject_id=subject_id,
        clock=duty.clock,
        owner=owner.owner,
        organisation_id=owner.organisation_id,
        obligation=owner.obligation,
    )
    return [armed, *(supersede(old, duty.duty_id, duty.trial_id, "reanchored") for old in former)]


def report_of(case_id: UUID, case_version: int, code: str, destination: str) -> UUID:
    """The report that this obligation of a case version is; the same obligation gives the same report."""
    return uuid5(case_id, f"report/{case_version}/{code}/{destination}")


def deadlines_of(report_id: UUID, legal: Clock, operational: Clock) -> tuple[UUID, UUID]:
    """The two deadlines of a report: by law, and the one that operations works to."""
    return clock_deadline_id(report_id, legal, "legal"), clock_deadline_id(
        report_id, operational, "operational"
    )


def arm_report(report: OpenReport | ReportReanchored, owners: Owners) -> list[Command]:
    """Both deadlines of a report, exactly from the clocks that safety computed."""
    clocks = (report.legal, report.operational)
    ids = deadlines_of(report.report_id, *clocks)
    return [
        ArmDeadline(
            deadline_id=deadline,
            trial_id=report.trial_id,
            subject_kind="report",
            subject_id=report.report_id,
            clock=clock,
            owner=owner.owner,
            organisation_id=owner.organisation_id,
            obligation=owner.obligation,
        )
        for deadline, clock in zip(ids, clocks, strict=True)
        for owner in (owners(clock.code),)
    ]


def arm_provisional(case_id: UUID, trial_id: UUID, clocks: Iterable[Clock], owners: Owners) -> list[Command]:
    """The clocks that run from receipt, before any determination (ruling 0.1)."""
    return [
        ArmDeadline(
            deadline_id=clock_deadline_id(case_id, clock, "provisional"),
            trial_id=trial_id,
            subject_kind="case",
            subject_id=case_id,
            clock=clock,
            owner=owner.owner,
            organisation_id=owner.organisation_id,
            obligation=owner.obligation,
            provisional=True,
        )
        for clock in clocks
        for owner in (owners(clock.code),)
    ]


def settle_provisional(
    case_id: UUID, version: int, trial_id: UUID, clocks: Iterable[Clock], obligations: Sequence[Obligation]
) -> list[Command]:
    """A determination takes the place of provisional clocks of the same code and cancels the others."""
    successors = {
        o.code: clock_deadline_id(
            report_of(case_id, version, o.code, o.destination), o.operational, "operational"
        )
        for o in reversed(obligations)
    }
    return [
        supersede(old, successors[clock.code], trial_id, "determined")
        if clock.code in successors
        else cancel(old, trial_id, "assessed_otherwise")
        for clock in clocks
        for old in (clock_deadline_id(case_id, clock, "provisional"),)
    ]


def reanchor_provisional(
    case_id: UUID, trial_id: UUID, former: Iterable[Clock], clocks: Sequence[Clock], owners: Owners
) -> list[Command]:
    """Clocks of a corrected case: another anchor supersedes, a code that is gone is cancelled."""
    now = {clock.code: clock_deadline_id(case_id, clock, "provisional") for clock in clocks}
    commands = arm_provisional(case_id, trial_id, clocks, owners)
    for clock in former:
        old = clock_deadline_id(case_id, clock, "provisional")
        if clock.code not in now:
            commands.append(cancel(old, trial_id, "corrected"))
        elif now[clock.code] != old:
            commands.append(supersede(old, now[clock.code], trial_id, "corrected"))
    return commands


def supersede(old: UUID, new: UUID, trial_id: UUID | None, reason: str) -> SupersedeDeadline:
    """Another anchor: the new deadline takes the place of the old one."""
    return SupersedeDeadline(deadline_id=old, trial_id=trial_id, successor_id=new, reason=reason)


def cancel(deadline_id: UUID, trial_id: UUID | None, reason: str) -> CancelDeadline:
    """The obligation does not exist."""
    return CancelDeadline(deadline_id=deadline_id, trial_id=trial_id, reason=reason)


def meet(deadlines: Iterable[UUID], trial_id: UUID | None, met_on: date) -> list[Command]:
    """All deadlines of a report are met by the same date."""
    return [MeetDeadline(deadline_id=d, trial_id=trial_id, met_on=met_on) for d in deadlines]
