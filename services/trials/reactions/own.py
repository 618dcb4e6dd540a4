"""Reactions that cross this service's own streams, an area a module: each looks at every event."""

from typing import Any

from services.trials.reactions import (
    analysis_plan,
    budget,
    consent,
    country,
    enrolment,
    gates,
    holds,
    monitoring,
    programme,
    protocol,
    registry,
    sites,
    targets,
)
from shared.contracts.message import Command, Facts, Need, Recorded

_AREAS = (
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
)


def needs_of_own(message: Recorded[Any]) -> tuple[Need, ...]:
    """The rows that any area's reaction reads."""
    return tuple(dict.fromkeys(need for area in _AREAS for need in area.needs(message)))


def react_to_own(message: Recorded[Any], facts: Facts) -> list[Command]:
    """What an event of one stream makes of others."""
    return [command for area in _AREAS for command in area.react(message, facts)]
