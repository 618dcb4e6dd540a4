"""Commands that lead a site to its selection, away from it, or to its end."""

from typing import ClassVar

from services.trials.commands.site import OfSite
from services.trials.commands.words import Code, Text
from shared.rules.dates import Day


class ScheduleQualification(OfSite):
    """Set the day of the qualification visit, or another day in its place."""

    type: ClassVar[str] = "trials.schedule_qualification.v1"
    visit_on: Day


class QualifySite(OfSite):
    """Record that the qualification visit took place and its report finds the site able."""

    type: ClassVar[str] = "trials.qualify_site.v1"
    visited_on: Day
    report_ref: Text


class RejectSite(OfSite):
    """Do not take a site that was considered."""

    type: ClassVar[str] = "trials.reject_site.v1"
    reason: Code


class DeclineSite(OfSite):
    """Record that the site does not take part."""

    type: ClassVar[str] = "trials.decline_site.v1"
    reason: Code


class TerminateSite(OfSite):
    """End the site's part in the trial before its time."""

    type: ClassVar[str] = "trials.terminate_site.v1"
    reason: Code


class CloseSiteEnrolment(OfSite):
    """Take no new subjects at the site from a local day on, today or before."""

    type: ClassVar[str] = "trials.close_site_enrolment.v1"
    closed_on: Day


class BeginSiteClosing(OfSite):
    """Begin to close the site."""

    type: ClassVar[str] = "trials.begin_site_closing.v1"


class CloseSite(OfSite):
    """Close the site: its visit is reported, the product reconciled, its documents filed, each on its day.

    Day and report of a close-out visit that is recorded here count; they are stated for one made elsewhere.
    """

    type: ClassVar[str] = "trials.close_site.v1"
    visited_on: Day | None = None
    report_ref: Text | None = None
    ip_reconciled_on: Day | None = None
    documents_filed_on: Day | None = None


SiteStepCommand = (
    ScheduleQualification
    | QualifySite
    | RejectSite
    | DeclineSite
    | TerminateSite
    | CloseSiteEnrolment
    | BeginSiteClosing
    | CloseSite
)
