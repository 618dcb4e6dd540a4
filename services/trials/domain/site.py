"""The site: identified, selected, ready when its gates are open, activated by signature, stopped by holds."""

from datetime import datetime
from typing import assert_never

from services.trials.commands.site import (
    ActivateSite,
    IdentifySite,
    RecordGateEvidence,
    RecordRegistrySite,
    ReviewSite,
    SelectSite,
)
from services.trials.domain.gates import closing_hold, gates
from services.trials.domain.permissions import holds_on, refusal_under
from services.trials.domain.phases import unmet
from services.trials.domain.site_review import on_time, review, wake_at
from services.trials.domain.site_state import Events, Site, evolve
from services.trials.projections.guards import SiteGuard, TrialGuard
from services.trials.projections.programme_guards import ProgrammeStanding
from services.trials.rules.gates import required_gates
from services.trials.rules.lifecycle import FINISHED
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.site import (
    GateEvidenceRecorded,
    SiteActivated,
    SiteEvent,
    SiteIdentified,
    SiteRegistryStatusChanged,
    SiteSelected,
)
from shared.rules.dates import local_date

__all__ = ["Site", "decide", "evolve", "wake_at"]

GuardedCommand = IdentifySite | SelectSite | RecordGateEvidence | ReviewSite | ActivateSite
SiteCommand = GuardedCommand | RecordRegistrySite


def decide(site: Site, command: SiteCommand | Wake, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a command and what they make of gates, holds and permissions; repeats cause none."""
    if isinstance(command, Wake):
        return on_time(site, now)
    if isinstance(command, RecordRegistrySite):
        return [*_from_registry(site, command)]
    trial = facts.get(TrialGuard, command.trial_id)
    guard = facts.get(SiteGuard, command.site_id)
    told = _told(site, command, trial, guard, now)
    if isinstance(told, Refusal):
        return told
    if told and isinstance(command, ActivateSite):
        standing = facts.get(ProgrammeStanding, command.trial_id)
        if refusal := unmet(standing, local_date(now, site.zone or "UTC")):
            return refusal
    for event in told:
        site = evolve(site, event)
    return [*told, *review(site, trial, guard, now)]


def _told(
    site: Site, command: GuardedCommand, trial: TrialGuard | None, guard: SiteGuard | None, now: datetime
) -> list[SiteEvent] | Refusal:
    match command:
        case IdentifySite():
            given = command.model_dump()
            return [] if site.status else [SiteIdentified(**given, basis="sponsor")]
        case SelectSite():
            return _select(site, command, trial)
        case RecordGateEvidence():
            return _evidence(site, command, now)
        case ReviewSite():
            return []
        case ActivateSite():
            return _activate(site, command, trial, guard, now)
        case _:
            assert_never(command)


def _from_registry(site: Site, command: RecordRegistrySite) -> list[SiteEvent]:
    said = command.site
    if site.status is None and said:
        place = ", ".join(part for part in (said.city, said.country) if part)
        return [
            SiteIdentified(
                trial_id=command.trial_id,
                site_id=command.site_id,
                name=said.name or place or "unnamed",
                country=said.country,
                city=said.city,
                state=said.state,
                postcode=said.postcode,
                basis="registry",
                registry_status=said.status,
            )
        ]
    now_says = (said.status if said else site.registry_status, said is not None)
    if site.status is None or now_says == (site.registry_status, site.listed):
        return []
    return [
        SiteRegistryStatusChanged(
            trial_id=command.trial_id,
            site_id=command.site_id,
            registry_status=now_says[0],
            listed=now_says[1],
        )
    ]


def _select(site: Site, command: SelectSite, trial: TrialGuard | None) -> list[SiteEvent] | Refusal:
    if site.status is None:
        return Refusal("site.unknown", "there is no site with this id", None, "site_id")
    if site.trial_id != command.trial_id:
        return Refusal("site.other_trial", "the site belongs to another trial", site.status, "trial_id")
    if trial and trial.status in FINISHED:
        return Refusal("trial.finished", f"the trial is {trial.status}", trial.status)
    route = trial.route if trial else "other"
    selected = SiteSelected(
        **command.model_dump(), route=route, required_gates=required_gates(route, command.country)
    )
    if site.selection == selected:
        return []
    if site.selection:
        return Refusal("site.already_selected", "the site was selected otherwise", site.status)
    return [selected]


def _evidence(site: Site, command: RecordGateEvidence, now: datetime) -> list[SiteEvent]:
    today = local_date(now, site.zone or "UTC")
    evidence = GateEvidenceRecorded(**command.model_dump(), recorded_on=today)
    known = site.gates.evidence.get(command.evidence_id)
    same = (
        known and known.model_copy(update={"recorded_on": today, "corrects": evidence.corrects}) == evidence
    )
    return [] if same else [evidence]


def _activate(
    site: Site, command: ActivateSite, trial: TrialGuard | None, guard: SiteGuard | None, now: datetime
) -> list[SiteEvent] | Refusal:
    if site.activated:
        return []
    if site.selection is None:
        return Refusal("site.not_selected", "only a selected site is activated", site.status)
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
