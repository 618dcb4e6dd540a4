"""What a case's obligations make of reports and deadlines: safety computed the dates, these arm them."""

from uuid import UUID

from services.regulatory import deadlines
from services.regulatory.commands import CancelReport, OpenReport, ReanchorReport
from shared.contracts.deadline import Obligation
from shared.contracts.message import Command
from shared.contracts.safety import AdverseEventCorrected, CaseNotReportable, CaseReportable
from shared.rules.ownership import Owners


def reportable(case: CaseReportable, owners: Owners) -> list[Command]:
    """A report and two deadlines for each obligation; what was provisional or withdrawn ends."""
    commands = _withdrawn(case, "determined_otherwise")
    for obligation in case.obligations:
        code, destination = obligation.code, obligation.destination
        report = OpenReport(
            report_id=deadlines.report_of(case.case_id, case.version, code, destination),
            trial_id=case.trial_id,
            case_id=case.case_id,
            case_version=case.version,
            kind=case.kind,
            obligation_code=code,
            destination=destination,
            legal=obligation.legal,
            operational=obligation.operational,
            organisation_id=owners(code).organisation_id,
        )
        commands += [report, *deadlines.arm_report(report, owners)]
    return commands + deadlines.settle_provisional(
        case.case_id, case.version, case.trial_id, case.provisional, case.obligations
    )


def _reports(case_id: UUID, version: int, obligation: Obligation) -> list[tuple[UUID, tuple[UUID, UUID]]]:
    """The reports that an obligation may be, one a case version, each with the deadlines it would have.

    The event does not say in which version it arose: the report that has these deadlines knows itself.
    """
    ids = (
        deadlines.report_of(case_id, v, obligation.code, obligation.destination) for v in range(version + 1)
    )
    return [(id_, deadlines.deadlines_of(id_, obligation.legal, obligation.operational)) for id_ in ids]


def _withdrawn(case: CaseReportable | CaseNotReportable, reason: str) -> list[Command]:
    return [
        CancelReport(report_id=report, trial_id=case.trial_id, deadlines=ids, reason=reason)
        for obligation in case.withdrawn
        for report, ids in _reports(case.case_id, case.version, obligation)
    ]


def not_reportable(case: CaseNotReportable) -> list[Command]:
    """Nothing is owed: provisional clocks and reports that were not filed yet end."""
    settled = deadlines.settle_provisional(case.case_id, case.version, case.trial_id, case.provisional, ())
    return [*settled, *_withdrawn(case, "not_reportable")]


def corrected(case: AdverseEventCorrected, owners: Owners) -> list[Command]:
    """Another day 0: provisional clocks and the reports that are open count from it."""
    commands = deadlines.reanchor_provisional(
        case.case_id, case.trial_id, case.former_clocks, case.clocks, owners
    )
    now = {(o.code, o.destination): o for o in case.obligations}
    for former in case.former_obligations:
        new = now.get((former.code, former.destination))
        for report, ids in _reports(case.case_id, case.version, former):
            if new is None:
                commands.append(
                    CancelReport(report_id=report, trial_id=case.trial_id, deadlines=ids, reason="corrected")
                )
            else:
                commands.append(
                    ReanchorReport(
                        report_id=report,
                        trial_id=case.trial_id,
                        former=ids,
                        legal=new.legal,
                        operational=new.operational,
                    )
                )
    return commands
