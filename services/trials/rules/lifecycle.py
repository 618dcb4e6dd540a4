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
# An approved trial becomes active by its first activated site.
ACCRUING: frozenset[TrialStatus] = frozenset({"approved", "active"})
ACCRUAL_CLOSED: frozenset[TrialStatus] = frozenset({"closed_accrual", "closed_accrual_intervention"})
FINISHED: frozenset[TrialStatus] = frozenset({"completed", "admin_completed", "withdrawn", "archived"})
# What can stand in the way of a step: the rules that refuse it. A phase's needs are those of rules/phases.py.
_STOPPED, _WITHDRAWN = ("trial.reason_required",), ("trial.reason_required", "trial.has_subjects")
GUARDS: dict[tuple[TrialStatus, TrialStatus], tuple[str, ...]] = {
    **{(at, to): _STOPPED for at, steps in TRANSITIONS.items() for to in steps if to in REASON_REQUIRED},
    **{(at, "withdrawn"): _WITHDRAWN for at, steps in TRANSITIONS.items() if "withdrawn" in steps},
    ("approved", "active"): (
        "trial.no_active_site",
        "programme.pending",
        "phase.unknown",
        "phase.not_reached",
        "phase.milestone_missing",
        "phase.no_marketing_authorisation",
    ),
    ("closed_accrual", "active"): ("trial.signature_required",),
    # Where the accrual had been closed before the pause.
    ("temp_closed_accrual", "active"): ("trial.signature_required",),
    ("temp_closed_accrual_intervention", "active"): ("trial.signature_required",),
    ("closed_accrual_intervention", "completed"): ("trial.visits_open", "trial.not_locked", "trial.tmf_open"),
}
