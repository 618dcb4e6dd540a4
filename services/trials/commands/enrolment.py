"""Commands on targets of enrolment and on what subgroups have enrolled."""

from typing import Annotated, ClassVar, Self
from uuid import UUID, uuid5

from pydantic import Field, StringConstraints, model_validator

from services.trials.commands.words import Count, Country
from services.trials.projections.enrolment_guards import EnrolmentCount, EnrolmentTargets
from services.trials.projections.guards import SiteGuard, TrialGuard, TrialSites
from services.trials.rules import NAMESPACE
from shared.contracts.message import Command, Need
from shared.contracts.trials.enrolment import Dimension, Level
from shared.rules.dates import Day

# A band as sources write it: 75+, <18, Black or African American.
Band = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9<>][A-Za-z0-9 ._/+<>=,()-]{0,63}$")]


class OfEnrolment(Command):
    """A command on the targets of a trial, its countries and its sites: one stream a trial."""

    trial_id: UUID

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"enrolment|{self.trial_id}")

    def needs(self) -> tuple[Need, ...]:
        return (
            Need(EnrolmentCount, (self.trial_id,)),
            Need(EnrolmentTargets, (self.trial_id,)),
            Need(TrialGuard, (self.trial_id,)),
            Need(TrialSites, (self.trial_id,)),
        )


class SetEnrolmentTarget(OfEnrolment):
    """Plan how many subjects enrol in the trial, in one of its countries or at one of its sites.

    `first_on`, `last_on`: the planned days of the first and of the last enrolment.
    """

    type: ClassVar[str] = "trials.set_enrolment_target.v1"
    level: Level
    country: Country | None = None
    site_id: UUID | None = None
    target: Count
    first_on: Day | None = None
    last_on: Day | None = None

    @model_validator(mode="after")
    def _names_its_level(self) -> Self:
        if (self.level == "country") != (self.country is not None):
            raise ValueError("country: named exactly where the level is a country")
        if (self.level == "site") != (self.site_id is not None):
            raise ValueError("site_id: named exactly where the level is a site")
        return self

    def needs(self) -> tuple[Need, ...]:
        site = (Need(SiteGuard, (self.site_id,)),) if self.site_id else ()
        return (*super().needs(), *site)


class SetSubgroupTarget(OfEnrolment):
    """Plan which share (ratio) of the trial's subjects a subgroup has; without a share the goal ends."""

    type: ClassVar[str] = "trials.set_subgroup_target.v1"
    dimension: Dimension
    band: Band
    share: Annotated[float, Field(ge=0, le=1)] | None

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialGuard, (self.trial_id,)),)


class ReviewEnrolment(OfEnrolment):
    """Look at which targets the enrolments so far reach."""

    type: ClassVar[str] = "trials.review_enrolment.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    on: Day
