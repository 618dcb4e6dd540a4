"""The statistical analysis plan: statuses of a version, and what it has to come before (ICH E9, 5.1)."""

from shared.contracts.trials.statistics import PlanStatus

TRANSITIONS: dict[PlanStatus, tuple[PlanStatus, ...]] = {
    "drafted": ("approved", "abandoned"),
    "approved": ("superseded",),
}
# A plan is superseded by the approval of the next one, which its own guards can refuse.
GUARDS: dict[tuple[PlanStatus, PlanStatus], tuple[str, ...]] = {
    ("drafted", "approved"): ("plan.before_draft", "plan.before_approval", "plan.in_future"),
}
# The sentence of the guideline was read on a secondary page.
CITATION, VERIFIED = "ICH E9, 5.1", False
