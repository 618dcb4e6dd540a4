"""The states of a monitoring visit (domain.md 3.3, after ctms-core), and what stands in their way."""

from shared.contracts.trials.monitoring import VisitKind, VisitStatus

TRANSITIONS: dict[VisitStatus, tuple[VisitStatus, ...]] = {
    "scheduled": ("overdue", "awaiting_report", "cancelled"),
    "overdue": ("scheduled", "awaiting_report", "cancelled"),
    "awaiting_report": ("report_pending_review",),
    "report_pending_review": ("awaiting_report", "follow_up", "complete"),
    "follow_up": ("complete",),
    "complete": (),
    "cancelled": (),
}
# Which refusals can stand in the way of a step that the states allow.
GUARDS: dict[tuple[VisitStatus, VisitStatus], tuple[str, ...]] = {
    ("overdue", "scheduled"): ("visit.planned_in_past",),
    ("report_pending_review", "awaiting_report"): ("two_persons",),
    ("report_pending_review", "follow_up"): ("two_persons",),
    ("report_pending_review", "complete"): ("two_persons",),
    ("follow_up", "complete"): ("action_item.before_visit",),
}
# What a visit of this kind is about does not begin before the site is active.
NEEDS_ACTIVE_SITE: frozenset[VisitKind] = frozenset({"interim", "close_out", "targeted"})
