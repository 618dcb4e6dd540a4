"""The command by which an import tells what became of a subject before this system knew of it."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from services.trials.commands.subject import OfSubject
from services.trials.commands.words import Code, Named, Word
from shared.contracts.message import Value
from shared.rules.dates import Day

StatusTold = Literal[
    "candidate", "screening", "eligible", "ineligible", "withdrawn", "follow-up", "off-study"
]
StepKind = StatusTold | Literal["visit", "enrolled", "randomised", "dosed", "died"]


class HistoryStep(Value):
    """One thing that happened: `code` names a visit, or why a status was left; `until` ends doses."""

    kind: StepKind
    on: Day
    code: Code | None = None
    until: Day | None = None

    @model_validator(mode="after")
    def _a_visit_has_a_name(self) -> Self:
        if self.kind == "visit" and self.code is None:
            raise ValueError("code: names the visit")
        if self.until and (self.kind != "dosed" or self.until < self.on):
            raise ValueError("until: only of doses, and not before on")
        return self


class RecordSubjectHistory(OfSubject):
    """Report the whole history of a subject, as the records of `source` have it, in the order of its days.

    It is judged by what these records show, not by what this system knew of the site on those days.
    """

    type: ClassVar[str] = "trials.record_subject_history.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    source: Code
    subject_code: Word
    identifiers: tuple[Named, ...] = Field(default=(), max_length=100)
    steps: Annotated[tuple[HistoryStep, ...], Field(min_length=1, max_length=5000)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = [step.on for step in self.steps]
        if days != sorted(days):
            raise ValueError("steps: not in the order of their days")
        return self
