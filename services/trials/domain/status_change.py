"""The sponsor's moves along the lifecycle of a trial, and what stands in their way."""

from datetime import date

from services.trials.commands.trial import ChangeTrialStatus, ReopenAccrual
from services.trials.domain.lifecycle import moves, path
from services.trials.domain.phases import unmet
from services.trials.domain.state import Events, Trial
from services.trials.projections.guards import TrialCount, TrialSites
from services.trials.projections.programme_guards import ProgrammeStanding
from services.trials.projections.trial_data import TrialData
from services.trials.rules.lifecycle import REASON_REQUIRED, TRANSITIONS
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.trial import TrialStatus, TrialStatusChanged


def change_status(trial: Trial, command: ChangeTrialStatus, facts: Facts, today: date) -> Events | Refusal:
    """The steps from one status to another, or what stands in the way on that day (UTC)."""
    if trial.status is None:
        return Refusal("trial.unknown", "there is no trial with this id", None, "trial_id")
    if trial.status == command.status:
        same = trial.by_invitation == command.by_invitation
        return [] if same else [*_moves(command, trial.status, (command.status,))]
    way = path(trial.status, command.status)
    if not way:
        detail = f"a trial that is {trial.status} does not become {command.status}"
        return Refusal("trial.transition", detail, trial.status, "status")
    if refusal := _obstacle(trial, command, facts, today):
        return refusal
    return [*_moves(command, trial.status, way)]


def _moves(
    command: ChangeTrialStatus, before: TrialStatus, way: tuple[TrialStatus, ...]
) -> list[TrialStatusChanged]:
    steps = moves(command.trial_id, before, way, "sponsor", command.reason)
    return [*steps[:-1], steps[-1].model_copy(update={"by_invitation": command.by_invitation})]


def _obstacle(trial: Trial, command: ChangeTrialStatus, facts: Facts, today: date) -> Refusal | None:
    if command.status in REASON_REQUIRED and not command.reason:
        return Refusal("trial.reason_required", f"{command.status} needs a reason", trial.status, "reason")
    if trial.accrual_closed and command.status == "active":
        return Refusal("trial.signature_required", "accrual is opened again by a signed act", trial.status)
    sites = facts.get(TrialSites, command.trial_id)
    starts = trial.status == "approved" and command.status == "active"
    if starts and not (sites and sites.activated):
        return Refusal("trial.no_active_site", "no site of the trial is activated yet", trial.status)
    if starts and (refusal := unmet(facts.get(ProgrammeStanding, command.trial_id), today)):
        return refusal
    count = facts.get(TrialCount, command.trial_id)
    if command.status == "withdrawn" and count and count.enrolled:
        detail = f"{count.enrolled} subjects have enrolled; a trial is withdrawn only before the first"
        return Refusal("trial.has_subjects", detail, trial.status)
    if command.status == "completed":
        return _unfinished(trial.status, facts.get(TrialData, command.trial_id))
    return None


def _unfinished(status: TrialStatus | None, data: TrialData | None) -> Refusal | None:
    """What a trial's completion still waits for: last visit, database lock, master file (domain.md 3.1)."""
    if data is None or data.last_visit_on is None:
        return Refusal("trial.visits_open", "nobody has reported the last visit of the last subject", status)
    if data.status != "locked" or data.locked_on is None:
        return Refusal("trial.not_locked", f"the database is not locked: it is {data.status}", status)
    if data.interim:
        return Refusal("trial.not_locked", "the database is locked for an interim analysis", status)
    if data.locked_on < data.last_visit_on:
        detail = f"the database was locked on {data.locked_on}, before the last visit on {data.last_visit_on}"
        return Refusal("trial.not_locked", detail, status)
    if data.tmf_ref is None:
        return Refusal("trial.tmf_open", "nobody has reported the trial master file complete", status)
    return None


def reopen(trial: Trial, command: ReopenAccrual) -> Events | Refusal:
    """Accrual goes on by a signed act alone, also from a pause that came after its close."""
    if trial.status == "active":
        return []
    if trial.status is None or not trial.accrual_closed or "active" not in TRANSITIONS.get(trial.status, ()):
        return Refusal("trial.transition", "only a closed accrual is opened again", trial.status)
    return [*moves(command.trial_id, trial.status, ("active",), "sponsor", command.reason)]
