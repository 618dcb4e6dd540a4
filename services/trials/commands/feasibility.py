"""Commands of feasibility: a questionnaire is sent, answered, and its score fixed."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    field_validator,
    model_validator,
)
from uuid_utils.compat import uuid7

from services.trials.commands.site import OfSite
from services.trials.commands.words import Code, Text
from services.trials.projections.facilities import RegistryRecord
from shared.contracts.message import Need
from shared.contracts.trials.feasibility import Answer, Question, RegistryFactor
from shared.rules.dates import Day

# Three decimals are enough; what is smaller than that counts for nothing.
Weight = Annotated[
    float, Field(ge=0, le=1000, allow_inf_nan=False), AfterValidator(lambda weight: round(weight, 3))
]
Number = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_WHOLE = Field(ge=-1_000_000_000, le=1_000_000_000)
_BOUNDED = Field(ge=-1e9, le=1e9, allow_inf_nan=False)


class Asked(Question):
    """One question, with the bounds of what may be asked."""

    code: Code
    weight: Weight
    target: Number | None = None
    options: dict[Code, Share] = Field(default={}, max_length=50)

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if (self.target is not None) != (self.kind == "number"):
            raise ValueError("target: exactly a number has one")
        if bool(self.options) != (self.kind == "choice"):
            raise ValueError("options: exactly a choice has them")
        return self


class Said(Answer):
    """One answer: true or false, a number, or a code; never a text."""

    code: Code
    value: StrictBool | Annotated[StrictInt, _WHOLE] | Annotated[StrictFloat, _BOUNDED] | Code


class SendFeasibility(OfSite):
    """Send a site its questionnaire; `capacity` names the question for how many subjects it can enrol."""

    type: ClassVar[str] = "trials.send_feasibility.v1"
    questionnaire_id: UUID = Field(default_factory=uuid7)
    questions: tuple[Asked, ...] = Field(min_length=1, max_length=200)
    weights: dict[RegistryFactor, Weight] = Field(default={}, max_length=3)
    conditions: tuple[Text, ...] = Field(default=(), max_length=50)
    capacity: Code | None = None
    due_on: Day

    @field_validator("questions")
    @classmethod
    def _each_once(cls, questions: tuple[Asked, ...]) -> tuple[Asked, ...]:
        if len({question.code for question in questions}) < len(questions):
            raise ValueError("a code stands for two questions")
        if not any(question.weight for question in questions):
            raise ValueError("no question has a weight, so that there would be no score")
        return questions

    @model_validator(mode="after")
    def _capacity_is_a_number(self) -> Self:
        numbers = {question.code for question in self.questions if question.kind == "number"}
        if self.capacity is not None and self.capacity not in numbers:
            raise ValueError("capacity: names no question for a number")
        return self


class AnswerFeasibility(OfSite):
    """Give the site's answers, one to each question."""

    type: ClassVar[str] = "trials.answer_feasibility.v1"
    questionnaire_id: UUID
    answers: tuple[Said, ...] = Field(min_length=1, max_length=200)


class CompleteFeasibility(OfSite):
    """Fix the score, from the answers and from what the registry's records say at this moment."""

    type: ClassVar[str] = "trials.complete_feasibility.v1"
    outcome: Literal["suitable", "unsuitable"]

    def needs(self) -> tuple[Need, ...]:
        return (*super().needs(), Need(RegistryRecord, (self.site_id,)))


FeasibilityCommand = SendFeasibility | AnswerFeasibility | CompleteFeasibility
