"""The states of a site (domain.md 3.3), and which refusals can stand in the way of a step."""

from shared.contracts.trials.feasibility import FeasibilityReceived, FeasibilitySent
from shared.contracts.trials.site import SiteStatus
from shared.contracts.trials.site_steps import (
    QualificationScheduled,
    SiteClosed,
    SiteClosingStarted,
    SiteDeclined,
    SiteEnrolmentClosed,
    SiteNotSelected,
    SiteQualified,
    SiteStepEvent,
    SiteTerminated,
)

# From each status to those that may follow it. To `selected` straight from `identified` a waiver leads; to
# `activated` from `suspended` the end of what stopped the site, where no subject had enrolled before.
TRANSITIONS: dict[SiteStatus, tuple[SiteStatus, ...]] = {
    "identified": ("feasibility_sent", "selected", "declined"),
    "feasibility_sent": ("feasibility_received", "declined"),
    "feasibility_received": ("qualification_scheduled", "not_selected"),
    "qualification_scheduled": ("qualified", "not_selected"),
    "qualified": ("selected", "not_selected"),
    "selected": ("startup", "declined"),
    "startup": ("ready", "terminated"),
    "ready": ("activated", "startup"),
    "activated": ("enrolling", "suspended", "closing"),
    "enrolling": ("suspended", "closed_to_enrolment", "closing"),
    "suspended": ("activated", "enrolling", "closing", "terminated"),
    "closed_to_enrolment": ("closing",),
    "closing": ("closed",),
    "closed": (),
    "declined": (),
    "not_selected": (),
    "terminated": (),
}
# A step that is not named here is told of, or needs nothing but its status.
GUARDS: dict[tuple[SiteStatus, SiteStatus], tuple[str, ...]] = {
    ("identified", "feasibility_sent"): ("trial.finished", "feasibility.due_before_sent"),
    ("identified", "selected"): ("site.not_qualified", "trial.finished"),
    ("feasibility_sent", "feasibility_received"): ("feasibility.other", "feasibility.answers"),
    ("feasibility_received", "qualification_scheduled"): (
        "feasibility.not_completed",
        "feasibility.unsuitable",
    ),
    ("feasibility_received", "not_selected"): ("feasibility.not_completed",),
    ("qualification_scheduled", "qualified"): ("site.date_in_future",),
    ("qualified", "selected"): ("trial.finished",),
    ("ready", "activated"): ("trial.not_approved", "hold.enrol", "site.gates_closed"),
    ("enrolling", "closed_to_enrolment"): ("site.date_before_cause", "site.date_in_future"),
    ("closing", "closed"): (
        "site.no_close_out_report",
        "site.close_out_not_approved",
        "site.close_out_differs",
        "site.product_not_reconciled",
        "site.documents_not_filed",
        "site.date_before_cause",
        "site.date_in_future",
    ),
}
# Nothing that happens to gates or holds moves such a site any more.
OVER: frozenset[SiteStatus] = frozenset({"closed", "declined", "not_selected", "terminated"})
# Before the qualification: only a waiver leads from the first of them to the selection.
UNQUALIFIED: frozenset[SiteStatus] = frozenset(
    {"identified", "feasibility_sent", "feasibility_received", "qualification_scheduled"}
)
# Where a site stands after what a person did, beside its selection and its activation.
MovesOn = SiteStepEvent | FeasibilitySent | FeasibilityReceived
STATUS_AFTER: dict[type[MovesOn], SiteStatus] = {
    FeasibilitySent: "feasibility_sent",
    FeasibilityReceived: "feasibility_received",
    QualificationScheduled: "qualification_scheduled",
    SiteQualified: "qualified",
    SiteNotSelected: "not_selected",
    SiteDeclined: "declined",
    SiteTerminated: "terminated",
    SiteEnrolmentClosed: "closed_to_enrolment",
    SiteClosingStarted: "closing",
    SiteClosed: "closed",
}
