"""Folds of the guard rows; each gathers several streams, so their order among each other does not matter."""

from dataclasses import replace
from datetime import date
from operator import attrgetter
from typing import Any
from uuid import UUID

from services.trials.projections.guards import (
    Authorisation,
    CloseOut,
    HoldView,
    SiteGuard,
    SubjectGuard,
    TrialCount,
    TrialGuard,
    TrialSites,
)
from services.trials.rules.site_states import STATUS_AFTER
from shared.contracts.message import Recorded
from shared.contracts.trials.hold import HoldAnnulled, HoldApplied, HoldLifted
from shared.contracts.trials.monitoring import VisitConducted, VisitReportApproved
from shared.contracts.trials.site import (
    SiteActivated,
    SiteEnrolmentStarted,
    SiteIdentified,
    SiteResumed,
    SiteSelected,
    SiteSuspended,
)
from shared.contracts.trials.site_steps import SiteEnrolmentClosed
from shared.contracts.trials.subject import SubjectEnrolled
from shared.contracts.trials.trial import (
    TrialAuthorised,
    TrialPlanRecorded,
    TrialRegistered,
    TrialStatusChanged,
)

Key = tuple[Any, ...]


def trial_guard_keys(message: Recorded[Any]) -> tuple[Key, ...]:
    match message.data:
        case TrialRegistered() | TrialPlanRecorded() | TrialStatusChanged() | TrialAuthorised() as event:
            return ((event.trial_id,),)
        case _:
            return _hold_keys(message, ("trial", "arm"))


def fold_trial_guard(row: TrialGuard | None, message: Recorded[Any], key: Key) -> TrialGuard:
    guard = row or TrialGuard(key[0])
    match message.data:
        case TrialRegistered(status=status, route=route, target=target):
            return replace(guard, status=status, route=route, target=target)
        case TrialPlanRecorded(route=route, target=target):
            return replace(guard, route=route, target=target)
        case TrialStatusChanged(after=status):
            return replace(guard, status=status)
        case TrialAuthorised(country=country, effective_on=day, authorisation=authorisation):
            known = guard.authorised | {country: Authorisation(day, authorisation)}
            return replace(guard, authorised=known)
        case _:
            return replace(guard, holds=_fold_holds(guard.holds, message.data))


_SITE_STATUS: dict[type[Any], str] = {
    SiteEnrolmentStarted: "enrolling",
    SiteSuspended: "suspended",
    **STATUS_AFTER,
}


def site_guard_keys(message: Recorded[Any]) -> tuple[Key, ...]:
    match message.data:
        case SiteIdentified() | SiteSelected() | SiteActivated() | SiteResumed() | SubjectEnrolled() as event:
            return ((event.site_id,),)
        case SiteEnrolmentStarted() | SiteSuspended() as event:
            return ((event.site_id,),)
        case VisitConducted(kind="close_out") | VisitReportApproved(kind="close_out") as event:
            return ((event.site_id,),)
        case event if type(event) in STATUS_AFTER:
            return ((event.site_id,),)
        case _:
            return _hold_keys(message, ("site",))


def fold_site_guard(row: SiteGuard | None, message: Recorded[Any], key: Key) -> SiteGuard:
    guard = row or SiteGuard(key[0])
    match message.data:
        case SiteIdentified(trial_id=trial_id, zone=zone):
            return replace(guard, trial_id=trial_id, zone=zone, status="identified")
        case SiteSelected(trial_id=trial_id, zone=zone, target=target):
            return replace(guard, trial_id=trial_id, zone=zone, target=target, status="selected")
        case SiteActivated(activated_on=day):
            return replace(guard, activated_on=day, status="activated")
        case SiteResumed(status=status):
            return replace(guard, status=status)
        case SiteEnrolmentStarted() if guard.status == "suspended":
            return guard  # told late: the site goes on as enrolling once it is resumed
        case SubjectEnrolled(trial_id=trial_id):
            return replace(guard, enrolled=guard.enrolled + 1) if guard.of(trial_id) else guard
        case SiteEnrolmentClosed(closed_on=day):
            return replace(guard, enrolment_closed_on=day, status="closed_to_enrolment")
        case HoldApplied() | HoldLifted() | HoldAnnulled() as event:
            return replace(guard, holds=_fold_holds(guard.holds, event))
        case VisitConducted(visit_id=visit, conducted_on=day):
            return _closed_out(guard, CloseOut(visit, day))
        case VisitReportApproved(visit_id=visit, conducted_on=day, document_ref=report):
            return _closed_out(guard, CloseOut(visit, day, report))
        case event:
            return replace(guard, status=_SITE_STATUS[type(event)])


def _closed_out(guard: SiteGuard, told: CloseOut) -> SiteGuard:
    """Of several visits the last one with an approved report counts, else the last one made."""

    def rank(one: CloseOut) -> tuple[bool, date, UUID]:
        return one.report_ref is not None, one.conducted_on, one.visit_id

    return replace(guard, close_out=max(guard.close_out or told, told, key=rank))


def subject_guard_keys(message: Recorded[Any]) -> tuple[Key, ...]:
    return _hold_keys(message, ("subject",))


def fold_subject_guard(row: SubjectGuard | None, message: Recorded[Any], key: Key) -> SubjectGuard:
    guard = row or SubjectGuard(key[0])
    return replace(guard, holds=_fold_holds(guard.holds, message.data))


def trial_sites_keys(message: Recorded[Any]) -> tuple[Key, ...]:
    match message.data:
        case SiteSelected() | SiteActivated() as event:
            return ((event.trial_id,),)
        case _:
            return ()


def fold_trial_sites(row: TrialSites | None, message: Recorded[Any], key: Key) -> TrialSites:
    sites = row or TrialSites(key[0])
    match message.data:
        case SiteSelected(site_id=site_id, country=country):
            known = sites.countries | {site_id: country}
            return replace(sites, countries=dict(sorted(known.items())))
        case SiteActivated(site_id=site_id):
            return replace(sites, activated=tuple(sorted({*sites.activated, site_id})))
        case _:
            return sites


def trial_count_keys(message: Recorded[Any]) -> tuple[Key, ...]:
    return ((message.data.trial_id,),) if isinstance(message.data, SubjectEnrolled) else ()


def fold_trial_count(row: TrialCount | None, message: Recorded[Any], key: Key) -> TrialCount:
    count = row or TrialCount(key[0])
    return replace(count, enrolled=count.enrolled + 1)


def _hold_keys(message: Recorded[Any], scopes: tuple[str, ...]) -> tuple[Key, ...]:
    match message.data:
        case HoldApplied() | HoldLifted() | HoldAnnulled() as event if event.scope_kind in scopes:
            return ((event.scope_id,),)
        case _:
            return ()


def _fold_holds(holds: tuple[HoldView, ...], event: Any) -> tuple[HoldView, ...]:
    match event:
        case HoldApplied():
            told = (event.hold_id, event.source, event.effects, event.since)
            view = HoldView(*told, arm=event.arm, trial_id=event.trial_id)
            return tuple(sorted((*holds, view), key=attrgetter("hold_id")))
        case HoldLifted():
            return tuple(
                replace(hold, until=event.until) if hold.hold_id == event.hold_id else hold for hold in holds
            )
        case HoldAnnulled():
            return tuple(hold for hold in holds if hold.hold_id != event.hold_id)
        case _:
            return holds
