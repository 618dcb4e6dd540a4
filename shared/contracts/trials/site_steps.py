"""Events of a site before its selection and after its work: qualification, refusals, closing.

`adopted_from` is the record by which somebody vouches for what a takeover in mid-life told.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.message import Event


class QualificationScheduled(Event):
    """The day of the qualification visit was set, or another day in its place."""

    type: ClassVar[str] = "trials.site.qualification_scheduled.v1"
    trial_id: UUID
    site_id: UUID
    visit_on: date


class SiteQualified(Event):
    """The qualification visit took place, and its report says that the site can do the trial."""

    type: ClassVar[str] = "trials.site.qualified.v1"
    trial_id: UUID
    site_id: UUID
    visited_on: date
    report_ref: str


class SiteNotSelected(Event):
    """The sponsor does not take the site; `reason` is a code."""

    type: ClassVar[str] = "trials.site.not_selected.v1"
    trial_id: UUID
    site_id: UUID
    reason: str


class SiteDeclined(Event):
    """The site does not take part; `reason` is a code."""

    type: ClassVar[str] = "trials.site.declined.v1"
    trial_id: UUID
    site_id: UUID
    reason: str


class SiteTerminated(Event):
    """The site's part in the trial was ended before its time; `reason` is a code."""

    type: ClassVar[str] = "trials.site.terminated.v1"
    trial_id: UUID
    site_id: UUID
    reason: str
    terminated_on: date


class SiteEnrolmentClosed(Event):
    """The site takes no new subjects from the local day `closed_on` on; those enrolled go on."""

    type: ClassVar[str] = "trials.site.enrolment_closed.v1"
    trial_id: UUID
    site_id: UUID
    closed_on: date
    adopted_from: str | None = None


class SiteClosingStarted(Event):
    """The site is being closed: nothing stops it or lets it go on any more."""

    type: ClassVar[str] = "trials.site.closing_started.v1"
    trial_id: UUID
    site_id: UUID
    started_on: date
    adopted_from: str | None = None


class SiteClosed(Event):
    """The site is closed: its close-out visit is reported, the product reconciled, the documents filed."""

    type: ClassVar[str] = "trials.site.closed.v1"
    trial_id: UUID
    site_id: UUID
    visited_on: date
    report_ref: str
    ip_reconciled_on: date
    documents_filed_on: date
    closed_on: date
    adopted_from: str | None = None


SiteStepEvent = (
    QualificationScheduled
    | SiteQualified
    | SiteNotSelected
    | SiteDeclined
    | SiteTerminated
    | SiteEnrolmentClosed
    | SiteClosingStarted
    | SiteClosed
)
