"""What evidence, holds and time make of a site: gates open and close, it becomes ready, stops and goes on."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.trials.domain.feasibility import reminded_at, reminder
from services.trials.domain.gates import Open, closing_hold, gates, next_change
from services.trials.domain.permissions import Permitted, closed_by, holds_on, whole
from services.trials.domain.site_state import Events, Site, evolve
from services.trials.projections.guards import SiteGuard, TrialGuard
from services.trials.rules.site_states import OVER
from shared.contracts.trials.hold import PermissionsChanged
from shared.contracts.trials.site import (
    GateRevoked,
    GateSatisfied,
    SiteEnrolmentStarted,
    SiteReady,
    SiteResumed,
    SiteSelected,
    SiteSuspended,
)
from shared.rules.dates import local_date


def wake_at(site: Site) -> datetime | None:
    """When time alone may change a gate of a selected site, or make an unanswered questionnaire overdue."""
    if site.status in OVER:
        return None
    return next_change(site.gates, site.selection.zone) if site.selection else reminded_at(site)


def on_time(site: Site, now: datetime) -> Events:
    """What time alone makes of questionnaire and gates; a review of the holds follows by reaction."""
    events: Events = [*reminder(site, now)]
    if site.status not in OVER:
        events += _gate_changes(site, site.gates.held, now)
        for event in events:
            site = evolve(site, event)
        events += _ready(site)
    return events


def review(site: Site, trial: TrialGuard | None, guard: SiteGuard | None, now: datetime) -> Events:
    """Everything that follows from evidence, holds and enrolment as they stand."""
    if site.selection is None:
        return []
    if site.status in OVER:  # its holds matter to nobody any more
        return _told(site, replace(site.permitted, closed=closed_by(None, site.status)))
    holds = holds_on(trial, guard)
    events = _gate_changes(site, closing_hold(holds), now)
    ids = _ids(site.selection)
    for event in events:
        site = evolve(site, event)
    events += _ready(site)
    if site.goes_on_as == "activated" and guard and (guard.consented or guard.enrolled):
        events.append(SiteEnrolmentStarted(trial_id=ids["trial_id"], site_id=ids["site_id"]))
        site = evolve(site, events[-1])
    answer = whole(trial, guard, closed_by(None, site.status))
    return [*events, *_stop_or_go_on(site, answer.permissions["enrol"], ids), *_told(site, answer)]


def _told(site: Site, answer: Permitted) -> Events:
    """The answer where others know another one; a site that never began has nothing to take back."""
    if site.selection is None or answer == site.permitted or (site.status in OVER and not site.activated_on):
        return []
    of: dict[str, Any] = {"trial_id": site.selection.trial_id, "scope_id": site.selection.site_id}
    return [PermissionsChanged(**of, scope_kind="site", **answer.fields())]


def _ready(site: Site) -> Events:
    if site.selection is None or site.status not in ("selected", "startup"):
        return []
    if len(site.gates.open) < len(site.gates.required):
        return []
    return [SiteReady(**_ids(site.selection), gates=tuple(site.gates.required))]


def _gate_changes(site: Site, held: UUID | None, now: datetime) -> Events:
    if site.selection is None:
        return []
    ids = _ids(site.selection)
    found = gates(site.gates, site.selection.zone, now)
    today = local_date(now, site.selection.zone)
    events: Events = []
    for gate in site.gates.required:
        was, evidence = site.gates.open.get(gate), found.get(gate)
        closed_by = held if gate == "ha_ok" else None
        if evidence and not closed_by:
            by = Open(evidence.evidence_id, evidence.valid_to)
            if was != by:
                events.append(
                    GateSatisfied(
                        **ids,
                        gate=gate,
                        evidence=by.evidence,
                        valid_from=evidence.valid_from,
                        valid_to=by.valid_to,
                        replaces=site.gates.lost.get(gate),
                    )
                )
        elif was:
            events.append(
                GateRevoked(
                    **ids,
                    gate=gate,
                    evidence=was.evidence,
                    valid_to=was.valid_to,
                    activated=site.activated,
                    hold=closed_by,
                    revoked_on=today,
                )
            )
    return events


def _ids(selection: SiteSelected) -> dict[str, UUID]:
    return {"trial_id": selection.trial_id, "site_id": selection.site_id}


def _stop_or_go_on(site: Site, holds: tuple[UUID, ...], ids: dict[str, UUID]) -> Events:
    # Who has closed the enrolment stops no more than that: holds go on to forbid what they forbid.
    if not site.activated or site.status == "closed_to_enrolment":
        return []
    closed = tuple(gate for gate in site.gates.required if gate not in site.gates.open)
    if (holds or closed) and (
        site.status != "suspended" or site.stopped_by != (frozenset(holds), frozenset(closed))
    ):
        return [SiteSuspended(**ids, holds=holds, gates=closed)]
    if site.status == "suspended" and not holds and not closed and site.goes_on_as:
        return [SiteResumed(**ids, status=site.goes_on_as)]
    return []
