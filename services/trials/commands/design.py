"""The command that records the design of a protocol version."""

from typing import Annotated, ClassVar, Self
from uuid import UUID, uuid5

from pydantic import Field, model_validator

from services.trials.commands.words import Code, Text
from services.trials.projections.protocol_guards import TrialProtocol
from services.trials.rules import NAMESPACE
from shared.contracts.message import Command, Need
from shared.contracts.trials.design import (
    Arm,
    Assignment,
    Encounter,
    Epoch,
    Masked,
    Masking,
    Model,
)

_MASKED: tuple[Masking, ...] = ("open", "single", "double", "triple", "quadruple")
Title = Annotated[Text, Field(max_length=300)]
Days = Annotated[int, Field(ge=0, le=3650)]


class PlannedArm(Arm):
    """An arm within bounds."""

    code: Code
    title: Title


class PlannedEpoch(Epoch):
    """An epoch within bounds."""

    code: Code
    title: Title


class PlannedEncounter(Encounter):
    """An encounter within bounds; days before day 1 are negative, and there is no day 0."""

    code: Code
    title: Title
    epoch: Code
    day: Annotated[int, Field(ge=-3650, le=36500)] | None = None
    early: Days = 0
    late: Days = 0

    @model_validator(mode="after")
    def _no_day_zero(self) -> Self:
        if self.day == 0:
            raise ValueError("day: counts 1, 2, 3 and before it -1, -2, never 0")
        return self


class RecordDesign(Command):
    """Record the whole design of a protocol version; once the version is submitted, again only with a reason.

    `masked`: who does not know the arm; nobody where it is not said. Open masks nobody, single one of four,
    quadruple all.
    """

    type: ClassVar[str] = "trials.record_design.v1"
    trial_id: UUID
    version: Code
    arms: Annotated[tuple[PlannedArm, ...], Field(min_length=1, max_length=100)]
    epochs: tuple[PlannedEpoch, ...] = Field(default=(), max_length=100)
    encounters: tuple[PlannedEncounter, ...] = Field(default=(), max_length=1000)
    masking: Masking
    masked: tuple[Masked, ...] = Field(default=(), max_length=4)
    assignment: Assignment
    model: Model
    reason: Code | None = None

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"design/{self.trial_id}")

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialProtocol, (self.trial_id,)),)

    @model_validator(mode="after")
    def _each_code_once(self) -> Self:
        for name in ("arms", "epochs", "encounters"):
            codes = [one.code for one in getattr(self, name)]
            if len(codes) > len(set(codes)):
                raise ValueError(f"{name}: a code stands twice")
        if unknown := {one.epoch for one in self.encounters} - {one.code for one in self.epochs}:
            raise ValueError(f"encounters: no such epoch: {', '.join(sorted(unknown))}")
        return self

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        wrong = len(set(self.masked)) != _MASKED.index(self.masking) or len(set(self.masked)) < len(
            self.masked
        )
        if self.masked and wrong:
            raise ValueError("masked: names as many as masking says, each once")
        if self.model == "single_group" and len(self.arms) > 1:
            raise ValueError("model: a single group is one arm")
        if self.assignment == "randomised" and len(self.arms) < 2:
            raise ValueError("assignment: nobody is randomised to one arm")
        return self
