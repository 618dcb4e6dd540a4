"""Guard rows of enrolment: the targets as planned, chosen and stated, and how many enrolled at each site."""

from dataclasses import dataclass, field, replace
from datetime import date
from operator import attrgetter
from typing import Any, ClassVar
from uuid import UUID

from services.trials.projections.guards import TrialCount
from services.trials.rules.other_trial import misplaced
from shared.contracts.message import Recorded
from shared.contracts.trials.enrolment import EnrolmentTargetSet, Level
from shared.contracts.trials.site import SiteSelected
from shared.contracts.trials.subject import SubjectEnrolled
from shared.contracts.trials.trial import TrialPlanRecorded, TrialRegistered

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """How many shall enrol; `scope` is the country, the site's id, or empty for the trial."""

    level: Level
    scope: str
    target: int
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class EnrolmentTargets:
    """What the trial's plan says, what the selection of each site says, and what was stated since."""

    table: ClassVar[str] = "enrolment_targets"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    planned: int | None = None
    chosen: dict[UUID, int] = field(default_factory=dict)
    stated: tuple[Target, ...] = ()

    def all(self) -> tuple[Target, ...]:
        """Each level's target, the stated one where there is one."""
        known = {("site", str(site)): Target("site", str(site), n) for site, n in self.chosen.items()}
        if self.planned is not None:
            known["trial", ""] = Target("trial", "", self.planned)
        known |= {(target.level, target.scope): target for target in self.stated}
        return tuple(sorted(known.values(), key=attrgetter("level", "scope")))


@dataclass(frozen=True, slots=True)
class EnrolmentCount:
    """How many subjects have enrolled at each site of a trial."""

    table: ClassVar[str] = "enrolment_count"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    sites: dict[UUID, int] = field(default_factory=dict)


def scope_of(country: str | None, site_id: UUID | None) -> str:
    """What a target or a count is about, as text: empty for the whole trial."""
    return country or (str(site_id) if site_id else "")


def targets_keys(
    message: Recorded[EnrolmentTargetSet | TrialRegistered | TrialPlanRecorded | SiteSelected],
) -> tuple[Key, ...]:
    return ((message.data.trial_id,),) if message.data.target is not None else ()


def fold_targets(row: EnrolmentTargets | None, message: Recorded[Any], key: Key) -> EnrolmentTargets:
    targets = row or EnrolmentTargets(key[0])
    match message.data:
        case TrialRegistered(target=target) | TrialPlanRecorded(target=target):
            return replace(targets, planned=target)
        case SiteSelected(site_id=site, target=int(target)):
            chosen = targets.chosen | {site: target}
            return replace(targets, chosen=dict(sorted(chosen.items())))
        case EnrolmentTargetSet() as event:
            scope = scope_of(event.country, event.site_id)
            stated = Target(event.level, scope, event.target, event.first_on, event.last_on)
            others = [t for t in targets.stated if (t.level, t.scope) != (stated.level, scope)]
            return replace(targets, stated=tuple(sorted([*others, stated], key=attrgetter("level", "scope"))))
        case _:
            return targets


def count_keys(message: Recorded[SubjectEnrolled]) -> tuple[Key, ...]:
    return () if misplaced(message.data) else ((message.data.trial_id,),)


def fold_count(row: EnrolmentCount | None, message: Recorded[Any], key: Key) -> EnrolmentCount:
    count, site = row or EnrolmentCount(key[0]), message.data.site_id
    sites = count.sites | {site: count.sites.get(site, 0) + 1}
    return replace(count, sites=dict(sorted(sites.items())))


def fold_trial_count(row: TrialCount | None, message: Recorded[Any], key: Key) -> TrialCount:
    count = row or TrialCount(key[0])
    return replace(count, enrolled=count.enrolled + 1)
