"""The IND's decider: day 30 passes by time, in effect it is by signature only (ruling 0.7, R20)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from typing import assert_never
from uuid import UUID

from services.regulatory.commands import (
    ConfirmIndInEffect,
    IndCommand,
    RecordIndEarlyNotice,
    RecordIndReceipt,
)
from services.regulatory.deadlines import IND_REVIEW
from services.regulatory.projections.guards import OpenHolds
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.regulatory import (
    IndEarlyNoticeReceived,
    IndEvent,
    IndInEffect,
    IndReceived,
    IndReviewPeriodElapsed,
)
from shared.rules.dates import local_date, start_of_day


@dataclass(frozen=True)
class Ind:
    """State of one IND. `contradicting` are receipts that state another date than the first."""

    received: IndReceived | None = None
    notice: IndEarlyNoticeReceived | None = None
    elapsed: bool = False
    in_effect: frozenset[UUID] = frozenset()
    contradicting: tuple[IndReceived, ...] = ()


def decide(state: Ind, command: IndCommand, facts: Facts, now: datetime) -> list[IndEvent] | Refusal:
    """The events of a command, and day 30 where it has come."""
    match command:
        case Wake():
            return _day_30(state, now)
        case RecordIndReceipt():
            events = _receipt(state, command)
            return [*events, *_day_30(reduce(evolve, events, state), now)]
        case RecordIndEarlyNotice():
            return (
                [] if state.notice else [IndEarlyNoticeReceived(**command.model_dump(exclude={"trial_id"}))]
            )
        case ConfirmIndInEffect():
            signed = _in_effect(state, command, facts, now)
            return signed if isinstance(signed, Refusal) else [*_day_30(state, now), *signed]
        case _:
            assert_never(command)


def evolve(state: Ind, event: IndEvent) -> Ind:
    """The state after an event."""
    match event:
        case IndReceived():
            if state.received is None:
                return replace(state, received=event)
            return replace(state, contradicting=(*state.contradicting, event))
        case IndEarlyNoticeReceived():
            return replace(state, notice=event)
        case IndReviewPeriodElapsed():
            return replace(state, elapsed=True)
        case IndInEffect(trial_ids=trials):
            return replace(state, in_effect=state.in_effect | set(trials))
        case _:
            assert_never(event)


def wake_at(state: Ind) -> datetime | None:
    """UTC: the authority's midnight at which day 30 begins; without its receipt date no clock runs."""
    if state.received is None or state.elapsed:
        return None
    return start_of_day(state.received.review_ends_on, state.received.zone)


def _receipt(state: Ind, command: RecordIndReceipt) -> list[IndEvent]:
    clock = IND_REVIEW.clock(command.receipt_on, "receipt")
    event = IndReceived(
        ind_id=command.ind_id,
        number=command.number,
        trial_ids=command.trial_ids,
        receipt_on=command.receipt_on,
        zone=clock.zone,
        review_ends_on=clock.due_on,
    )
    if state.received is None:
        return [event]
    if event == state.received:
        return []
    event = event.model_copy(update={"breaks": ("ind.receipt_contradicts",)})
    return [] if event in state.contradicting else [event]


def _day_30(state: Ind, now: datetime) -> list[IndEvent]:
    received = state.received
    if received is None or state.elapsed or local_date(now, received.zone) < received.review_ends_on:
        return []
    return [
        IndReviewPeriodElapsed(
            ind_id=received.ind_id, trial_ids=received.trial_ids, review_ends_on=received.review_ends_on
        )
    ]


def _in_effect(
    state: Ind, command: ConfirmIndInEffect, facts: Facts, now: datetime
) -> list[IndEvent] | Refusal:
    received = state.received
    if received is None:
        return Refusal("ind.receipt_missing", "the authority has not stated its receipt date: no clock runs")
    if set(command.trial_ids) <= state.in_effect:
        return []
    if not set(command.trial_ids) <= set(received.trial_ids):
        return Refusal("ind.trial_not_covered", "a trial is not under this IND", field="trial_ids")
    scopes = (facts.get(OpenHolds, scope) for scope in (command.ind_id, *command.trial_ids))
    holds = [row for row in scopes if row is not None]
    if any(row.open for row in holds):
        return Refusal("ind.under_hold", "the authority has imposed a hold and not lifted it (312.42(e))")
    if state.notice is None and local_date(now, received.zone) < received.review_ends_on:
        detail = f"the authority may impose a hold until {received.review_ends_on.isoformat()} (312.40(b)(1))"
        return Refusal("ind.review_period_running", detail)
    return [_effective(state, received, command.trial_ids, [row.lifted_on for row in holds if row.lifted_on])]


def _effective(
    state: Ind, received: IndReceived, trials: tuple[UUID, ...], lifted: list[date]
) -> IndInEffect:
    """In effect from day 30, or from the earlier notice; after a hold not before its lift."""
    early = state.notice is not None and state.notice.notice_on < received.review_ends_on
    begins = state.notice.notice_on if state.notice and early else received.review_ends_on
    return IndInEffect(
        ind_id=received.ind_id,
        trial_ids=tuple(trial for trial in trials if trial not in state.in_effect),
        effective_on=max(begins, *lifted) if lifted else begins,
        basis="early_notice" if early else "thirty_days",
    )
