"""The trial: its registration, its lifecycle and what its authorities allow."""

from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never

from services.trials.commands.adoption import AdoptTrial
from services.trials.commands.trial import (
    ChangeTrialStatus,
    RecordAuthorisation,
    RecordRegistryEntry,
    RegisterTrial,
    ReopenAccrual,
    ReviewTrial,
)
from services.trials.domain import registry
from services.trials.domain.adoption import adopt_trial
from services.trials.domain.permissions import Permitted, closed_by, whole
from services.trials.domain.state import Events, Trial, adopted
from services.trials.domain.status_change import change_status, reopen
from services.trials.projections.guards import TrialGuard
from services.trials.projections.programme_guards import ProgrammeGuard
from services.trials.rules.lifecycle import ACCRUAL_CLOSED
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.hold import PermissionsChanged
from shared.contracts.trials.registry import (
    RegistryEntryChanged,
    RegistryEntryRecorded,
    RegistrySitesRecorded,
)
from shared.contracts.trials.trial import (
    TrialAuthorised,
    TrialEvent,
    TrialPlanRecorded,
    TrialRegistered,
    TrialStatusChanged,
)

TrialCommand = (
    RegisterTrial
    | AdoptTrial
    | RecordRegistryEntry
    | ChangeTrialStatus
    | ReopenAccrual
    | RecordAuthorisation
    | ReviewTrial
)


def decide(trial: Trial, command: TrialCommand | Wake, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case AdoptTrial():
            return _programme(command, facts) or adopt_trial(trial, command, _plan(command), now)
        case RegisterTrial():
            return _register(trial, command, facts)
        case RecordRegistryEntry():
            return [*registry.record(trial, command, command.stream_id)]
        case ChangeTrialStatus():
            return change_status(trial, command, facts, now.date())
        case ReopenAccrual():
            return reopen(trial, command)
        case RecordAuthorisation(country=country, effective_on=day, authorisation=authorisation):
            if trial.authorised.get(country) == (day, authorisation):
                return []
            return [TrialAuthorised(**command.model_dump())]
        case ReviewTrial():
            answer = whole(facts.get(TrialGuard, command.trial_id), None, closed_by(trial.status))
            if answer == trial.permitted:
                return []
            of: dict[str, Any] = {"trial_id": command.trial_id, "scope_id": command.trial_id}
            return [PermissionsChanged(**of, scope_kind="trial", **answer.fields())]
        case Wake():
            return []
        case _:
            assert_never(command)


def evolve(trial: Trial, event: TrialEvent | PermissionsChanged) -> Trial:
    after = _evolved(trial, event)
    return replace(after, adopted=adopted(trial, event)) if getattr(event, "adopted_from", None) else after


def _evolved(trial: Trial, event: TrialEvent | PermissionsChanged) -> Trial:
    match event:
        case TrialRegistered():
            plan = _plan(event) if event.basis == "sponsor" else None
            begun = replace(trial, status=event.status, plan=plan, managed=plan is not None)
            return replace(begun, accrual_closed=event.status in ACCRUAL_CLOSED)
        case TrialPlanRecorded():
            return replace(trial, plan=event, managed=True)
        case RegistryEntryRecorded():
            recorded = replace(trial, facts=event.facts, pause=event.suspended_as)
            return replace(recorded, updated=event.updated, as_of=event.as_of)
        case RegistryEntryChanged() if trial.facts:
            pause = event.suspended_as or (None if event.resumed_from else trial.pause)
            changed = registry.apply_changes(trial.facts, event.changes)
            return replace(trial, facts=changed, updated=event.updated, as_of=event.as_of, pause=pause)
        case RegistryEntryChanged():
            return trial
        case RegistrySitesRecorded():
            sites = dict(trial.sites) | {site.site_id: registry.digest(site) for site in event.sites}
            return replace(trial, sites={k: v for k, v in sites.items() if k not in event.unlisted})
        case TrialStatusChanged(after=status, basis=basis, by_invitation=invited):
            moved = replace(trial, status=status, by_invitation=invited)
            closed = status in ACCRUAL_CLOSED or (trial.accrual_closed and status != "active")
            return replace(moved, managed=trial.managed or basis == "sponsor", accrual_closed=closed)
        case TrialAuthorised(country=country, effective_on=day, authorisation=authorisation):
            known = dict(trial.authorised) | {country: (day, authorisation)}
            return replace(trial, authorised=known)
        case PermissionsChanged():
            return replace(trial, permitted=Permitted(event.permissions, event.closed, event.arms))
        case _:
            assert_never(event)


def _plan(event: TrialRegistered | RegisterTrial) -> TrialPlanRecorded:
    return TrialPlanRecorded(
        trial_id=event.trial_id,
        title=event.title,
        phases=event.phases,
        identifiers=event.identifiers,
        study_type=event.study_type,
        route=event.route,
        owner=event.owner,
        owner_id=event.owner_id,
        target=event.target,
        programme_id=event.programme_id,
        adopted_from=event.adopted_from if isinstance(event, TrialRegistered) else None,
    )


def _register(trial: Trial, command: RegisterTrial, facts: Facts) -> Events | Refusal:
    plan = _plan(command)
    if refusal := _programme(command, facts):
        return refusal
    if trial.status is None:
        return [
            TrialRegistered(
                **plan.model_dump(), sponsor_name=command.sponsor, basis="sponsor", status="draft"
            )
        ]
    if trial.plan is None:
        return [plan]
    known = trial.plan.model_copy(update={"adopted_from": None})
    if known == plan:
        return []
    if known == plan.model_copy(update={"programme_id": None}):
        return [plan.model_copy(update={"adopted_from": trial.plan.adopted_from})]
    return Refusal("trial.already_registered", "its sponsor registered the trial otherwise", trial.status)


def _programme(command: RegisterTrial, facts: Facts) -> Refusal | None:
    """What is wrong with the programme that the plan names."""
    if command.programme_id is None:
        return None
    programme = facts.get(ProgrammeGuard, command.programme_id)
    if programme is None:
        return Refusal("programme.unknown", "there is no programme with this id", None, "programme_id")
    theirs, ours = (" ".join(name.casefold().split()) for name in (programme.sponsor_name, command.sponsor))
    if theirs != ours:
        return Refusal("programme.other_sponsor", "another sponsor's programme", None, "programme_id")
    return None
