"""Targets of enrolment, of a trial, its countries and sites and by subgroup, and that they are reached."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event

Level = Literal["trial", "country", "site"]
Dimension = Literal["age_group", "sex", "race", "ethnicity"]


class EnrolmentTargetSet(Event):
    """How many subjects shall enrol in the trial, the country or the site, the first and the last when."""

    type: ClassVar[str] = "trials.enrolment.target_set.v1"
    trial_id: UUID
    level: Level
    country: str | None = None
    site_id: UUID | None = None
    target: int
    first_on: date | None = None
    last_on: date | None = None


class SubgroupTargetSet(Event):
    """Which share (ratio) of a trial's subjects shall belong to a band of a dimension; none ends the goal."""

    type: ClassVar[str] = "trials.enrolment.subgroup_target_set.v1"
    trial_id: UUID
    dimension: Dimension
    band: str
    share: float | None = None


class EnrolmentTargetReached(Event):
    """As many subjects have enrolled as the target of this level asks for."""

    type: ClassVar[str] = "trials.enrolment.target_reached.v1"
    trial_id: UUID
    level: Level
    country: str | None = None
    site_id: UUID | None = None
    target: int
    enrolled: int
    reached_on: date


EnrolmentEvent = EnrolmentTargetSet | SubgroupTargetSet | EnrolmentTargetReached
