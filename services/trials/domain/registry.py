"""What a registry's record makes of a trial: its first record, or only what a newer one changes."""

from collections.abc import Iterable, Iterator
from datetime import date
from uuid import UUID, uuid5

from pydantic import TypeAdapter

from services.trials.commands.trial import RecordRegistryEntry
from services.trials.domain.lifecycle import moved_by_registry
from services.trials.domain.state import Trial
from services.trials.rules import NAMESPACE
from shared.contracts.trials.registry import (
    PartialDate,
    RegistryChange,
    RegistryEntryChanged,
    RegistryEntryRecorded,
    RegistryFacts,
    RegistrySite,
    RegistrySitesRecorded,
)
from shared.contracts.trials.trial import Route, TrialEvent, TrialRegistered, TrialStatus

# Bytes of sites an event, which itself stays below 256 KiB; and sites that are gone, by their ids.
SITE_BYTES, GONE_AN_EVENT = 200_000, 1_000
_DIGESTED: TypeAdapter[list[str | float | None]] = TypeAdapter(list[str | float | None])

STATUS: dict[str, TrialStatus] = {
    "NOT_YET_RECRUITING": "approved",
    "RECRUITING": "active",
    "ENROLLING_BY_INVITATION": "active",
    "ACTIVE_NOT_RECRUITING": "closed_accrual",
    "SUSPENDED": "active",
    "TERMINATED": "admin_completed",
    "COMPLETED": "completed",
    "WITHDRAWN": "withdrawn",
    "AVAILABLE": "registry_only",
    "NO_LONGER_AVAILABLE": "registry_only",
    "TEMPORARILY_NOT_AVAILABLE": "registry_only",
    "APPROVED_FOR_MARKETING": "registry_only",
    "WITHHELD": "registry_only",
}


def lifecycle_status(facts: RegistryFacts) -> TrialStatus:
    """The status that a registry's code means; an unverified one means the last known, if that is told."""
    code = facts.last_known_status if facts.status == "UNKNOWN" else facts.status
    return STATUS.get(code or "", "registry_only")


def record(trial: Trial, command: RecordRegistryEntry, trial_id: UUID) -> list[TrialEvent]:
    """The events of a record; one older than the record known, or the same again, causes none."""
    if trial.facts is None:
        return _first(trial, command, trial_id)
    if _version(command.updated, command.as_of) < _version(trial.updated, trial.as_of):
        return []
    return _newer(trial, trial.facts, command, trial_id)


def apply_changes(facts: RegistryFacts, changes: tuple[RegistryChange, ...]) -> RegistryFacts:
    """The facts with the changed fields as the newer record states them."""
    changed = {change.field: change.value for change in changes}
    return RegistryFacts.model_validate(facts.model_dump(mode="json") | changed)


def _version(updated: PartialDate | None, as_of: date | None) -> tuple[str, str]:
    return (updated.text if updated else "", as_of.isoformat() if as_of else "")


def _first(trial: Trial, command: RecordRegistryEntry, trial_id: UUID) -> list[TrialEvent]:
    facts = command.facts
    events: list[TrialEvent] = []
    if trial.status is None:
        events.append(
            TrialRegistered(
                trial_id=trial_id,
                title=facts.title,
                phases=facts.phases,
                identifiers=facts.identifiers,
                sponsor_name=facts.sponsor_name,
                study_type=facts.study_type,
                basis="registry",
                status=lifecycle_status(facts),
                route=_route(facts),
                target=facts.enrolment if facts.enrolment_kind != "actual" else None,
            )
        )
    events.append(
        RegistryEntryRecorded(
            trial_id=trial_id,
            registry=command.registry,
            facts=facts,
            updated=command.updated,
            as_of=command.as_of,
            suspended_as=_pause(trial, command, trial_id),
            managed=trial.managed,
        )
    )
    return events + _sites(trial, command, trial_id)


def _newer(
    trial: Trial, known: RegistryFacts, command: RecordRegistryEntry, trial_id: UUID
) -> list[TrialEvent]:
    events: list[TrialEvent] = []
    before, after = known.model_dump(mode="json"), command.facts.model_dump(mode="json")
    changes = tuple(
        RegistryChange(field=field, value=value) for field, value in after.items() if value != before[field]
    )
    # A newer record of the same facts is told too: what is older than it must not be believed later.
    newer = command.updated != trial.updated if command.updated else command.as_of != trial.as_of
    if changes or newer:
        events.append(
            RegistryEntryChanged(
                trial_id=trial_id,
                registry=command.registry,
                changes=changes,
                updated=command.updated,
                as_of=command.as_of,
                suspended_as=None if trial.pause else _pause(trial, command, trial_id),
                resumed_from=None if command.facts.status == "SUSPENDED" else trial.pause,
                managed=trial.managed,
                status=command.facts.status if trial.managed else None,
            )
        )
    status = lifecycle_status(command.facts)
    if trial.status and not trial.managed and status != trial.status and status != lifecycle_status(known):
        invited = command.facts.status == "ENROLLING_BY_INVITATION"
        events += moved_by_registry(trial_id, trial.status, status, command.facts.why_stopped, invited)
    return events + _sites(trial, command, trial_id)


def _sites(trial: Trial, command: RecordRegistryEntry, trial_id: UUID) -> list[TrialEvent]:
    listed = {site.site_id for site in command.sites}
    changed = [site for site in command.sites if trial.sites.get(site.site_id) != digest(site)]
    unlisted = tuple(site_id for site_id in trial.sites if site_id not in listed)
    gone = [unlisted[at : at + GONE_AN_EVENT] for at in range(0, len(unlisted), GONE_AN_EVENT)]
    told: list[tuple[tuple[RegistrySite, ...], tuple[UUID, ...]]] = [
        (chunk, ()) for chunk in _chunks(changed)
    ]
    told += [((), chunk) for chunk in gone]
    return [
        RegistrySitesRecorded(trial_id=trial_id, registry=command.registry, sites=sites, unlisted=ids)
        for sites, ids in told
    ]


def _chunks(sites: Iterable[RegistrySite]) -> Iterator[tuple[RegistrySite, ...]]:
    chunk: list[RegistrySite] = []
    size = 0
    for site in sites:
        more = len(site.model_dump_json().encode())
        if chunk and size + more > SITE_BYTES:
            yield tuple(chunk)
            chunk, size = [], 0
        chunk.append(site)
        size += more
    if chunk:
        yield tuple(chunk)


def digest(site: RegistrySite) -> str:
    """What of a location can change without its becoming another location."""
    return _DIGESTED.dump_json([site.status, site.latitude, site.longitude]).decode()


def _route(facts: RegistryFacts) -> Route:
    if facts.fda_regulated_drug:
        return "us_ind"
    return "us_ide" if facts.fda_regulated_device else "other"


def _pause(trial: Trial, command: RecordRegistryEntry, trial_id: UUID) -> UUID | None:
    if trial.managed or command.facts.status != "SUSPENDED":
        return None
    episode = command.updated.text if command.updated else str(command.as_of)
    return uuid5(NAMESPACE, f"sponsor_pause|{command.registry}|{trial_id}|{episode}")
