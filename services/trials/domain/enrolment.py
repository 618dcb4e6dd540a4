"""Targets of enrolment: stated for trial, country, site and subgroup, and told once when they are reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from services.trials.commands.enrolment import ReviewEnrolment, SetEnrolmentTarget, SetSubgroupTarget
from services.trials.domain.lifecycle import finished
from services.trials.projections.enrolment_guards import (
    EnrolmentCount,
    EnrolmentTargets,
    Target,
    scope_of,
)
from services.trials.projections.guards import SiteGuard, TrialGuard, TrialSites
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.enrolment import (
    Dimension,
    EnrolmentEvent,
    EnrolmentTargetReached,
    EnrolmentTargetSet,
    SubgroupTargetSet,
)
from shared.rules.dates import local_date

EnrolmentCommand = SetEnrolmentTarget | SetSubgroupTarget | ReviewEnrolment
Events = list[EnrolmentEvent]


@dataclass(frozen=True)
class Enrolment:
    """What was stated by level and scope, the shares by subgroup, and the targets told as reached."""

    stated: Mapping[tuple[str, str], EnrolmentTargetSet] = field(default_factory=dict)
    shares: Mapping[tuple[Dimension, str], float] = field(default_factory=dict)
    reached: Mapping[tuple[str, str], int] = field(default_factory=dict)


def decide(
    enrolment: Enrolment, command: EnrolmentCommand | Wake, facts: Facts, now: datetime
) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case SetEnrolmentTarget():
            return _set_target(enrolment, command, facts, now)
        case SetSubgroupTarget():
            return _set_share(enrolment, command, facts)
        case ReviewEnrolment():
            return _reached(enrolment, command, facts, command.on)
        case Wake():
            return []
        case _:
            assert_never(command)


def evolve(enrolment: Enrolment, event: EnrolmentEvent) -> Enrolment:
    match event:
        case EnrolmentTargetSet(level=level):
            stated = dict(enrolment.stated) | {(level, scope_of(event.country, event.site_id)): event}
            return replace(enrolment, stated=stated)
        case SubgroupTargetSet(dimension=dimension, band=band, share=share):
            others = {at: known for at, known in enrolment.shares.items() if at != (dimension, band)}
            return replace(enrolment, shares=others if share is None else others | {(dimension, band): share})
        case EnrolmentTargetReached(level=level, target=target):
            reached = dict(enrolment.reached) | {(level, scope_of(event.country, event.site_id)): target}
            return replace(enrolment, reached=reached)
        case _:
            assert_never(event)


def _set_target(
    enrolment: Enrolment, command: SetEnrolmentTarget, facts: Facts, now: datetime
) -> Events | Refusal:
    told = EnrolmentTargetSet(**command.model_dump())
    scope = scope_of(command.country, command.site_id)
    if enrolment.stated.get((command.level, scope)) == told:
        return []
    if refusal := _not_planned(command, facts):
        return refusal
    known = facts.get(EnrolmentTargets, command.trial_id) or EnrolmentTargets(command.trial_id)
    stated = Target(command.level, scope, command.target)
    return [
        told,
        *_reached(evolve(enrolment, told), command, facts, local_date(now, "UTC"), (*known.stated, stated)),
    ]


def _not_planned(command: SetEnrolmentTarget, facts: Facts) -> Refusal | None:
    if refusal := _no_trial(command, facts):
        return refusal
    if command.target == 0:
        return Refusal("target.zero", "a target is one subject at least", None, "target")
    site = facts.get(SiteGuard, command.site_id) if command.site_id else None
    if command.site_id and (site is None or site.trial_id != command.trial_id):
        return Refusal("target.unknown_site", "the trial has no site with this id", None, "site_id")
    if command.first_on and command.last_on and command.last_on < command.first_on:
        return Refusal("target.dates", "the last enrolment comes before the first", None, "last_on")
    return None


def _no_trial(command: SetEnrolmentTarget | SetSubgroupTarget, facts: Facts) -> Refusal | None:
    trial = facts.get(TrialGuard, command.trial_id)
    if trial is None or trial.status is None:
        return Refusal("trial.unknown", "there is no trial with this id", None, "trial_id")
    return finished(trial)


def _set_share(enrolment: Enrolment, command: SetSubgroupTarget, facts: Facts) -> Events | Refusal:
    at = (command.dimension, command.band)
    if enrolment.shares.get(at) == command.share:
        return []
    if refusal := _no_trial(command, facts):
        return refusal
    if command.share == 0:
        return Refusal(
            "target.zero", "a share is more than nothing; without one the goal ends", None, "share"
        )
    others = sum(s for (dim, band), s in enrolment.shares.items() if dim == at[0] and band != at[1])
    # Shares come as decimals: three of 0.1 are a little more than 0.3.
    if others + (command.share or 0) > 1 + 1e-9:
        detail = f"the shares of {command.dimension} are more than the whole"
        return Refusal("target.shares", detail, None, "share")
    return [SubgroupTargetSet(**command.model_dump())]


def _reached(
    enrolment: Enrolment,
    command: SetEnrolmentTarget | ReviewEnrolment,
    facts: Facts,
    on: date,
    stated: tuple[Target, ...] = (),
) -> Events:
    """The targets that the enrolments so far reach and that were not told as reached before."""
    trial_id = command.trial_id
    known = facts.get(EnrolmentTargets, trial_id) or EnrolmentTargets(trial_id)
    counts = enrolled(facts.get(EnrolmentCount, trial_id), facts.get(TrialSites, trial_id))
    events: Events = []
    for target in replace(known, stated=stated or known.stated).all():
        at = (target.level, target.scope)
        if counts.get(at, 0) < target.target or enrolment.reached.get(at) == target.target:
            continue
        events.append(
            EnrolmentTargetReached(
                trial_id=trial_id,
                level=target.level,
                country=target.scope if target.level == "country" else None,
                site_id=UUID(target.scope) if target.level == "site" else None,
                target=target.target,
                enrolled=counts[at],
                reached_on=on,
            )
        )
    return events


def enrolled(count: EnrolmentCount | None, sites: TrialSites | None) -> dict[tuple[str, str], int]:
    """How many have enrolled by level and scope; a site without a known country counts in none."""
    found: dict[tuple[str, str], int] = {}
    for site, n in (count.sites if count else {}).items():
        country = sites.countries.get(site) if sites else None
        for at in (("trial", ""), ("site", str(site)), *([("country", country)] if country else [])):
            found[at] = found.get(at, 0) + n
    return found
