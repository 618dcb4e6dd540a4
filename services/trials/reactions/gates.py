"""Gates and holds: what is authorised opens a gate, a lost gate is a hold, new evidence ends or annuls it."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.trials.commands.country import country_id
from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.commands.site import RecordGateEvidence
from services.trials.projections.countries import CountryGuard
from services.trials.projections.guards import Authorisation, SiteGuard, TrialGuard, TrialSites
from services.trials.projections.programme_guards import ProgrammeStanding
from services.trials.reactions import ids
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.country import CountryMilestoneAchieved
from shared.contracts.trials.hold import HoldSource
from shared.contracts.trials.programme import ProgrammeAuthorisationRecorded, ProgrammeTrialAdded
from shared.contracts.trials.site import Gate, GateRevoked, GateSatisfied, SiteSelected
from shared.contracts.trials.trial import TrialAuthorised

Taken = (
    CountryMilestoneAchieved
    | GateRevoked
    | GateSatisfied
    | ProgrammeAuthorisationRecorded
    | ProgrammeTrialAdded
    | SiteSelected
    | TrialAuthorised
)


def needs(message: Recorded[Taken]) -> tuple[Need, ...]:
    match message.data:
        case SiteSelected(trial_id=trial_id, country=country):
            return _of(trial_id, country)
        case TrialAuthorised(trial_id=trial_id, country=country):
            return (*_of(trial_id, country), Need(TrialSites, (trial_id,)))
        case CountryMilestoneAchieved(trial_id=trial_id, country=country, after="closed"):
            return (*_of(trial_id, country), Need(TrialSites, (trial_id,)))
        case ProgrammeAuthorisationRecorded(country=country) as event:
            trials = event.trial_ids
            return tuple(need for one in trials for need in (*_of(one, country), Need(TrialSites, (one,))))
        case ProgrammeTrialAdded(trial_id=trial_id) as event:
            places = {authorisation.country for authorisation in event.authorisations}
            of = [need for place in sorted(places) for need in _of(trial_id, place)]
            return (*dict.fromkeys(of), Need(TrialSites, (trial_id,))) if of else ()
        case GateSatisfied(site_id=site_id):
            return (Need(SiteGuard, (site_id,)),)
        case _:
            return ()


def react(message: Recorded[Taken], facts: Facts) -> list[Command]:
    match message.data:
        case TrialAuthorised(trial_id=trial_id, country=country) as event:
            known = Authorisation(event.effective_on, event.authorisation)
            return [*_authorised(trial_id, country, _sites(trial_id, country, facts), facts, known)]
        case SiteSelected(trial_id=trial_id, country=country) as event:
            return [*_authorised(trial_id, country, (event.site_id,), facts)]
        case CountryMilestoneAchieved(trial_id=trial_id, country=country, after="closed"):
            return [*_authorised(trial_id, country, _sites(trial_id, country, facts), facts)]
        case ProgrammeAuthorisationRecorded(country=country, trial_ids=trials):
            each = (_authorised(one, country, _sites(one, country, facts), facts) for one in trials)
            return [command for commands in each for command in commands]
        case ProgrammeTrialAdded(trial_id=trial_id) as event:
            places = sorted({authorisation.country for authorisation in event.authorisations})
            each = (_authorised(trial_id, one, _sites(trial_id, one, facts), facts) for one in places)
            return [command for commands in each for command in commands]
        case GateRevoked() as event:
            return lost_gate(event, message.id)
        case GateSatisfied() as event:
            return found_gate(event, message.id, facts)
        case _:
            return []


def _of(trial_id: UUID, country: str) -> tuple[Need, ...]:
    """The rows that say what a country's authority allows of a trial, and until when."""
    return (
        Need(TrialGuard, (trial_id,)),
        Need(CountryGuard, (country_id(trial_id, country),)),
        Need(ProgrammeStanding, (trial_id,)),
    )


def _sites(trial_id: UUID, country: str, facts: Facts) -> list[UUID]:
    sites = facts.get(TrialSites, trial_id)
    return sites.within(country) if sites else []


def _authorised(
    trial_id: UUID, country: str, sites: Iterable[UUID], facts: Facts, told: Authorisation | None = None
) -> Iterator[Command]:
    """The authority's consent as evidence for the sites' gate, to its last day where that is known."""
    trial = facts.get(TrialGuard, trial_id)
    if (known := told or (trial.authorised.get(country) if trial else None)) is None:
        return
    place = facts.get(CountryGuard, country_id(trial_id, country))
    standing = facts.get(ProgrammeStanding, trial_id)
    ends = [place.closed_on] if place and place.closed_on else []
    # What was withdrawn before the authority's word came into effect is not what that word rests on.
    withdrawn = standing.withdrawn_on(country) if standing else None
    ends += [withdrawn] if withdrawn and withdrawn > known.effective_on else []
    for site_id in sites:
        yield RecordGateEvidence(
            trial_id=trial_id,
            site_id=site_id,
            gate="ha_ok",
            evidence_id=known.authorisation,
            valid_from=known.effective_on,
            valid_to=min(ends) - timedelta(days=1) if ends else None,
            corrects=known.authorisation,
        )


def lost_gate(event: GateRevoked, cause: UUID) -> list[Command]:
    """An activated site that loses a gate is held, unless a hold closed the gate and stops it already."""
    if not event.activated or event.hold:
        return []
    source, of = _hold_of(event.gate, event.evidence)
    since = event.revoked_on
    if event.valid_to is not None:  # found out late: the hold begins when the evidence ended
        since = min(since, event.valid_to + timedelta(days=1))
    return [
        ApplyHold(
            hold_id=ids.site_hold(source, of, event.site_id, since),
            trial_id=event.trial_id,
            source=source,
            scope_kind="site",
            scope_id=event.site_id,
            since=since,
            reason=event.gate,
            cause=cause,
        )
    ]


def found_gate(event: GateSatisfied, cause: UUID, facts: Facts) -> list[Command]:
    """New evidence ends the hold that the loss of the old one raised, and no other.

    Evidence told late that was valid all along leaves nothing of it: the hold is annulled (domain.md 0.14).
    """
    guard = facts.get(SiteGuard, event.site_id)
    if guard is None or event.replaces is None:
        return []
    source, of = _hold_of(event.gate, event.replaces)
    first = event.valid_from
    commands: list[Command] = []
    for hold in ids.held_by(guard, source, of):
        about: dict[str, Any] = {
            "hold_id": hold.hold_id,
            "trial_id": event.trial_id,
            "source": source,
            "cause": cause,
        }
        if first and first <= hold.since:
            commands.append(AnnulHold(**about, reason="gate.never_lost"))
        elif hold.open:
            commands.append(LiftHold(**about, evidence=str(event.evidence), until=first))
    return commands


def _hold_of(gate: Gate, evidence: UUID) -> tuple[HoldSource, UUID | str]:
    """Without a board's approval the hold is the lapse, the same that the board's own events tell."""
    return ("irb_lapse", evidence) if gate == "irb_current" else ("document_expiry", f"{gate}|{evidence}")
