"""The steps of an engagement, from a first thought of an organisation to the end of its work."""

from shared.contracts.trials.engagement import EngagementStatus

# From each status to those that may follow it.
TRANSITIONS: dict[EngagementStatus, tuple[EngagementStatus, ...]] = {
    "considered": ("invited", "declined"),
    "invited": ("proposal_received", "declined"),
    "proposal_received": ("selected", "declined"),
    "selected": ("pilot", "engaged", "declined"),
    "pilot": ("engaged", "ended"),
    "engaged": ("ended",),
}
# Which refusals can stand in the way of a step that is allowed.
GUARDS: dict[tuple[EngagementStatus, EngagementStatus], tuple[str, ...]] = {
    ("invited", "proposal_received"): ("engagement.date_before_cause",),
    ("proposal_received", "selected"): ("engagement.date_before_cause",),
    ("selected", "pilot"): ("engagement.date_before_cause",),
    ("selected", "engaged"): ("engagement.date_before_cause",),
    ("selected", "declined"): ("engagement.date_before_cause",),
    ("pilot", "engaged"): (
        "engagement.date_before_cause",
        "engagement.pilot_not_evaluated",
        "engagement.pilot_not_passed",
    ),
    ("pilot", "ended"): ("engagement.date_before_cause",),
    ("engaged", "ended"): ("engagement.date_before_cause",),
    ("invited", "declined"): ("engagement.date_before_cause",),
    ("proposal_received", "declined"): ("engagement.date_before_cause",),
}
