"""The versions of the consent form at a site: the latest word on each counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from services.trials.commands.consent import RecordConsentVersion
from services.trials.domain.broken import deviation, site_breaks
from services.trials.projections.guards import SiteGuard
from shared.contracts.message import Facts, Wake
from shared.contracts.trials.consent import ConsentVersionReleased
from shared.contracts.trials.deviation import DeviationReported

Events = list[ConsentVersionReleased | DeviationReported]


@dataclass(frozen=True)
class ConsentVersions:
    """The latest word on each version and language."""

    released: Mapping[tuple[str, str], ConsentVersionReleased] = field(default_factory=dict)


def decide(
    versions: ConsentVersions, command: RecordConsentVersion | Wake, facts: Facts, now: datetime
) -> Events:
    """The events of a report; repeating one causes none."""
    match command:
        case RecordConsentVersion():
            breaks = site_breaks(facts.get(SiteGuard, command.site_id), command.trial_id)
            told = ConsentVersionReleased(**command.model_dump(exclude={"meaning"}), breaks=breaks)
            if versions.released.get((told.version, told.language)) == told:
                return []
            name = f"{told.site_id}|{told.version}|{told.language}|{told.released_on}"
            return [told, *deviation(told.trial_id, "consent_version", name, breaks, told.released_on)]
        case Wake():
            return []
        case _:
            assert_never(command)


def evolve(versions: ConsentVersions, event: ConsentVersionReleased | DeviationReported) -> ConsentVersions:
    if isinstance(event, DeviationReported):
        return versions
    known = dict(versions.released) | {(event.version, event.language): event}
    return replace(versions, released=known)
