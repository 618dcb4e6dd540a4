"""Rows behind the trial page: trials, sites, subjects, holds and deviations; guards fold in guard_folds."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from services.trials.domain.registry import apply_changes
from shared.contracts.message import Identifier, Recorded
from shared.contracts.trials.registry import (
    PartialDate,
    RegistryEntryChanged,
    RegistryEntryRecorded,
    RegistryFacts,
)
from shared.contracts.trials.trial import (
    TrialAuthorised,
    TrialPlanRecorded,
    TrialRegistered,
    TrialStatusChanged,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One trial; `registry` is what the registry says, `status` where its lifecycle stands.

    `start_on` and `primary_completion_on` are the registry's, the first day that each may mean.
    """

    table: ClassVar[str] = "trial"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    sponsor_id: UUID | None = None
    correlation_id: UUID | None = None
    title: str | None = None
    phases: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    nct: str | None = None
    sponsor_name: str | None = None
    study_type: str | None = None
    basis: str | None = None
    status: str | None = None
    status_reason: str | None = None
    route: str | None = None
    owner: str | None = None
    owner_id: UUID | None = None
    target: int | None = None
    registry_status: str | None = None
    status_unverified: bool = False
    why_stopped: str | None = None
    registry: RegistryFacts | None = None
    registry_updated: str | None = None
    authorised: dict[str, date] = field(default_factory=dict)
    registered_at: datetime | None = None
    changed_at: datetime | None = None
    programme_id: UUID | None = None
    by_invitation: bool = False
    conditions: tuple[str, ...] = ()
    start_on: date | None = None
    primary_completion_on: date | None = None


OfTrial = (
    TrialRegistered
    | TrialPlanRecorded
    | RegistryEntryRecorded
    | RegistryEntryChanged
    | TrialStatusChanged
    | TrialAuthorised
)


def trial_keys(message: Recorded[OfTrial]) -> tuple[Key, ...]:
    return ((message.data.trial_id,),)


def fold_trial(row: TrialRow | None, message: Recorded[Any], key: Key) -> TrialRow:
    """The page of a trial after an event of its own stream."""
    trial = replace(row or TrialRow(key[0], registered_at=message.time), changed_at=message.time)
    match message.data:
        case TrialRegistered() as event:
            known = replace(_planned(trial, event), sponsor_name=event.sponsor_name, basis=event.basis)
            sponsored = replace(known, sponsor_id=message.sponsor_id, correlation_id=message.correlation_id)
            return replace(sponsored, status=event.status)
        case TrialPlanRecorded() as event:
            return replace(_planned(trial, event), basis="sponsor")
        case RegistryEntryRecorded(facts=facts) as event:
            return _from_registry(trial, facts, event)
        case RegistryEntryChanged(changes=changes) as event if trial.registry:
            return _from_registry(trial, apply_changes(trial.registry, changes), event)
        case TrialStatusChanged(after=status, reason=reason, by_invitation=invited):
            return replace(trial, status=status, status_reason=reason, by_invitation=invited)
        case TrialAuthorised(country=country, effective_on=day):
            return replace(trial, authorised=trial.authorised | {country: day})
        case _:
            return trial


def _planned(trial: TrialRow, event: TrialRegistered | TrialPlanRecorded) -> TrialRow:
    identifiers = tuple(dict.fromkeys((*trial.identifiers, *event.identifiers)))
    return replace(
        trial,
        title=event.title,
        phases=event.phases,
        identifiers=identifiers,
        nct=next((i.value for i in identifiers if i.system == "nct"), None),
        study_type=event.study_type,
        route=event.route,
        owner=event.owner,
        owner_id=event.owner_id,
        target=event.target,
        programme_id=event.programme_id,
    )


def _from_registry(
    trial: TrialRow, facts: RegistryFacts, event: RegistryEntryRecorded | RegistryEntryChanged
) -> TrialRow:
    told = replace(
        trial,
        registry=facts,
        registry_status=facts.status,
        status_unverified=facts.status_unverified,
        why_stopped=facts.why_stopped,
        registry_updated=event.updated.text if event.updated else None,
        conditions=facts.conditions,
        start_on=_first_day(facts.start),
        primary_completion_on=_first_day(facts.primary_completion),
        identifiers=tuple(dict.fromkeys((*trial.identifiers, *facts.identifiers))),
    )
    if trial.basis == "sponsor":
        return told
    return replace(
        told,
        title=facts.title,
        sponsor_name=facts.sponsor_name,
        phases=facts.phases,
        study_type=facts.study_type,
    )


def _first_day(said: PartialDate | None) -> date | None:
    """The first day that a date of the registry may mean, which may be a year or a month alone.

    None for a text that is no date: an event tells what its sender wrote.
    """
    try:
        return date.fromisoformat(f"{said.text}-01-01"[:10]) if said else None
    except ValueError:
        return None
