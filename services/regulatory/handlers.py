"""What the runtime runs of the regulatory service: aggregates, rows and reactions."""

from pathlib import Path

from services.regulatory import investigator_notices
from services.regulatory import projections as rows
from services.regulatory.commands import (
    ApprovalCommand,
    HoldCommand,
    IndCommand,
    NoticeCommand,
    RegistryCommand,
    ReportCommand,
    ReviewCommand,
)
from services.regulatory.domain import approval, hold, ind, investigator_notice, registry, report, review
from services.regulatory.reactions import (
    needs_of_own,
    needs_of_safety,
    needs_of_trials,
    react_to_own,
    react_to_safety,
    react_to_trials,
)
from shared.contracts.regulatory import RegulatoryEvent
from shared.contracts.safety import SafetyEvent
from shared.contracts.trials import TrialsEvent
from shared.rules import ledger_rows as ledger
from shared.runtime.deadline import DEADLINE, deadline_rows
from shared.runtime.service import Aggregate, Service
from shared.runtime.takers import Projection, Reaction

OWN, TRIALS = ("regulatory",), ("trials",)

SERVICE = Service(
    name="regulatory",
    contracts={"regulatory": RegulatoryEvent, "trials": TrialsEvent, "safety": SafetyEvent},
    aggregates=(
        Aggregate("review", ReviewCommand, review.Review(), review.decide, review.evolve),
        Aggregate(
            "approval",
            ApprovalCommand,
            approval.Approval(),
            approval.decide,
            approval.evolve,
            approval.wake_at,
        ),
        Aggregate("ind", IndCommand, ind.Ind(), ind.decide, ind.evolve, ind.wake_at),
        Aggregate("clinical_hold", HoldCommand, hold.Hold(), hold.decide, hold.evolve),
        Aggregate(
            "report",
            ReportCommand,
            report.SafetyReport(),
            report.decide,
            report.evolve,
            held_by=report.held_by,
        ),
        Aggregate(
            "registry_record", RegistryCommand, registry.RegistryRecord(), registry.decide, registry.evolve
        ),
        Aggregate(
            "investigator_notices",
            NoticeCommand,
            investigator_notice.InvestigatorNotices(),
            investigator_notice.decide,
            investigator_notice.evolve,
        ),
        DEADLINE,
    ),
    projections=(
        Projection(rows.ReviewRow, rows.review_keys, rows.fold_review, OWN),
        Projection(rows.ApprovalRow, rows.approval_keys, rows.fold_approval, OWN),
        Projection(rows.IndRow, rows.ind_keys, rows.fold_ind, OWN),
        Projection(rows.ClinicalHoldRow, rows.clinical_hold_keys, rows.fold_clinical_hold, OWN),
        Projection(rows.OpenHolds, rows.open_holds_keys, rows.fold_open_holds, OWN),
        Projection(rows.ReportRow, rows.report_keys, rows.fold_report, OWN),
        Projection(rows.RegistryRow, rows.registry_keys, rows.fold_registry, OWN),
        deadline_rows(*OWN),
        Projection(ledger.ObligationOwners, ledger.owners_keys, ledger.fold_owners, TRIALS),
        Projection(ledger.TrialDeadlines, ledger.trial_deadlines_keys, ledger.fold_trial_deadlines, OWN),
        Projection(rows.KnownTrial, rows.known_trial_keys, rows.fold_known_trial, TRIALS),
        Projection(rows.TrialHoldRow, rows.trial_hold_keys, rows.fold_trial_hold, TRIALS),
    ),
    reactions=(
        Reaction("trials", react_to_trials, needs_of_trials),
        Reaction("safety", react_to_safety, needs_of_safety),
        Reaction("regulatory", react_to_own, needs_of_own),
        Reaction("trials", investigator_notices.arising),
        Reaction("regulatory", investigator_notices.told, investigator_notices.needs),
    ),
    migrations=Path(__file__).parent / "migrations",
)
