"""Events of feasibility: what a site was asked, what it answered, and the score that came of it."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import JsonValue

from shared.contracts.message import Event, Value

RegistryFactor = Literal["similar_trials", "enrolment_speed", "competing_trials"]


class Question(Value):
    """One question by its code. `weight` is its part of the score; 0 asks without judging.

    yes_no: `wanted` counts in full. number: `target` and more count in full, less in proportion.
    choice: `options` maps each code to what it counts, from 0 to 1.
    """

    code: str
    kind: Literal["yes_no", "number", "choice"]
    weight: float
    wanted: bool = True
    target: float | None = None
    options: Mapping[str, float] = {}


class Answer(Value):
    """The answer to one question: yes or no, a number, or the code of a choice."""

    code: str
    value: bool | int | float | str


class Factor(Value):
    """A part of the score: `value` from 0 to 1, or None where nothing is known; `inputs` led to it.

    `stale`: the newest of the registry's records behind it is older than two years.
    """

    name: str
    weight: float
    value: float | None = None
    inputs: Mapping[str, JsonValue]
    stale: bool = False


class FeasibilitySent(Event):
    """A questionnaire went to the site; answers are due on the local day `due_on` of `zone`.

    `weights` are those of the registry's factors. `conditions` say which trials are similar, in the
    registry's words; without any, those of the trial's own registry record do. `capacity` names the question
    whose answer is the number of subjects that the site can enrol.
    """

    type: ClassVar[str] = "trials.site.feasibility_sent.v1"
    trial_id: UUID
    site_id: UUID
    questionnaire_id: UUID
    questions: tuple[Question, ...]
    weights: Mapping[RegistryFactor, float]
    conditions: tuple[str, ...] = ()
    capacity: str | None = None
    sent_on: date
    due_on: date
    zone: str


class FeasibilityOverdue(Event):
    """The day on which answers were due has passed without them."""

    type: ClassVar[str] = "trials.site.feasibility_overdue.v1"
    trial_id: UUID
    site_id: UUID
    questionnaire_id: UUID
    due_on: date


class FeasibilityReceived(Event):
    """The site answered its questionnaire."""

    type: ClassVar[str] = "trials.site.feasibility_received.v1"
    trial_id: UUID
    site_id: UUID
    questionnaire_id: UUID
    answers: tuple[Answer, ...]
    received_on: date


class FeasibilityCompleted(Event):
    """The score was fixed: 0 to 100, the mean of the factors that have a value, by their weights.

    `covered` is the share of all weights that these have (ratio). `capacity` is in subjects. The factors
    carry their inputs, so that the number can be computed again.
    """

    type: ClassVar[str] = "trials.site.feasibility_completed.v1"
    trial_id: UUID
    site_id: UUID
    questionnaire_id: UUID
    score: float
    covered: float
    capacity: int | None = None
    factors: tuple[Factor, ...]
    outcome: Literal["suitable", "unsuitable"]
    completed_on: date


FeasibilityEvent = FeasibilitySent | FeasibilityOverdue | FeasibilityReceived | FeasibilityCompleted
