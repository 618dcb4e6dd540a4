"""The design of a trial as its protocol has it: arms, epochs, planned encounters, masking, assignment."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Value

# After the data elements of ClinicalTrials.gov.
ArmType = Literal[
    "experimental", "active_comparator", "placebo_comparator", "sham_comparator", "no_intervention", "other"
]
Masking = Literal["open", "single", "double", "triple", "quadruple"]
Masked = Literal["participant", "care_provider", "investigator", "outcomes_assessor"]
Assignment = Literal["randomised", "non_randomised", "not_applicable"]
Model = Literal["single_group", "parallel", "crossover", "factorial", "sequential"]


class Arm(Value):
    """A group that subjects are planned for; never who is in it."""

    code: str
    title: str
    kind: ArmType


class Epoch(Value):
    """A stage of the trial that subjects go through, in the order of the list."""

    code: str
    title: str


class Encounter(Value):
    """A planned visit in an epoch: `day` counts from the epoch's first day, which is day 1.

    `early` and `late`: how many days before and after it still count.
    """

    code: str
    title: str
    epoch: str
    day: int | None = None
    early: int = 0
    late: int = 0


class DesignRecorded(Event):
    """The whole design of a protocol version; the latest one counts. `reason`: why it was recorded again.

    `masked` names nobody where it is not known who does not know the arm.
    """

    type: ClassVar[str] = "trials.design.recorded.v1"
    trial_id: UUID
    version: str
    arms: tuple[Arm, ...]
    epochs: tuple[Epoch, ...] = ()
    encounters: tuple[Encounter, ...] = ()
    masking: Masking
    masked: tuple[Masked, ...] = ()
    assignment: Assignment
    model: Model
    reason: str | None = None
