"""The lifecycle of a trial (domain.md 3.1, after FHIR R4 ResearchStudy.status and the statuses of CTRP)."""

from shared.contracts.trials.trial import TrialStatus

# From each status to those that may follow it; the order is that of the lifecycle.
TRANSITIONS: dict[TrialStatus, tuple[TrialStatus, ...]] = {
    "draft": ("in_review", "withdrawn"),
    "in_review": ("approved", "disapproved", "withdrawn"),
    "disapproved": ("in_review", "withdrawn"),
    "approved": ("active", "withdrawn"),
    "active": (
        "closed_accrual",
        "temp_closed_accrual",
        "temp_closed_accrual_intervention",
        "admin_completed",
    ),
    "temp_closed_accrual": (
        "active",
        "closed_accrual",
        "temp_closed_accrual_intervention",
        "admin_completed",
    ),
    "temp_closed_accrual_intervention": (
        "active",
        "temp_closed_accrual",
        "closed_accrual_intervention",
        "admin_completed",
    ),
    "closed_accrual": (
        "closed_accrual_intervention",
        "active",
        "temp_closed_accrual_intervention",
        "admin_completed",
    ),
    "closed_accrual_intervention": ("completed", "admin_completed"),
    "completed": ("archived",),
    "admin_completed": ("archived",),
}
REASON_REQUIRED: frozenset[TrialStatus] = frozenset(
    {"temp_closed_accrual", "temp_closed_accrual_intervention", "admin_completed", "withdrawn"}
)
FINISHED: frozenset[TrialStatus] = frozenset({"completed", "admin_completed", "withdrawn", "archived"})
