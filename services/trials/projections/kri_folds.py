"""Folds of what risk indicators are computed from: they gather many streams, in any order."""

from dataclasses import replace
from typing import Any

from services.trials.projections.kri_guards import DataCounts, MonitoringPlan, SiteCounters
from services.trials.projections.kri_visits import visited
from services.trials.rules.other_trial import misplaced
from shared.contracts.message import Recorded
from shared.contracts.safety import AdverseEventReceived
from shared.contracts.trials.data import DataCountsRecorded
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.kri import MonitoringEnded, MonitoringPlanned
from shared.contracts.trials.monitoring import (
    VisitCancelled,
    VisitConducted,
    VisitReportApproved,
    VisitRescheduled,
    VisitScheduled,
)
from shared.contracts.trials.remote_review import RemoteReviewConducted
from shared.contracts.trials.site import SiteActivated, SiteResumed, SiteSuspended
from shared.contracts.trials.site_steps import (
    SiteClosed,
    SiteClosingStarted,
    SiteEnrolmentClosed,
    SiteTerminated,
)
from shared.contracts.trials.subject import SubjectEnrolled, SubjectEnrolmentCorrected, SubjectStatusChanged

Key = tuple[Any, ...]
_SCREENED = ("screening", "eligible")
_ON_STUDY = ("on-study", "on-study-intervention", "on-study-observation", "follow-up")
# A second report of a case that is counted, and one that names a site of another trial.
_NOT_ANOTHER = frozenset({"case_reported_before", "site_of_another_trial"})
Counted = (
    SiteActivated
    | SiteSuspended
    | SiteResumed
    | SiteEnrolmentClosed
    | SiteClosingStarted
    | SiteClosed
    | SiteTerminated
    | SubjectEnrolled
    | SubjectEnrolmentCorrected
    | SubjectStatusChanged
    | DeviationReported
    | DeviationAnnulled
    | AdverseEventReceived
    | DataCountsRecorded
    | VisitScheduled
    | VisitRescheduled
    | VisitConducted
    | VisitCancelled
    | VisitReportApproved
    | RemoteReviewConducted
)


def plan_keys(message: Recorded[MonitoringPlanned | MonitoringEnded]) -> tuple[Key, ...]:
    return ((message.data.trial_id,),)


def fold_plan(row: MonitoringPlan | None, message: Recorded[Any], key: Key) -> MonitoringPlan:
    plan = row or MonitoringPlan(key[0])
    if isinstance(message.data, MonitoringPlanned):
        told = message.data.model_dump(exclude={"trial_id", "tolerances"})
        return replace(plan, **told, tolerances=message.data.tolerances)
    return replace(plan, ended=True)


def counters_keys(message: Recorded[Counted]) -> tuple[Key, ...]:
    event = message.data
    if isinstance(event, AdverseEventReceived) and _NOT_ANOTHER & set(event.breaks):
        return ()
    own = None if misplaced(event) else event.site_id
    planned = event.planned_site_id if isinstance(event, VisitConducted) else None
    return tuple((site_id,) for site_id in (own, planned) if site_id)


def fold_counters(row: SiteCounters | None, message: Recorded[Any], key: Key) -> SiteCounters:
    site = row or SiteCounters(key[0], message.data.trial_id)
    if site.trial_id != message.data.trial_id:  # another trial's word; the activation says whose the site is
        return fold_counters(None, message, key) if isinstance(message.data, SiteActivated) else site
    match message.data:
        case SiteActivated(activated_on=day):
            return replace(site, activated_on=day, recruiting_since=day)
        case SiteResumed():
            return replace(site, recruiting_since=message.time.date())
        case SiteSuspended():  # names no day: that of its record, in UTC
            return site.stopped(message.time.date())
        case SiteEnrolmentClosed(closed_on=day) | SiteClosingStarted(started_on=day):
            return site.stopped(day)
        case SiteTerminated(terminated_on=day):
            return replace(site.stopped(day), closed_out=True, over=True)
        case SiteClosed():
            return replace(site, closed_out=True, over=True)
        case SubjectEnrolled(enrolled_on=day):
            return replace(_begun(site, day.toordinal()), enrolled=site.enrolled + 1)
        case SubjectEnrolmentCorrected(enrolled_on=day, former_on=former):
            if former is None:  # told by a version that did not say what it corrected, or never enrolled
                return site
            return replace(site, starts=site.starts + day.toordinal() - former.toordinal())
        case SubjectStatusChanged() as event:
            return _moved(site, event)
        case DeviationReported():
            return replace(site, deviations=site.deviations + 1)
        case DeviationAnnulled(deviation_id=deviation):
            if deviation in site.annulled:  # by its subject's correction and by its hold's annulment
                return site
            annulled = tuple(sorted((*site.annulled, deviation)))
            return replace(site, deviations=site.deviations - 1, annulled=annulled)
        case AdverseEventReceived() as event:
            return _received(site, event)
        case DataCountsRecorded() as event:
            return _counted(site, event)
        case RemoteReviewConducted(sdv=sdv) | VisitReportApproved(sdv=sdv) if sdv:
            forms, fields = site.forms_verified + sdv.forms_verified, site.fields_verified
            return replace(site, forms_verified=forms, fields_verified=fields + sdv.fields_verified)
        case event:
            return visited(site, event)


def _begun(site: SiteCounters, day: int) -> SiteCounters:
    return replace(site, observed=site.observed + 1, starts=site.starts + day)


def _moved(site: SiteCounters, event: SubjectStatusChanged) -> SiteCounters:
    """Screening and its failures; leaving the study ends a subject's time, coming back begins it again.

    Who had withdrawn before an enrolment was told is off study by it: that ends the time that it began.
    """
    day = event.changed_on.toordinal()
    if event.after == "screening" and event.before not in _SCREENED:
        return replace(site, screened=site.screened + 1)
    if event.after == "ineligible" and event.before in _SCREENED:
        return replace(site, screen_failed=site.screen_failed + 1)
    if event.after == "off-study" and event.before in (*_ON_STUDY, "withdrawn"):
        return replace(site, observed=site.observed - 1, ends=site.ends + day)
    if event.before == "off-study" and event.after in _ON_STUDY:
        return _begun(site, day)
    return site


def _received(site: SiteCounters, event: AdverseEventReceived) -> SiteCounters:
    site = replace(site, adverse_events=site.adverse_events + 1)
    if not event.seriousness or event.aware_on is None:
        return site
    days = (event.received_on - event.aware_on).days
    if days < 0:  # nobody reports what is not known yet: one of the two dates is wrong
        return site
    return replace(site, serious=site.serious + 1, serious_late=site.serious_late + (days > 1))


def _counted(site: SiteCounters, event: DataCountsRecorded) -> SiteCounters:
    known = site.data.get(event.source)
    if known and known.as_of > event.as_of:
        return site
    counts = DataCounts(event.as_of, event.forms_entered, event.forms_verified, event.oldest_open_days)
    return replace(site, data=dict(sorted((site.data | {event.source: counts}).items())))
