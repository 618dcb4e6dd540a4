"""The clocks of registry duties, and the words that a registry uses for a trial's status."""

from datetime import date
from uuid import UUID

from services.regulatory.commands.registry import DutyCode
from shared.contracts.deadline import Clock
from shared.contracts.trials.site import SiteActivated, SiteResumed, SiteSuspended
from shared.contracts.trials.site_steps import SiteClosed, SiteEnrolmentClosed, SiteTerminated
from shared.contracts.trials.trial import TrialStatus
from shared.rules.packs import pack

REGISTRATION: DutyCode = "registry_registration_21_day"
STATUS: DutyCode = "registry_status_30_day"
SITE_STATUS: DutyCode = "registry_site_status_30_day"
PROTOCOL: DutyCode = "registry_protocol_change_30_day"
VERIFICATION: DutyCode = "registry_verification_12_month"
RESULTS: DutyCode = "registry_results_1_year"
SUMMARY: DutyCode = "eu_results_summary_1_year"
# Where its local days count: the registry of the United States, and the database of the European Union.
US_ZONE, EU_ZONE = "America/New_York", "Europe/Amsterdam"

# ClinicalTrials.gov's word for each status (domain 3.1). None: it has no word for it, and is still told of
# the change, for the board's review is a data element of its own.
WORDS: dict[TrialStatus, str | None] = {
    "draft": None,
    "in_review": "NOT_YET_RECRUITING",
    "disapproved": None,
    "approved": "NOT_YET_RECRUITING",
    "active": "RECRUITING",
    "temp_closed_accrual": "SUSPENDED",
    "temp_closed_accrual_intervention": "SUSPENDED",
    "closed_accrual": "ACTIVE_NOT_RECRUITING",
    "closed_accrual_intervention": "ACTIVE_NOT_RECRUITING",
    "completed": "COMPLETED",
    "admin_completed": "TERMINATED",
    "withdrawn": "WITHDRAWN",
}
SiteMoved = SiteActivated | SiteSuspended | SiteResumed | SiteEnrolmentClosed | SiteClosed | SiteTerminated
# ClinicalTrials.gov's word for a site after each of them.
SITE_WORDS: dict[type[SiteMoved], str] = {
    SiteActivated: "RECRUITING",
    SiteSuspended: "SUSPENDED",
    SiteResumed: "RECRUITING",
    SiteEnrolmentClosed: "ACTIVE_NOT_RECRUITING",
    SiteClosed: "COMPLETED",
    SiteTerminated: "TERMINATED",
}
ENDED: frozenset[str] = frozenset({"COMPLETED", "TERMINATED", "WITHDRAWN"})


def clock(code: DutyCode, anchor_on: date, anchor_event: UUID) -> Clock:
    """The clock of a duty from its day 0."""
    rules = pack("eu_registry" if code == SUMMARY else "us_registry")
    return rules.find(code, "operational").clock(anchor_on, "receipt", anchor_event)


def taken_over(event: SiteMoved) -> date | None:
    """The day on which it happened, where a takeover in mid-life tells it; else it happens as it is told."""
    match event:
        case SiteActivated(adopted_from=str(), activated_on=day):
            return day
        case SiteEnrolmentClosed(adopted_from=str(), closed_on=day):
            return day
        case SiteClosed(adopted_from=str(), closed_on=day):
            return day
        case _:
            return None
