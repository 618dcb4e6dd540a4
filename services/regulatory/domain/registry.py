"""What a registry has to be told of a trial: each duty with its clock, met by what the registry was told."""

from datetime import date, datetime
from functools import reduce
from typing import assert_never
from uuid import UUID, uuid5

from services.regulatory.commands.registry import (
    DutyCode,
    HearRegistry,
    OweRegistry,
    RecordPrimaryCompletion,
    RecordRegistryUpdate,
    RegistryCommand,
    ReleaseRegistryDuties,
)
from services.regulatory.domain.registry_state import RegistryRecord, evolve, told
from services.regulatory.domain.registry_told import covered
from services.regulatory.registry_rules import (
    ENDED,
    PROTOCOL,
    REGISTRATION,
    RESULTS,
    SITE_STATUS,
    STATUS,
    SUMMARY,
    VERIFICATION,
    clock,
)
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.regulatory import (
    RegistryDutiesReleased,
    RegistryDutyArisen,
    RegistryEvent,
    RegistryUpdated,
)
from shared.rules.dates import latest_date
from shared.rules.deadlines import clock_deadline_id

__all__ = ["RegistryRecord", "decide", "evolve"]

# One of a kind: another day 0 takes the place of the first.
_ONE: frozenset[DutyCode] = frozenset({REGISTRATION, RESULTS, SUMMARY, VERIFICATION})


def decide(
    state: RegistryRecord, command: RegistryCommand | Wake, facts: Facts, now: datetime
) -> list[RegistryEvent] | Refusal:
    """The events of a command; repeating what is done gives none."""
    match command:
        case Wake():
            return []
        case OweRegistry():
            return _owe(state, command)
        case RecordPrimaryCompletion(completed_on=day):
            cause = uuid5(command.stream_id, f"primary_completion/{day.isoformat()}")
            owed = OweRegistry(trial_id=command.trial_id, code=RESULTS, anchor_on=day, anchor_event=cause)
            return _owe(state, owed)
        case HearRegistry():
            return _heard(state, command)
        case RecordRegistryUpdate():
            # Who tells it dates that by their own day.
            return _updated(state, command, latest_date(now))
        case ReleaseRegistryDuties():
            return _release(state, command)
        case _:
            assert_never(command)


def _owe(state: RegistryRecord, command: OweRegistry) -> list[RegistryEvent]:
    """The duty, unless it stands, is met for good, or the trial owes that registry nothing."""
    code = command.code
    exempt = state.exempt and code != SUMMARY
    known = code == SITE_STATUS and state.sites.get(command.site_id or command.trial_id) == command.status
    listed = code == REGISTRATION and (command.listed or state.updated_on > date.min)
    settled = code in (REGISTRATION, RESULTS, SUMMARY) and code in state.met
    approved = code == PROTOCOL and command.anchor_event in state.causes
    if exempt or known or listed or settled or approved:
        return []
    counts = clock(code, command.anchor_on, command.anchor_event)
    subject = command.site_id or command.trial_id
    duty_id = clock_deadline_id(subject, counts, "operational")
    former = state.open(code) if code in _ONE else []
    again = former and duty_id in state.superseded
    if any(d.clock.anchor_on == command.anchor_on for d in former) or (duty_id in state.arisen and not again):
        return []
    if again:  # after another day: its first deadline has ended and never starts again
        counts = clock(code, command.anchor_on, uuid5(command.anchor_event, f"after/{former[0].duty_id}"))
        duty_id = clock_deadline_id(subject, counts, "operational")
    return [
        RegistryDutyArisen(
            record_id=command.stream_id,
            trial_id=command.trial_id,
            duty_id=duty_id,
            subject_kind="site" if command.site_id else "trial",
            subject_id=subject,
            clock=counts,
            status=command.status,
            supersedes=tuple(duty.duty_id for duty in former),
        )
    ]


def _heard(state: RegistryRecord, command: HearRegistry) -> list[RegistryEvent]:
    """The registry's own record: it meets what it shows."""
    event = RegistryUpdated(
        record_id=command.stream_id,
        trial_id=command.trial_id,
        registry="ctgov",
        act="update",
        updated_on=command.updated_on,
        status=command.status,
        source="record",
    )
    return _told(state, event, ())


def _updated(state: RegistryRecord, command: RecordRegistryUpdate, today: date) -> list[RegistryEvent]:
    event = RegistryUpdated(
        **command.model_dump(exclude={"sites"}),
        record_id=command.stream_id,
        source="report",
        breaks=("registry.in_future",) if command.updated_on > today else (),
    )
    return _told(state, event, command.sites)


def _told(state: RegistryRecord, event: RegistryUpdated, sites: tuple[UUID, ...]) -> list[RegistryEvent]:
    met = () if event.breaks else covered(state, event, sites)
    if told(event) in state.told and not met:
        return []
    updated = event.model_copy(update={"meets": tuple(duty.duty_id for duty in met)})
    return [updated, *_verify_again(reduce(evolve, [updated], state), updated)]


def _verify_again(state: RegistryRecord, event: RegistryUpdated) -> list[RegistryEvent]:
    """The next yearly verification, until the registry knows that the trial is over."""
    over = state.status in ENDED and not state.open(STATUS)
    if over or event.breaks or event.registry != "ctgov" or event.updated_on < state.updated_on:
        return []
    cause = uuid5(event.record_id, f"update/{event.updated_on.isoformat()}")
    return _owe(
        state,
        OweRegistry(
            trial_id=event.trial_id, code=VERIFICATION, anchor_on=event.updated_on, anchor_event=cause
        ),
    )


def _release(state: RegistryRecord, command: ReleaseRegistryDuties) -> list[RegistryEvent] | Refusal:
    exempt = command.reason == "not_an_applicable_trial"
    if unknown := [id_ for id_ in command.duties if id_ not in state.arisen]:
        return Refusal("registry.duty_unknown", f"no such duty: {unknown[0]}", None, "duties")
    named = [id_ for id_ in command.duties if id_ in state.duties]
    every = [id_ for id_, duty in state.duties.items() if duty.clock.code != SUMMARY] if exempt else named
    if not every and (state.exempt or not exempt):
        return []
    return [
        RegistryDutiesReleased(
            record_id=command.stream_id,
            trial_id=command.trial_id,
            duties=tuple(every),
            reason=command.reason,
            exempt=exempt,
            document_ref=command.document_ref,
        )
    ]
