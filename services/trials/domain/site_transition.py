"""Whether a site may step from where it stands, what day it is there, and whose it is."""

from datetime import date, datetime
from uuid import UUID

from services.trials.domain.site_state import Site
from services.trials.rules.site_states import TRANSITIONS
from shared.contracts.message import Refusal
from shared.contracts.trials.site import SiteStatus
from shared.rules.dates import local_date


def transition(site: Site, to: SiteStatus) -> Refusal | None:
    """The refusal of a step that the states of a site do not have."""
    if site.status is None:
        return Refusal("site.unknown", "there is no site with this id", None, "site_id")
    if to in TRANSITIONS[site.status]:
        return None
    return Refusal("site.transition", f"{site.status} does not lead to {to}", site.status)


def in_future(site: Site, field: str, day: date, now: datetime) -> Refusal | None:
    """The refusal of a day that has not come at the site; without a known zone, nowhere on earth."""
    if day <= local_date(now, site.known_zone or "Etc/GMT-14"):
        return None
    return Refusal("site.date_in_future", f"{day} has not come at the site", site.status, field)


def other_trial(site: Site, trial_id: UUID | None) -> Refusal | None:
    """The refusal of what is said of a site in another trial's name."""
    if site.trial_id in (None, trial_id):
        return None
    return Refusal("site.other_trial", "the site belongs to another trial", site.status, "trial_id")
