"""Reactions that cross this service's own streams, an area a module: each looks at its own `EVENTS`.

Most events, an import's by the thousand, concern none: to ask each area of each took a tenth of its time.
"""

from types import ModuleType
from typing import Any

from services.trials.reactions import (
    analysis_plan,
    budget,
    consent,
    country,
    enrolment,
    feeds,
    gates,
    holds,
    monitoring,
    programme,
    protocol,
    registry,
    sites,
    targets,
)
from shared.contracts.message import Command, Event, Facts, Need, Recorded

AREAS: tuple[ModuleType, ...] = (
    registry,
    holds,
    gates,
    enrolment,
    sites,
    consent,
    targets,
    programme,
    country,
    protocol,
    monitoring,
    budget,
    analysis_plan,
    feeds,
)


_ASKED: dict[type[Event], tuple[ModuleType, ...]] = {
    event: tuple(area for area in AREAS if event in area.EVENTS) for known in AREAS for event in known.EVENTS
}


def needs_of_own(message: Recorded[Any]) -> tuple[Need, ...]:
    """The rows that any area's reaction reads."""
    asked = _ASKED.get(type(message.data), ())
    return tuple(dict.fromkeys(need for area in asked for need in area.needs(message)))


def react_to_own(message: Recorded[Any], facts: Facts) -> list[Command]:
    """What an event of one stream makes of others."""
    asked = _ASKED.get(type(message.data), ())
    return [command for area in asked for command in area.react(message, facts)]
