"""A site's request for support: asked, answered, given or taken back, overdue by the clock."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from services.trials.commands.recruitment import AnswerSupport, CloseSupport, RequestSupport
from services.trials.projections.guards import SiteGuard
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.recruitment import (
    SupportAnswered,
    SupportClosed,
    SupportEvent,
    SupportOverdue,
    SupportRequested,
)
from shared.rules.dates import start_of_day

SupportCommand = RequestSupport | AnswerSupport | CloseSupport


@dataclass(frozen=True)
class Support:
    """What decisions need of a request."""

    requested: SupportRequested | None = None
    answered: SupportAnswered | None = None
    overdue: bool = False
    closed: SupportClosed | None = None

    @property
    def status(self) -> str | None:
        if self.closed or self.requested is None:
            return "closed" if self.closed else None
        if self.answered is None:
            return "requested"
        return "accepted" if self.answered.accepted else "declined"


def decide(
    support: Support, command: SupportCommand | Wake, facts: Facts, now: datetime
) -> list[SupportEvent] | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case RequestSupport():
            return _request(support, command, facts)
        case AnswerSupport():
            return _answer(support, command)
        case CloseSupport():
            return _close(support, command)
        case Wake():
            return _overdue(support, now)
        case _:
            assert_never(command)


def evolve(support: Support, event: SupportEvent) -> Support:
    match event:
        case SupportRequested():
            return replace(support, requested=event)
        case SupportAnswered():
            return replace(support, answered=event)
        case SupportOverdue():
            return replace(support, overdue=True)
        case SupportClosed():
            return replace(support, closed=event)
        case _:
            assert_never(event)


def wake_at(support: Support) -> datetime | None:
    """The end of the site's day by which an open request was needed; None where none can become overdue."""
    asked = support.requested
    if asked is None or asked.needed_by is None or support.overdue:
        return None
    if support.status in ("closed", "declined"):
        return None
    return start_of_day(asked.needed_by + timedelta(days=1), asked.zone)


def _request(support: Support, command: RequestSupport, facts: Facts) -> list[SupportEvent] | Refusal:
    site = facts.get(SiteGuard, command.site_id)
    if site is None or site.trial_id != command.trial_id:
        return Refusal("site.other_trial", "the trial has no such site", None, "site_id")
    requested = SupportRequested(**command.model_dump(), zone=site.zone or "UTC")
    if support.requested is None:
        return [requested]
    same = support.requested.model_copy(update={"zone": requested.zone}) == requested
    otherwise = Refusal("support.already_requested", "the request was made otherwise", support.status)
    return [] if same else otherwise


def _answer(support: Support, command: AnswerSupport) -> list[SupportEvent] | Refusal:
    answered = SupportAnswered(**command.model_dump())
    if support.answered == answered:
        return []
    if support.requested is None or support.closed:
        return Refusal("support.transition", "only an open request is answered", support.status)
    if command.answered_on < support.requested.requested_on:
        detail = f"it was asked for on {support.requested.requested_on}"
        return Refusal("support.answered_before_asked", detail, support.status, "answered_on")
    return [answered]


def _close(support: Support, command: CloseSupport) -> list[SupportEvent] | Refusal:
    if support.closed:
        return []
    if support.requested is None:
        return Refusal("support.unknown", "there is no such request", None, "request_id")
    if command.outcome == "given" and support.status != "accepted":
        return Refusal("support.transition", "what was not accepted was not given", support.status, "outcome")
    if command.closed_on < support.requested.requested_on:
        detail = f"it was asked for on {support.requested.requested_on}"
        return Refusal("support.closed_before_asked", detail, support.status, "closed_on")
    return [SupportClosed(**command.model_dump())]


def _overdue(support: Support, now: datetime) -> list[SupportEvent]:
    due, asked = wake_at(support), support.requested
    if due is None or now < due or asked is None or asked.needed_by is None:
        return []
    ids = asked.model_dump(include={"request_id", "trial_id", "site_id"})
    return [SupportOverdue(**ids, needed_by=asked.needed_by)]
