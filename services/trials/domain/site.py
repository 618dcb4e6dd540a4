"""The site: identified, selected, ready when its gates are open, activated by signature, stopped by holds."""

from collections.abc import Sequence
from datetime import datetime

from services.trials.commands.adoption import AdoptSite
from services.trials.commands.feasibility import (
    AnswerFeasibility,
    CompleteFeasibility,
    FeasibilityCommand,
    SendFeasibility,
)
from services.trials.commands.site import (
    ActivateSite,
    IdentifySite,
    RecordGateEvidence,
    RecordRegistrySite,
    ReviewSite,
    SelectSite,
)
from services.trials.commands.site_steps import SiteStepCommand
from services.trials.domain import feasibility, site_steps
from services.trials.domain.adoption_site import adopt_site
from services.trials.domain.gates import closing_hold, gates
from services.trials.domain.lifecycle import finished
from services.trials.domain.permissions import holds_on, refusal_under
from services.trials.domain.phases import unmet
from services.trials.domain.site_details import identified
from services.trials.domain.site_registry import from_registry
from services.trials.domain.site_review import on_time, review, wake_at
from services.trials.domain.site_state import AnyEvent, Events, Site, evolve
from services.trials.domain.site_transition import other_trial, transition
from services.trials.projections.guards import SiteGuard, TrialGuard
from services.trials.projections.programme_guards import ProgrammeStanding
from services.trials.rules.gates import required_gates, speaks_for
from services.trials.rules.site_states import UNQUALIFIED
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.site import (
    GateEvidenceRecorded,
    SiteActivated,
    SiteSelected,
)
from shared.rules.dates import local_date

__all__ = ["Site", "decide", "evolve", "wake_at"]

GuardedCommand = (
    AdoptSite
    | IdentifySite
    | SelectSite
    | RecordGateEvidence
    | ReviewSite
    | ActivateSite
    | SiteStepCommand
    | FeasibilityCommand
)
SiteCommand = GuardedCommand | RecordRegistrySite


def decide(site: Site, command: SiteCommand | Wake, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a command and what they make of gates, holds and permissions; repeats cause none."""
    if isinstance(command, Wake):
        return on_time(site, now)
    if isinstance(command, RecordRegistrySite):
        return [*from_registry(site, command)]
    trial = facts.get(TrialGuard, command.trial_id)
    guard = facts.get(SiteGuard, command.site_id)
    told = _told(site, command, facts, now)
    if isinstance(told, Refusal):
        return told
    if told and isinstance(command, ActivateSite):
        standing = facts.get(ProgrammeStanding, command.trial_id)
        if refusal := unmet(standing, local_date(now, site.zone or "UTC")):
            return refusal
    for event in told:
        site = evolve(site, event)
    return [*told, *review(site, trial, guard, now)]


def _told(site: Site, command: GuardedCommand, facts: Facts, now: datetime) -> Sequence[AnyEvent] | Refusal:
    trial = facts.get(TrialGuard, command.trial_id)
    match command:
        case IdentifySite():
            return other_trial(site, command.trial_id) or identified(site, command)
        case _ if refusal := other_trial(site, command.trial_id):
            return refusal
        case RecordGateEvidence():
            return _evidence(site, command, facts, now)
        case ReviewSite():
            return []
        case AdoptSite():
            return adopt_site(site, command, trial, now)
        case SelectSite():
            return _select(site, command, trial)
        case ActivateSite():
            return _activate(site, command, trial, facts.get(SiteGuard, command.site_id), now)
        case SendFeasibility() | AnswerFeasibility() | CompleteFeasibility():
            return feasibility.decide(site, command, facts, now)
        case _:
            return site_steps.decide(site, command, facts.get(SiteGuard, command.site_id), now)


def _select(site: Site, command: SelectSite, trial: TrialGuard | None) -> Events | Refusal:
    if site.status is None:
        return Refusal("site.unknown", "there is no site with this id", None, "site_id")
    if refusal := finished(trial):
        return refusal
    route = trial.route if trial else "other"
    selected = SiteSelected(
        **command.model_dump(), route=route, required_gates=required_gates(route, command.country)
    )
    if site.selection == selected:
        return []
    if site.selection:
        return Refusal("site.already_selected", "the site was selected otherwise", site.status)
    if site.status in UNQUALIFIED and not (site.status == "identified" and command.qualification_waived):
        detail = "only a qualified site is selected, or one identified whose qualification is waived"
        return Refusal("site.not_qualified", detail, site.status, "qualification_waived")
    return transition(site, "selected") or [selected]


def _evidence(site: Site, command: RecordGateEvidence, facts: Facts, now: datetime) -> Events:
    today = local_date(now, site.zone or "UTC")
    counts = speaks_for(command.gate, facts.actor.role if facts.actor else None)
    evidence = GateEvidenceRecorded(**command.model_dump(), counts=counts, recorded_on=today)
    known = (site.gates.evidence if counts else site.gates.papers).get(command.evidence_id)
    told = {"recorded_on": today, "corrects": evidence.corrects, "adopted_from": None}
    same = known and known.model_copy(update=told) == evidence
    return [] if same else [evidence]


def _activate(
    site: Site, command: ActivateSite, trial: TrialGuard | None, guard: SiteGuard | None, now: datetime
) -> Events | Refusal:
    if site.activated:
        return []
    if site.selection is None:
        return Refusal("site.not_selected", "only a selected site is activated", site.status)
    preparing = site.status in ("selected", "startup", "ready")
    if not preparing and (refusal := transition(site, "activated")):
        return refusal
    if trial is None or trial.status not in ("approved", "active"):
        standing = trial.status if trial else None
        return Refusal("trial.not_approved", f"the trial is {standing or 'not known'}", standing)
    holds = holds_on(trial, guard)
    if refusal := refusal_under(holds, "enrol"):
        return refusal
    found = gates(site.gates, site.selection.zone, now)
    if closing_hold(holds):
        found.pop("ha_ok", None)
    if missing := [gate for gate in site.gates.required if gate not in found]:
        return Refusal("site.gates_closed", f"closed gates: {', '.join(missing)}", site.status, "gates")
    return [
        SiteActivated(
            trial_id=command.trial_id,
            site_id=command.site_id,
            gates=tuple(found),
            activated_on=local_date(now, site.selection.zone),
            zone=site.selection.zone,
            country=site.selection.country,
        )
    ]
