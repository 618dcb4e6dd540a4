"""What a registry's record makes of sites, and of the hold that its SUSPENDED stands for."""

from datetime import date
from uuid import UUID

from services.trials.commands.hold import ApplyHold, LiftHold
from services.trials.commands.site import RecordRegistrySite
from shared.contracts.message import Command, Facts, Recorded
from shared.contracts.trials.registry import (
    RegistryEntryChanged,
    RegistryEntryRecorded,
    RegistrySitesRecorded,
)

# What ApplyHold takes; a registry's own limit is 250 characters.
REASON_LIMIT = 1000

Taken = RegistryEntryChanged | RegistryEntryRecorded | RegistrySitesRecorded


def react(message: Recorded[Taken], facts: Facts) -> list[Command]:
    match message.data:
        case RegistrySitesRecorded() as event:
            return sites_of_registry(event)
        case RegistryEntryRecorded() | RegistryEntryChanged() as event:
            return pause(event, message.id)
        case _:
            return []


def sites_of_registry(event: RegistrySitesRecorded) -> list[Command]:
    """A registry's locations, those it names and those it names no more."""
    trial_id = event.trial_id
    listed = [RecordRegistrySite(trial_id=trial_id, site_id=s.site_id, site=s) for s in event.sites]
    gone = [RecordRegistrySite(trial_id=trial_id, site_id=site_id) for site_id in event.unlisted]
    return [*listed, *gone]


def pause(event: RegistryEntryRecorded | RegistryEntryChanged, cause: UUID) -> list[Command]:
    """A registry's SUSPENDED is a hold of the sponsor, which only the registry's next status ends."""
    since = date.fromisoformat(event.updated.text) if _exact(event) and event.updated else event.as_of
    commands: list[Command] = []
    if isinstance(event, RegistryEntryChanged) and event.resumed_from:
        commands.append(
            LiftHold(
                hold_id=event.resumed_from,
                trial_id=event.trial_id,
                source="sponsor_pause",
                scope_kind="trial",
                scope_id=event.trial_id,
                cause=cause,
                evidence=f"record of {event.registry}",
                until=since,
            )
        )
    if event.suspended_as:
        commands.append(
            ApplyHold(
                hold_id=event.suspended_as,
                trial_id=event.trial_id,
                source="sponsor_pause",
                scope_kind="trial",
                scope_id=event.trial_id,
                cause=cause,
                since=since,
                reason=_why_stopped(event),
            )
        )
    return commands


def _exact(event: RegistryEntryRecorded | RegistryEntryChanged) -> bool:
    return event.updated is not None and event.updated.precision == "day"


def _why_stopped(event: RegistryEntryRecorded | RegistryEntryChanged) -> str | None:
    if isinstance(event, RegistryEntryRecorded):
        why = event.facts.why_stopped
        return why and why[:REASON_LIMIT]
    said = next((change.value for change in event.changes if change.field == "why_stopped"), None)
    return said[:REASON_LIMIT] if isinstance(said, str) else None
