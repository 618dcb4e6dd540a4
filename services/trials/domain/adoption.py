"""A trial taken over in mid-life: registered, authorised, and moved to the status it has."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.trials.commands.adoption import AdoptTrial
from services.trials.domain.broken import in_future
from services.trials.domain.lifecycle import moves, path
from services.trials.domain.state import Adopted, Events, Trial
from shared.contracts.message import Refusal
from shared.contracts.trials.trial import TrialAuthorised, TrialPlanRecorded, TrialRegistered, TrialStatus

# Through these a trial has come before it stood where it stands; they are told as inferred.
_PASSED: frozenset[TrialStatus] = frozenset(
    {"in_review", "approved", "active", "closed_accrual", "closed_accrual_intervention"}
)


def adopt_trial(
    trial: Trial, command: AdoptTrial, plan: TrialPlanRecorded, now: datetime
) -> Events | Refusal:
    """The events of a takeover; of a trial that was taken over before, and has gone on since, none.

    `plan` is the command's plan, without the record that vouches for it.
    """
    if trial.plan is not None:
        known = trial.plan.model_copy(update={"adopted_from": None}) == plan
        if known and trial.adopted and trial.adopted == _said(command, trial.adopted):
            return []
        return Refusal("trial.already_registered", "its sponsor registered the trial otherwise", trial.status)
    if in_future(command.status_since, now):
        detail = "that day has not come anywhere"
        return Refusal("trial.date_in_future", detail, trial.status, "status_since")
    plan = plan.model_copy(update={"adopted_from": command.document_ref})
    begun: Events = [plan]
    if trial.status is None:
        fields: dict[str, Any] = plan.model_dump()
        begun = [TrialRegistered(**fields, sponsor_name=command.sponsor, basis="sponsor", status="draft")]
    given = [
        TrialAuthorised(
            trial_id=command.trial_id,
            country=one.country,
            effective_on=one.effective_on,
            authorisation=command.authorisation(one.country),
            adopted_from=command.document_ref,
        )
        for one in command.authorised
    ]
    return [*begun, *given, *_steps(trial.status or "draft", command)]


def _said(command: AdoptTrial, before: Adopted) -> Adopted:
    """What the command says, as far as the takeover before it could tell."""
    authorised = frozenset((one.country, one.effective_on) for one in command.authorised)
    told = Adopted(command.status, authorised=authorised)
    return replace(told, since=command.status_since, reason=command.reason) if before.since else told


def _steps(before: TrialStatus, command: AdoptTrial) -> Events:
    """The way to the status; where none leads from what a registry said, it is told as one step."""
    if before == command.status:
        return []
    way = path(before, command.status, _PASSED) or (command.status,)
    steps = [
        step.model_copy(update={"adopted_from": command.document_ref})
        for step in moves(command.trial_id, before, way, "sponsor", command.reason)
    ]
    return [*steps[:-1], steps[-1].model_copy(update={"changed_on": command.status_since})]
