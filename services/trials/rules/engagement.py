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
_DATES = ("engagement.date_before_cause", "engagement.date_in_future")
GUARDS: dict[tuple[EngagementStatus, EngagementStatus], tuple[str, ...]] = {
    ("considered", "invited"): ("engagement.date_in_future",),
    ("considered", "declined"): ("engagement.date_in_future",),
    ("invited", "proposal_received"): _DATES,
    ("proposal_received", "selected"): _DATES,
    ("selected", "pilot"): _DATES,
    ("selected", "engaged"): _DATES,
    ("selected", "declined"): _DATES,
    ("pilot", "engaged"): (*_DATES, "engagement.pilot_not_evaluated", "engagement.pilot_not_passed"),
    ("pilot", "ended"): _DATES,
    ("engaged", "ended"): _DATES,
    ("invited", "declined"): _DATES,
    ("proposal_received", "declined"): _DATES,
}
