"""What happens in a trial that its sponsor runs, as duties towards public registries, and what arms them."""

from datetime import date
from typing import Any
from uuid import uuid5

from services.regulatory.commands.registry import HearRegistry, OweRegistry
from services.regulatory.projections.guards import KnownTrial
from services.regulatory.registry_rules import (
    EU_ZONE,
    PROTOCOL,
    REGISTRATION,
    RESULTS,
    SITE_STATUS,
    SITE_WORDS,
    STATUS,
    SUMMARY,
    US_ZONE,
    WORDS,
    SiteMoved,
    clock,
    taken_over,
)
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.regulatory import IrbApproved
from shared.contracts.trials.registry import PartialDate, RegistryEntryChanged, RegistryEntryRecorded
from shared.contracts.trials.subject import SubjectEnrolled, SubjectEnrolmentCorrected
from shared.contracts.trials.trial import TrialStatusChanged
from shared.rules.countries import CTR_COUNTRIES
from shared.rules.dates import local_date

Enrolled = SubjectEnrolled | SubjectEnrolmentCorrected
Arising = TrialStatusChanged | Enrolled | SiteMoved | RegistryEntryRecorded | RegistryEntryChanged


def needs(message: Recorded[Any]) -> tuple[Need, ...]:
    """The trial, where its sponsor runs it: a registry's own word of a trial owes nobody anything."""
    match message.data:
        case TrialStatusChanged(basis="sponsor", inferred=False, trial_id=trial_id):
            return (Need(KnownTrial, (trial_id,)),)
        case event if isinstance(event, SubjectEnrolled | SubjectEnrolmentCorrected | SiteMoved):
            return (Need(KnownTrial, (event.trial_id,)),)
        case _:
            return ()


def arising(message: Recorded[Any], facts: Facts) -> list[Command]:
    """The duties that an event of trials makes, and what a registry's record shows of earlier ones.

    Of what was taken over in mid-life only those that were not due yet: whoever had it saw to the others.
    """
    found = _arising(message, facts)
    if not getattr(message.data, "adopted_from", None):
        return found
    today = local_date(message.time, US_ZONE)
    return [owed for owed in found if isinstance(owed, OweRegistry) and _due_on(owed) >= today]


def _due_on(owed: OweRegistry) -> date:
    return clock(owed.code, owed.anchor_on, owed.anchor_event).due_on


def _arising(message: Recorded[Any], facts: Facts) -> list[Command]:
    match message.data:
        case TrialStatusChanged(basis="sponsor", inferred=False, trial_id=trial_id) as event:
            return _status(event, message, facts.get(KnownTrial, trial_id))
        case event if isinstance(event, SiteMoved):
            return _site(event, message, facts.get(KnownTrial, event.trial_id))
        case SubjectEnrolled() | SubjectEnrolmentCorrected() as event:
            return _enrolled(event, message, facts.get(KnownTrial, event.trial_id))
        case RegistryEntryRecorded() | RegistryEntryChanged() as event if event.managed:
            return _record(event, message)
        case _:
            return []


def _status(event: TrialStatusChanged, message: Recorded[Any], trial: KnownTrial | None) -> list[Command]:
    if event.after not in WORDS:
        return []
    word = "ENROLLING_BY_INVITATION" if event.by_invitation else WORDS[event.after]
    owed: list[Command] = [
        OweRegistry(
            trial_id=event.trial_id,
            code=STATUS,
            anchor_on=event.changed_on or local_date(message.time, US_ZONE),
            anchor_event=message.id,
            status=word,
        )
    ]
    ran_there = trial is not None and not CTR_COUNTRIES.isdisjoint(trial.countries)
    if ran_there and event.after in ("completed", "admin_completed"):
        owed.append(
            OweRegistry(
                trial_id=event.trial_id,
                code=SUMMARY,
                anchor_on=event.changed_on or local_date(message.time, EU_ZONE),
                anchor_event=message.id,
            )
        )
    return owed


def _site(event: SiteMoved, message: Recorded[Any], trial: KnownTrial | None) -> list[Command]:
    if not _run_here(trial):
        return []
    return [
        OweRegistry(
            trial_id=event.trial_id,
            code=SITE_STATUS,
            site_id=event.site_id,
            anchor_on=taken_over(event) or local_date(message.time, US_ZONE),
            anchor_event=message.id,
            status=SITE_WORDS[type(event)],
        )
    ]


def _enrolled(event: Enrolled, message: Recorded[Any], trial: KnownTrial | None) -> list[Command]:
    """Only the earliest enrolment known starts the clock of the registration, also as it is corrected."""
    if trial is None or not _run_here(trial) or event.enrolled_on != trial.first_enrolled_on:
        return []
    return [
        OweRegistry(
            trial_id=event.trial_id,
            code=REGISTRATION,
            anchor_on=event.enrolled_on,
            anchor_event=message.id,
            listed=trial.listed,
        )
    ]


def _run_here(trial: KnownTrial | None) -> bool:
    """Not where a registry alone speaks of the trial; of one not heard of yet, a sponsor must have spoken."""
    return trial is None or trial.owner is None or trial.managed


def _record(event: RegistryEntryRecorded | RegistryEntryChanged, message: Recorded[Any]) -> list[Command]:
    """What the registry's record shows was told; an actual primary completion starts the results' clock."""
    if isinstance(event, RegistryEntryRecorded):
        status: str | None = event.facts.status
        completed = event.facts.primary_completion
    else:
        said = {change.field: change.value for change in event.changes}.get("primary_completion")
        status = event.status
        completed = PartialDate.model_validate(said) if said else None
    commands: list[Command] = []
    if completed and completed.kind == "actual" and (day := _day(completed)):
        commands.append(
            OweRegistry(trial_id=event.trial_id, code=RESULTS, anchor_on=day, anchor_event=message.id)
        )
    if updated := _day(event.updated):
        commands.append(HearRegistry(trial_id=event.trial_id, updated_on=updated, status=status))
    return commands


def _day(given: PartialDate | None) -> date | None:
    return date.fromisoformat(given.text) if given and given.precision == "day" else None


def amended(event: IrbApproved) -> list[Command]:
    """A board approved an amendment: the first of its boards starts the clock, until a person releases it."""
    if event.kind != "amendment":
        return []
    return [
        OweRegistry(
            trial_id=event.trial_id,
            code=PROTOCOL,
            anchor_on=event.effective_on,
            anchor_event=uuid5(event.trial_id, f"protocol/{event.protocol_version}"),
        )
    ]
