"""The deadline's decider: armed, met, superseded or cancelled in whatever order the topics bring it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import assert_never
from uuid import UUID

from shared.contracts.deadline import (
    Clock,
    DeadlineArmed,
    DeadlineAssigned,
    DeadlineAtRisk,
    DeadlineAwaited,
    DeadlineCancelled,
    DeadlineEvent,
    DeadlineMet,
    DeadlineMetLate,
    DeadlineMissed,
    DeadlineReturned,
    DeadlineSuperseded,
)
from shared.contracts.message import Command, Facts, Refusal, Wake
from shared.rules.dates import local_date, start_of_day
from shared.rules.deadline_commands import (
    ArmDeadline,
    AssignDeadline,
    CancelDeadline,
    DeadlineCommand,
    MeetDeadline,
    SupersedeDeadline,
)
from shared.rules.deadline_end import End, awaited, end_awaited, ended


@dataclass(frozen=True)
class Deadline:
    """State of one deadline. An end without `armed` is awaited; with both, the deadline is over.

    `obligation`: the one by which the organisation has it; an organisation without has it for itself.
    """

    armed: DeadlineArmed | None = None
    end: End | None = None
    warned: bool = False
    missed: bool = False
    organisation: UUID | None = None
    owner: str | None = None
    obligation: str | None = None


def decide(
    state: Deadline, command: DeadlineCommand, facts: Facts, now: datetime
) -> list[DeadlineEvent] | Refusal:
    """The events of a command; arming again, and an end that does not outweigh the known one, give none."""
    match command:
        case ArmDeadline():
            return _arm(state, command)
        case AssignDeadline():
            return _assign(state, command)
        case MeetDeadline():
            return _end(state, command.deadline_id, End(0, met_on=command.met_on))
        case SupersedeDeadline():
            end = End(1, successor=str(command.successor_id), reason=command.reason)
            return _end(state, command.deadline_id, end)
        case CancelDeadline():
            return _end(state, command.deadline_id, End(2, reason=command.reason))
        case Wake():
            return _look(state, now)
        case _:
            assert_never(command)


def evolve(state: Deadline, event: DeadlineEvent) -> Deadline:
    """The state after an event."""
    match event:
        case DeadlineArmed(organisation_id=to, owner=owner, obligation=by):
            return replace(state, armed=event, organisation=to, owner=owner, obligation=by)
        case DeadlineAssigned(organisation_id=to, obligation=by):
            return replace(state, organisation=to, owner=event.owner or state.owner, obligation=by)
        case DeadlineReturned(owner=owner):
            return replace(state, organisation=None, owner=owner, obligation=None)
        case DeadlineAwaited():
            return replace(state, end=end_awaited(event))
        case DeadlineAtRisk():
            return replace(state, warned=True)
        case DeadlineMissed():
            return replace(state, missed=True)
        case DeadlineMet() | DeadlineMetLate():
            return replace(state, end=End(0, met_on=event.met_on))
        case DeadlineSuperseded():
            return replace(state, end=End(1, successor=str(event.successor_id), reason=event.reason))
        case DeadlineCancelled():
            return replace(state, end=End(2, reason=event.reason))
        case _:
            assert_never(event)


def wake_at(state: Deadline) -> datetime | None:
    """UTC: when the warning time begins, then the local midnight after the due date; None once over."""
    if state.armed is None or state.end is not None or state.missed:
        return None
    clock = state.armed.clock
    day = clock.due_on + timedelta(days=1) if state.warned else warn_on(clock)
    return start_of_day(day, clock.zone)


def held_by(state: Deadline, _: Command | None) -> UUID | None:
    """The organisation that the deadline as a whole belongs to."""
    return state.organisation


def warn_on(clock: Clock) -> date:
    """The first day of the warning time: the last third of the clock, thirty days at most (design)."""
    return clock.due_on - timedelta(days=min(clock.days // 3, 30))


def _arm(state: Deadline, command: ArmDeadline) -> list[DeadlineEvent]:
    if state.armed is not None:
        return []
    told = command.model_dump()
    if state.organisation:  # assigned before it was armed
        owner = state.owner or command.owner
        told |= {"organisation_id": state.organisation, "owner": owner, "obligation": state.obligation}
    armed = DeadlineArmed.model_validate(told)
    if state.end is None:
        return [armed]
    return [armed, ended(command.deadline_id, command.clock, state.end)]


def _assign(state: Deadline, command: AssignDeadline) -> list[DeadlineEvent]:
    """To another organisation, or to none; one that has it for itself keeps it whatever the ledger says."""
    stream, to, by = command.deadline_id, command.organisation_id, command.obligation
    owner = command.owner or state.owner
    if command.by_ledger and state.organisation and state.obligation is None:
        return []
    if (to, by, owner) == (state.organisation, state.obligation, state.owner):
        return []
    if to is None:
        return [DeadlineReturned(deadline_id=stream, owner=owner or "sponsor")]
    return [DeadlineAssigned(deadline_id=stream, organisation_id=to, owner=command.owner, obligation=by)]


def _end(state: Deadline, stream: UUID, end: End) -> list[DeadlineEvent]:
    if state.end is not None and state.end <= end:
        return []
    if state.armed is not None:
        return [ended(stream, state.armed.clock, end)]
    return [awaited(stream, end)]


def _look(state: Deadline, now: datetime) -> list[DeadlineEvent]:
    """What the passing of time makes of an open deadline."""
    if state.armed is None or state.end is not None or state.missed:
        return []
    armed, clock = state.armed, state.armed.clock
    today = local_date(now, clock.zone)
    if today > clock.due_on:
        return [
            DeadlineMissed(
                deadline_id=armed.deadline_id,
                subject_kind=armed.subject_kind,
                subject_id=armed.subject_id,
                code=clock.code,
                citation=clock.citation,
                due_on=clock.due_on,
                owner=state.owner or armed.owner,
            )
        ]
    if state.warned or today < warn_on(clock):
        return []
    left = (clock.due_on - today).days
    return [
        DeadlineAtRisk(deadline_id=armed.deadline_id, code=clock.code, due_on=clock.due_on, days_left=left)
    ]
