"""The command by which a statistician signs the sample size of an endpoint."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID, uuid5

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.words import Code, Text
from services.trials.projections.design import TrialArms
from services.trials.projections.protocol_guards import TrialProtocol
from services.trials.rules import NAMESPACE
from shared.contracts.message import Need, Signed
from shared.contracts.trials.statistics import (
    ArmSize,
    Hypothesis,
    Means,
    OtherEffect,
    Proportions,
    Survival,
)

# A target of zero is no target.
Size = Annotated[int, Field(ge=1, le=10_000_000)]
Share = Annotated[float, Field(gt=0, lt=1)]
Finite = Annotated[float, Field(ge=-1e12, le=1e12)]


class AssumedMeans(Means):
    """Means within bounds."""

    difference: Finite
    standard_deviation: Annotated[float, Field(gt=0, le=1e12)]


class AssumedProportions(Proportions):
    """Proportions within bounds."""

    control: Share
    experimental: Share


class AssumedSurvival(Survival):
    """A hazard ratio within bounds."""

    hazard_ratio: Annotated[float, Field(gt=0, le=1000)]
    event_probability: Annotated[float, Field(ge=1e-6, le=1)]


class AssumedOther(OtherEffect):
    """An effect in bounded words."""

    description: Text


Assumed = Annotated[
    AssumedMeans | AssumedProportions | AssumedSurvival | AssumedOther, Field(discriminator="kind")
]


class PlannedSize(ArmSize):
    """An arm's size within bounds."""

    arm: Code
    size: Size


class SignDesignInput(Signed):
    """Sign the sample size of an endpoint, its assumptions and its method.

    `events`: what an analysis of times to an event needs. Another input for the same endpoint is superseded
    by name, with a reason.
    """

    type: ClassVar[str] = "trials.sign_design_input.v1"
    meaning: Literal["statistical design input"] = "statistical design input"
    trial_id: UUID
    input_id: UUID = Field(default_factory=uuid7)
    version: Code
    endpoint: Annotated[Text, Field(max_length=300)]
    estimand: Text | None = None
    hypothesis: Hypothesis
    effect: Assumed
    null_value: Finite | None = None
    alpha: Annotated[float, Field(ge=1e-9, lt=0.5)]
    sides: Literal[1, 2]
    power: Annotated[float, Field(gt=0.5, le=1 - 1e-9)]
    allocation_ratio: Annotated[float, Field(ge=0.01, le=100)] = 1.0
    drop_out: Annotated[float, Field(ge=0, le=0.99)] = 0.0
    method: Text
    software: Annotated[Text, Field(max_length=100)]
    software_version: Annotated[Text, Field(max_length=50)]
    arms: Annotated[tuple[PlannedSize, ...], Field(min_length=1, max_length=100)]
    total: Size
    events: Size | None = None
    supersedes: UUID | None = None
    reason: Code | None = None

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"statistics/{self.trial_id}")

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialProtocol, (self.trial_id,)), Need(TrialArms, (self.trial_id,)))

    @model_validator(mode="after")
    def _sums_up(self) -> Self:
        if len({one.arm for one in self.arms}) < len(self.arms):
            raise ValueError("arms: an arm stands twice")
        if sum(one.size for one in self.arms) != self.total:
            raise ValueError("total: is the sum of the arms")
        return self

    @model_validator(mode="after")
    def _says_what_is_tested(self) -> Self:
        if self.hypothesis == "non_inferiority" and self.null_value is None:
            raise ValueError("null_value: non-inferiority is shown against a margin")
        if self.effect.kind == "survival" and self.null_value is not None and not 0 < self.null_value <= 1000:
            raise ValueError("null_value: of a hazard ratio it is one, above 0")
        if (self.supersedes is None) != (self.reason is None):
            raise ValueError("reason: given with what is superseded, and with it only")
        return self
