"""What an authority's word on a country makes of the trial's authorisation and of the country's sites."""

from datetime import date
from typing import Any
from uuid import UUID, uuid5

from services.trials.commands.country import country_id
from services.trials.commands.deviation import ReportDeviation
from services.trials.commands.hold import ApplyHold, LiftHold
from services.trials.commands.trial import RecordAuthorisation
from services.trials.projections.countries import CountryGuard
from services.trials.projections.guards import TrialSites
from services.trials.reactions import ids
from services.trials.rules import NAMESPACE
from services.trials.rules.country import AUTHORISED
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.country import CountryInformationRequested, CountryMilestoneAchieved
from shared.contracts.trials.site import SiteSelected

Taken = CountryInformationRequested | CountryMilestoneAchieved | SiteSelected


def needs(message: Recorded[Taken]) -> tuple[Need, ...]:
    match message.data:
        case CountryMilestoneAchieved(trial_id=trial_id, halted_on=day) if day:
            return (Need(TrialSites, (trial_id,)),)
        case SiteSelected(trial_id=trial_id, country=country):
            return (Need(CountryGuard, (country_id(trial_id, country),)),)
        case _:
            return ()


def react(message: Recorded[Taken], facts: Facts) -> list[Command]:
    """An authorisation opens a gate, a halt holds the country's sites, its end lifts just that."""
    match message.data:
        case CountryMilestoneAchieved() as event:
            return [*_authorised(event), *_halt(event, message.id, facts), *_broken(message)]
        case CountryInformationRequested():
            return _broken(message)
        case selected:
            trial_id, site_id = selected.trial_id, selected.site_id
            guard = facts.get(CountryGuard, country_id(trial_id, selected.country))
            return [_held(guard, trial_id, site_id, message.id)] if guard and guard.halted_on else []


def _authorised(event: CountryMilestoneAchieved) -> list[Command]:
    if event.milestone not in AUTHORISED or event.after == event.before:
        return []
    return [
        RecordAuthorisation(
            trial_id=event.trial_id,
            country=event.country,
            effective_on=event.actual,
            authorisation=event.country_id,
        )
    ]


def _halt(event: CountryMilestoneAchieved, cause: UUID, facts: Facts) -> list[Command]:
    if event.halted_on is None:
        return []
    sites = facts.get(TrialSites, event.trial_id)
    reached = sites.within(event.country) if sites else []
    if event.milestone == "halted":
        guard = CountryGuard(event.country_id, event.halted_on, event.halt, event.effects)
        held = [_held(guard, event.trial_id, site_id, cause) for site_id in reached]
        # The new hold stands before the one in whose place it is: between them nothing is allowed.
        if event.halt is None or event.replaces is None:
            return held
        return [*held, *_lifted(event, event.halt - 1, event.replaces, reached, cause)]
    return _lifted(event, event.halt, event.halted_on, reached, cause)


def _lifted(
    event: CountryMilestoneAchieved, halt: int | None, since: date, sites: list[UUID], cause: UUID
) -> list[Command]:
    return [
        LiftHold(
            hold_id=_hold_of(event.country_id, halt, site_id, since),
            trial_id=event.trial_id,
            source="ha_suspension",
            scope_kind="site",
            scope_id=site_id,
            cause=cause,
            evidence=event.document_ref or str(cause),
            until=event.actual,
        )
        for site_id in sites
    ]


def _held(guard: CountryGuard, trial_id: UUID, site_id: UUID, cause: UUID) -> Command:
    since = guard.halted_on
    assert since  # noqa: S101  whoever calls has looked
    return ApplyHold(
        hold_id=_hold_of(guard.country_id, guard.halt, site_id, since),
        trial_id=trial_id,
        source="ha_suspension",
        scope_kind="site",
        scope_id=site_id,
        effects=guard.effects,
        since=since,
        cause=cause,
    )


def _hold_of(country: UUID, halt: int | None, site_id: UUID, since: date) -> UUID:
    """The hold of one halt at one site: a country may be halted twice within a day."""
    return ids.site_hold("ha_suspension", f"{country}|{halt}", site_id, since)


def _broken(message: Recorded[Any]) -> list[Command]:
    """A report that does not fit is a deviation of its trial."""
    event: CountryMilestoneAchieved | CountryInformationRequested = message.data
    if not event.breaks:
        return []
    day = event.actual if isinstance(event, CountryMilestoneAchieved) else event.asked_on
    return [
        ReportDeviation(
            deviation_id=uuid5(NAMESPACE, f"country|{message.id}"),
            trial_id=event.trial_id,
            category="country",
            rules=event.breaks,
            occurred_on=day,
            cause=message.id,
        )
    ]
