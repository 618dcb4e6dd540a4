"""Commands on structured criteria, and what is kept of a matching."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID, uuid5

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.words import Code, Count
from services.trials.projections.guards import TrialGuard
from services.trials.rules import NAMESPACE
from shared.contracts.message import Command, Need, Value

Number = Annotated[float, Field(allow_inf_nan=False)]
Counted = Annotated[dict[Code, Count], Field(max_length=300)]


class GivenCriterion(Value):
    """One criterion: a range of a value, with its unit, or codes; never both."""

    code: Code
    kind: Literal["inclusion", "exclusion"]
    attribute: Code
    low: Number | None = None
    high: Number | None = None
    unit: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    codes: Annotated[tuple[Code, ...], Field(max_length=500)] = ()
    section: Code | None = None

    @model_validator(mode="after")
    def _a_range_or_codes(self) -> Self:
        ranged = self.low is not None or self.high is not None
        if ranged == bool(self.codes):
            raise ValueError("a criterion has a range (low, high) or codes, and not both")
        if self.unit and not ranged:
            raise ValueError("codes have no unit")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low is above high")
        return self


class RecordCriteria(Command):
    """Record the structured criteria of a protocol version."""

    type: ClassVar[str] = "trials.record_criteria.v1"
    trial_id: UUID
    protocol_version: Code
    criteria: Annotated[tuple[GivenCriterion, ...], Field(min_length=1, max_length=300)]

    @model_validator(mode="after")
    def _each_code_once(self) -> Self:
        if len({criterion.code for criterion in self.criteria}) < len(self.criteria):
            raise ValueError("criteria: each code stands once")
        return self

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"criteria|{self.trial_id}")

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialGuard, (self.trial_id,)),)


class RecordMatchingRun(Command):
    """Keep the counts of a matching that this service has made."""

    type: ClassVar[str] = "trials.record_matching_run.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    trial_id: UUID
    site_id: UUID
    run_id: UUID = Field(default_factory=uuid7)
    protocol_version: Code
    candidates: Count
    eligible: Count
    ineligible: Count
    undecided: Count
    failed: Counted
    unknown: Counted

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"matching|{self.trial_id}|{self.site_id}")
