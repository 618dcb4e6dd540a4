"""The reactions of the trials service: to its own events, an area a line, and to those of other services."""

from services.trials.reactions import (
    analysis_plan,
    budget,
    consent,
    country,
    deadlines,
    enrolment,
    feeds,
    gates,
    holds,
    monitoring,
    programme,
    protocol,
    registry,
    regulatory,
    sites,
    targets,
)
from shared.runtime.takers import Reaction

REACTIONS: tuple[Reaction, ...] = (
    Reaction("trials", registry.react),
    Reaction("trials", holds.react, holds.needs),
    Reaction("trials", gates.react, gates.needs),
    Reaction("trials", enrolment.react, enrolment.needs),
    Reaction("trials", sites.react, sites.needs),
    Reaction("trials", consent.react, consent.needs),
    Reaction("trials", targets.react, targets.needs),
    Reaction("trials", programme.react),
    Reaction("trials", country.react, country.needs),
    Reaction("trials", protocol.react, protocol.needs),
    Reaction("trials", monitoring.react, monitoring.needs),
    Reaction("trials", budget.react),
    Reaction("trials", analysis_plan.react),
    Reaction("trials", feeds.react, feeds.needs),
    Reaction("regulatory", regulatory.react, regulatory.needs),
    Reaction("regulatory", deadlines.react),
    Reaction("safety", deadlines.react),
    Reaction("retrieval", deadlines.react),
)
