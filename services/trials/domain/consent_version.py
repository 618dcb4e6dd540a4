"""The versions of the consent form at a site: the latest word on each counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from services.trials.commands.consent import RecordConsentVersion
from shared.contracts.message import Facts, Wake
from shared.contracts.trials.consent import ConsentVersionReleased


@dataclass(frozen=True)
class ConsentVersions:
    """The latest word on each version and language."""

    released: Mapping[tuple[str, str], ConsentVersionReleased] = field(default_factory=dict)


def decide(
    versions: ConsentVersions, command: RecordConsentVersion | Wake, facts: Facts, now: datetime
) -> list[ConsentVersionReleased]:
    """The events of a report; repeating one causes none."""
    match command:
        case RecordConsentVersion():
            told = ConsentVersionReleased(**command.model_dump(exclude={"meaning"}))
            return [] if versions.released.get((told.version, told.language)) == told else [told]
        case Wake():
            return []
        case _:
            assert_never(command)


def evolve(versions: ConsentVersions, event: ConsentVersionReleased) -> ConsentVersions:
    known = dict(versions.released) | {(event.version, event.language): event}
    return replace(versions, released=known)
