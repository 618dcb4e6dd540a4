"""The rows of the regulatory service: guards, and what pages and queries show."""

from services.regulatory.projections.approvals import ApprovalRow, approval_keys, fold_approval
from services.regulatory.projections.authority import (
    ClinicalHoldRow,
    IndRow,
    TrialHoldRow,
    clinical_hold_keys,
    fold_clinical_hold,
    fold_ind,
    fold_trial_hold,
    ind_keys,
    trial_hold_keys,
)
from services.regulatory.projections.guards import (
    KnownTrial,
    OpenHolds,
    fold_known_trial,
    fold_open_holds,
    known_trial_keys,
    open_holds_keys,
)
from services.regulatory.projections.registry import RegistryRow, fold_registry, registry_keys
from services.regulatory.projections.reports import ReportRow, fold_report, report_keys
from services.regulatory.projections.reviews import ReviewRow, fold_review, review_keys

__all__ = [
    "ApprovalRow",
    "ClinicalHoldRow",
    "IndRow",
    "KnownTrial",
    "OpenHolds",
    "RegistryRow",
    "ReportRow",
    "ReviewRow",
    "TrialHoldRow",
    "approval_keys",
    "clinical_hold_keys",
    "fold_approval",
    "fold_clinical_hold",
    "fold_ind",
    "fold_known_trial",
    "fold_open_holds",
    "fold_registry",
    "fold_report",
    "fold_review",
    "fold_trial_hold",
    "ind_keys",
    "known_trial_keys",
    "open_holds_keys",
    "registry_keys",
    "report_keys",
    "review_keys",
    "trial_hold_keys",
]
