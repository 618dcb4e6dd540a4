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
    Standing,
    SubjectGuard,
    TrialGuard,
    TrialSites,
)
from services.trials.rules.other_trial import misplaced
from services.trials.rules.site_states import STATUS_AFTER, MovesOn
from shared.contracts.message import Recorded
from shared.contracts.trials.consent import SubjectConsented
from shared.contracts.trials.hold import HoldAnnulled, HoldApplied, HoldEvent, HoldLifted
from shared.contracts.trials.monitoring import VisitConducted, VisitReportApproved
from shared.contracts.trials.site import (
    SiteActivated,
    SiteEnrolmentStarted,
    SiteIdentified,
    SiteResumed,
    SiteSelected,
    SiteSuspended,
)
from shared.contracts.trials.site_steps import SiteClosingStarted, SiteEnrolmentClosed, SiteTerminated
from shared.contracts.trials.subject import SubjectEnrolled
from shared.contracts.trials.trial import (
    TrialAuthorised,
    TrialPlanRecorded,
    TrialRegistered,
    TrialStatusChanged,
)

Key = tuple[Any, ...]


OfTrial = TrialRegistered | TrialPlanRecorded | TrialStatusChanged | TrialAuthorised


def trial_guard_keys(message: Recorded[OfTrial | HoldEvent]) -> tuple[Key, ...]:
    if isinstance(message.data, HoldEvent):
        return _scope(message.data, ("trial", "arm"))
    return ((message.data.trial_id,),)


def fold_trial_guard(row: TrialGuard | None, message: Recorded[Any], key: Key) -> TrialGuard:
    guard = row or TrialGuard(key[0])
    match message.data:
        case TrialRegistered(status=status, route=route, owner_id=owner):
            first = Standing(message.time.date(), status)
            return replace(guard, route=route, owner_id=owner).moved(first)
        case TrialPlanRecorded(route=route, owner_id=owner):
            return replace(guard, route=route, owner_id=owner)
        case TrialStatusChanged(after=status, changed_on=day):
            return guard.moved(Standing(day or message.time.date(), status))
        case TrialAuthorised(country=country, effective_on=day, authorisation=authorisation):
            return replace(guard, authorised=guard.authorised | {country: Authorisation(day, authorisation)})
        case _:
            return replace(guard, holds=_fold_holds(guard.holds, message.data))


_SITE_STATUS: dict[type[Any], str] = {
    SiteEnrolmentStarted: "enrolling",
    SiteSuspended: "suspended",
    **STATUS_AFTER,
}


OfSite = (
    SiteIdentified
    | SiteSelected
    | SiteActivated
    | SiteResumed
    | SubjectEnrolled
    | SubjectConsented
    | SiteEnrolmentStarted
    | SiteSuspended
    | VisitConducted
    | VisitReportApproved
    | MovesOn
)


def site_guard_keys(message: Recorded[OfSite | HoldEvent]) -> tuple[Key, ...]:
    match message.data:
        case HoldApplied() | HoldLifted() | HoldAnnulled() as hold:
            return _scope(hold, ("site",))
        case VisitConducted(kind=kind) | VisitReportApproved(kind=kind) if kind != "close_out":
            return ()
        case event:
            return () if misplaced(event) else ((event.site_id,),)


def fold_site_guard(row: SiteGuard | None, message: Recorded[Any], key: Key) -> SiteGuard:
    guard = row or SiteGuard(key[0])
    match message.data:
        case SiteIdentified(trial_id=trial_id, zone=zone):
            return replace(guard, trial_id=trial_id, zone=zone, status="identified")
        case SiteSelected(trial_id=trial_id, zone=zone):
            return replace(guard, trial_id=trial_id, zone=zone, status="selected")
        case SiteActivated(activated_on=day):
            return replace(guard, activated_on=day, status="activated")
        case SiteResumed(status=status):
            return replace(guard, status=status)
        case SiteEnrolmentStarted() if guard.status == "suspended":
            return guard  # told late: the site goes on as enrolling once it is resumed
        case SubjectEnrolled():
            return replace(guard, enrolled=guard.enrolled + 1)
        case SubjectConsented():
            return replace(guard, consented=True)
        case SiteEnrolmentClosed(closed_on=day):
            return guard.ended("closed_to_enrolment", day)
        case SiteClosingStarted(started_on=day):
            return guard.ended("closing", day)
        case SiteTerminated(terminated_on=day):
            return guard.ended("terminated", day)
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


def subject_guard_keys(message: Recorded[HoldEvent]) -> tuple[Key, ...]:
    return _scope(message.data, ("subject",))


def fold_subject_guard(row: SubjectGuard | None, message: Recorded[Any], key: Key) -> SubjectGuard:
    return replace(guard := row or SubjectGuard(key[0]), holds=_fold_holds(guard.holds, message.data))


def trial_sites_keys(message: Recorded[SiteSelected | SiteActivated]) -> tuple[Key, ...]:
    return ((message.data.trial_id,),)


def fold_trial_sites(row: TrialSites | None, message: Recorded[Any], key: Key) -> TrialSites:
    sites = row or TrialSites(key[0])
    match message.data:
        case SiteSelected(site_id=site_id, country=country):
            return replace(sites, countries=dict(sorted((sites.countries | {site_id: country}).items())))
        case SiteActivated(site_id=site_id):
            return replace(sites, activated=tuple(sorted({*sites.activated, site_id})))
        case _:
            return sites


def _scope(event: HoldEvent, scopes: tuple[str, ...]) -> tuple[Key, ...]:
    return ((event.scope_id,),) if event.scope_kind in scopes else ()


def _fold_holds(holds: tuple[HoldView, ...], event: Any) -> tuple[HoldView, ...]:
    match event:
        case HoldApplied(hold_id=id_, source=source, effects=effects, since=since):
            view = HoldView(id_, source, effects, since, arm=event.arm, trial_id=event.trial_id)
            return tuple(sorted((*holds, view), key=attrgetter("hold_id")))
        case HoldLifted():
            ended, day = event.hold_id, event.until
            return tuple(replace(hold, until=day) if hold.hold_id == ended else hold for hold in holds)
        case HoldAnnulled():
            return tuple(hold for hold in holds if hold.hold_id != event.hold_id)
        case _:
            return holds
