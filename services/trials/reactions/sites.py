"""What contracts and people make of a site's gates: an executed contract is evidence, so are trainings."""

from typing import Any
from uuid import UUID

from services.trials.commands.site import RecordGateEvidence
from services.trials.domain.qualified import trained
from services.trials.projections.guards import SiteGuard
from services.trials.projections.staff import SiteStaff
from services.trials.rules.qualifications import training_evidence
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.investigator import (
    InvestigatorLeft,
    QualificationRecorded,
    TasksDelegated,
    TrainingExpired,
)
from shared.contracts.trials.site import GateRevoked
from shared.contracts.trials.site_contract import ContractExecuted
from shared.rules.dates import local_date

OfStaff = InvestigatorLeft | QualificationRecorded | TasksDelegated | TrainingExpired

Taken = ContractExecuted | GateRevoked | OfStaff


def needs(message: Recorded[Taken]) -> tuple[Need, ...]:
    match message.data:
        case (
            InvestigatorLeft()
            | QualificationRecorded()
            | TasksDelegated()
            | TrainingExpired()
            | GateRevoked(gate="training")
        ) as event:
            return (Need(SiteGuard, (event.site_id,)), Need(SiteStaff, (event.site_id,)))
        case _:
            return ()


def react(message: Recorded[Taken], facts: Facts) -> list[Command]:
    match message.data:
        case ContractExecuted(kind="agreement") as event:
            return [_contract(event)]
        # A gate is revoked, too, where a delegation that was to come has come: that person counts now.
        case (
            InvestigatorLeft()
            | QualificationRecorded()
            | TasksDelegated()
            | TrainingExpired()
            | GateRevoked(gate="training")
        ) as event:
            return _training(message, event.trial_id, event.site_id, facts)
        case _:
            return []


def _contract(event: ContractExecuted) -> Command:
    return RecordGateEvidence(
        trial_id=event.trial_id,
        site_id=event.site_id,
        gate="contract",
        evidence_id=event.contract_id,
        valid_from=event.effective_on,
        valid_to=event.expires_on,
        document_ref=event.document_ref,
        corrects=event.contract_id,
    )


def _training(message: Recorded[Any], trial_id: UUID, site_id: UUID, facts: Facts) -> list[Command]:
    """The gate follows from everybody with tasks; until tasks are delegated, from the papers reported."""
    staff, site = facts.get(SiteStaff, site_id), facts.get(SiteGuard, site_id)
    if staff is None or not staff.delegating:
        return []
    begins, ends = trained(staff, local_date(message.time, (site.zone if site else None) or "UTC"))
    evidence = training_evidence(site_id)
    return [
        RecordGateEvidence(
            trial_id=trial_id,
            site_id=site_id,
            gate="training",
            evidence_id=evidence,
            valid_from=begins,
            valid_to=ends,
            corrects=evidence,
        )
    ]
