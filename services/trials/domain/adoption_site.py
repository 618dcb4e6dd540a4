"""A site taken over in mid-life: the events of its way so far, each with the day on which it happened."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from services.trials.commands.adoption import AdoptSite
from services.trials.domain.adopted import same_site
from services.trials.domain.site_state import AnyEvent, Site
from services.trials.projections.guards import TrialGuard
from services.trials.rules.gates import required_gates
from shared.contracts.message import Refusal
from shared.contracts.trials.site import (
    Gate,
    GateEvidenceRecorded,
    SiteActivated,
    SiteEnrolmentStarted,
    SiteIdentified,
    SiteSelected,
)
from shared.contracts.trials.site_steps import SiteClosed, SiteClosingStarted, SiteEnrolmentClosed
from shared.rules.dates import local_date

# A day comes before none of those that stand before it here.
_ORDER = (
    "selected_on",
    "activated_on",
    "enrolment_closed_on",
    "closing_on",
    "close_out_visit_on",
    "closed_on",
)
_NOT_AHEAD = (*_ORDER, "product_reconciled_on", "documents_filed_on")
_ACTIVATED = ("activated", "enrolling", "closed_to_enrolment", "closing", "closed")


def adopt_site(
    site: Site, command: AdoptSite, trial: TrialGuard | None, now: datetime
) -> Sequence[AnyEvent] | Refusal:
    """The events of a takeover; a site that was taken over before, and has gone on since, has none.

    One that the registry had made known is selected under the id that it has.
    """
    if trial is None or trial.status is None:
        return Refusal("trial.unknown", "there is no trial with this id", None, "trial_id")
    identified, then = _identified(command), _since(command, trial, now)
    if site.adopted:
        own = isinstance(site.adopted[0], SiteIdentified)
        if same_site(site.adopted, [identified, *then] if own else then):
            return []
        if site.selection or not same_site(site.adopted, [identified]):
            return Refusal("site.already_adopted", "the site was taken over otherwise", site.status)
    if site.status not in (None, "identified"):
        return Refusal("site.already_selected", "the site has a history here already", site.status)
    if refusal := _days(site, command, now):
        return refusal
    return [identified, *then] if site.status is None else then


def _since(command: AdoptSite, trial: TrialGuard, now: datetime) -> list[AnyEvent]:
    """What happened since the site was identified."""
    selected = _selected(command, trial)
    if selected is None:
        return []
    return [selected, *_evidence(command, now), *_opened(command, selected), *_closed(command)]


def _days(site: Site, command: AdoptSite, now: datetime) -> Refusal | None:
    known = {name: day for name in _NOT_AHEAD if (day := getattr(command, name)) is not None}
    told = [(name, known[name]) for name in _ORDER if name in known]
    for (earlier, before), (name, day) in pairwise(told):
        if day < before:
            detail = f"{day} is before {earlier}, {before}"
            return Refusal("site.date_before_cause", detail, site.status, name)
    today = local_date(now, command.zone)
    late = next((name for name, day in known.items() if day > today), None)
    if late is None:
        return None
    return Refusal("site.date_in_future", f"{known[late]} has not come at the site", site.status, late)


def _identified(command: AdoptSite) -> SiteIdentified:
    given = command.model_dump(include={*SiteIdentified.model_fields} - {"adopted_from"})
    return SiteIdentified(**given, basis="sponsor", adopted_from=command.document_ref)


def _selected(command: AdoptSite, trial: TrialGuard) -> SiteSelected | None:
    if command.status == "identified":
        return None
    return SiteSelected(
        trial_id=command.trial_id,
        site_id=command.site_id,
        irb=command.irb,
        zone=command.zone,
        country=command.country,
        route=trial.route,
        required_gates=required_gates(trial.route, command.country),
        target=command.target,
        selected_on=command.selected_on,
        adopted_from=command.document_ref,
    )


def _evidence(command: AdoptSite, now: datetime) -> list[AnyEvent]:
    today = local_date(now, command.zone)
    return [
        GateEvidenceRecorded(
            trial_id=command.trial_id,
            site_id=command.site_id,
            recorded_on=today,
            adopted_from=command.document_ref,
            **one.model_dump(),
        )
        for one in command.evidence
    ]


def _opened(command: AdoptSite, selected: SiteSelected) -> list[AnyEvent]:
    if command.activated_on is None or command.status not in _ACTIVATED:
        return []
    day, told = command.activated_on, _told(command)
    then: set[Gate] = {
        one.gate
        for one in command.evidence
        if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)
    }
    events: list[AnyEvent] = [
        SiteActivated(
            **told,
            gates=tuple(gate for gate in selected.required_gates if gate in then),
            activated_on=day,
            zone=command.zone,
            country=command.country,
        )
    ]
    if command.status == "enrolling" or command.enrolment_closed_on:
        events.append(SiteEnrolmentStarted(**told))
    return events


def _closed(command: AdoptSite) -> list[AnyEvent]:
    told, events = _told(command), list[AnyEvent]()
    if command.enrolment_closed_on and command.status in ("closed_to_enrolment", "closing", "closed"):
        events.append(SiteEnrolmentClosed(**told, closed_on=command.enrolment_closed_on))
    if command.closing_on and command.status in ("closing", "closed"):
        events.append(SiteClosingStarted(**told, started_on=command.closing_on))
    if command.status == "closed":
        days = {
            "visited_on": command.close_out_visit_on,
            "report_ref": command.close_out_report,
            "ip_reconciled_on": command.product_reconciled_on,
            "documents_filed_on": command.documents_filed_on,
            "closed_on": command.closed_on,
        }
        events.append(SiteClosed.model_validate(told | days))
    return events


def _told(command: AdoptSite) -> dict[str, Any]:
    """What each event of a takeover says."""
    return {
        "trial_id": command.trial_id,
        "site_id": command.site_id,
        "adopted_from": command.document_ref,
    }
