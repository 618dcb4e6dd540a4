"""The remote review: access for a time, what was read under it, and its end, or that nobody ended it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import assert_never
from uuid import UUID

from services.trials.commands.remote_review import (
    GrantRemoteAccess,
    ReportRemoteReview,
    WithdrawRemoteAccess,
)
from services.trials.domain.broken import deviation, rules_of
from services.trials.projections.guards import SiteGuard
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.remote_review import (
    RemoteAccessGranted,
    RemoteAccessNotWithdrawn,
    RemoteAccessWithdrawn,
    RemoteReviewConducted,
    RemoteReviewEvent,
)
from shared.rules.dates import local_date, start_of_day

ReviewCommand = GrantRemoteAccess | ReportRemoteReview | WithdrawRemoteAccess
Events = list[RemoteReviewEvent | DeviationReported]


@dataclass(frozen=True)
class Review:
    """The access as it was granted, the day it ended, the sessions under it; `told` that it was left open."""

    access: RemoteAccessGranted | None = None
    withdrawn_on: date | None = None
    sessions: frozenset[UUID] = frozenset()
    told: bool = False


def wake_at(review: Review) -> datetime | None:
    """When the last day of an access that nobody has ended is over at the site."""
    if review.access is None or review.withdrawn_on or review.told:
        return None
    return start_of_day(review.access.valid_to + timedelta(days=1), review.access.zone)


def decide(review: Review, command: ReviewCommand | Wake, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    who = facts.actor.id if facts.actor else ""
    match command:
        case Wake():
            return _on_time(review, now)
        case GrantRemoteAccess():
            return _grant(review, command, facts.get(SiteGuard, command.site_id), who, now)
        case ReportRemoteReview():
            return _conducted(review, command, facts.get(SiteGuard, command.site_id), who, now)
        case WithdrawRemoteAccess():
            return _withdraw(review, command, who, now)
        case _:
            assert_never(command)


def _on_time(review: Review, now: datetime) -> Events:
    at = wake_at(review)
    if review.access is None or at is None or now < at:
        return []
    told = review.access.model_dump(include={"review_id", "trial_id", "site_id", "valid_to"})
    return [RemoteAccessNotWithdrawn(**told)]


def _grant(
    review: Review, command: GrantRemoteAccess, site: SiteGuard | None, who: str, now: datetime
) -> Events | Refusal:
    if site is None:
        return Refusal("site.unknown", "there is no site with this id", None, "site_id")
    if site.trial_id != command.trial_id:
        return Refusal("site.other_trial", "the site belongs to another trial", site.status, "trial_id")
    granted = RemoteAccessGranted(**command.model_dump(), zone=site.zone or "UTC", granted_by=who)
    if review.access:
        same = review.access.model_copy(update={"granted_by": who, "zone": granted.zone}) == granted
        known = Refusal("remote_review.known", "access was granted otherwise", "granted", "review_id")
        return [] if same else known
    if command.valid_to < local_date(now, granted.zone):
        return Refusal("remote_review.in_past", "its last day has passed", None, "valid_to")
    return [granted]


def _conducted(
    review: Review, command: ReportRemoteReview, site: SiteGuard | None, who: str, now: datetime
) -> Events:
    if command.session_id in review.sessions:
        return []
    access, day = review.access, command.reviewed_on
    zone = access.zone if access else (site.zone if site else None) or "UTC"
    last = min(review.withdrawn_on or date.max, access.valid_to if access else date.max)
    broken = {
        "remote_review.no_access": access is None,
        "remote_review.other_site": access is not None
        and (access.trial_id, access.site_id) != (command.trial_id, command.site_id),
        "remote_review.outside_access": access is not None and not access.valid_from <= day <= last,
        "remote_review.other_reader": access is not None and access.reader != who,
        "remote_review.in_future": day > local_date(now, zone),
    }
    breaks = rules_of(broken)
    conducted = RemoteReviewConducted(**command.model_dump(), reviewed_by=who, breaks=breaks)
    about = (command.trial_id, "remote_review", str(command.session_id))
    return [conducted, *deviation(*about, breaks, command.reviewed_on, command.site_id)]


def _withdraw(review: Review, command: WithdrawRemoteAccess, who: str, now: datetime) -> Events | Refusal:
    access, day = review.access, command.withdrawn_on
    if access is None or (access.trial_id, access.site_id) != (command.trial_id, command.site_id):
        return Refusal("remote_review.unknown", "no such access was granted there", None, "review_id")
    if review.withdrawn_on:
        return []
    if day > local_date(now, access.zone):
        return Refusal("remote_review.in_future", "the day has not come", "granted", "withdrawn_on")
    return [RemoteAccessWithdrawn(**command.model_dump(), withdrawn_by=who)]


def evolve(review: Review, event: RemoteReviewEvent | DeviationReported) -> Review:
    match event:
        case RemoteAccessGranted():
            return replace(review, access=event)
        case RemoteReviewConducted(session_id=session):
            return replace(review, sessions=review.sessions | {session})
        case RemoteAccessWithdrawn(withdrawn_on=day):
            return replace(review, withdrawn_on=day)
        case RemoteAccessNotWithdrawn():
            return replace(review, told=True)
        case DeviationReported():
            return review
        case _:
            assert_never(event)
