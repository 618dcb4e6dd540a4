"""Counts of subgroups as a data capture system reports them: sums, never a subject's own."""

from typing import Annotated, ClassVar, Self
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.trials.commands.enrolment import Band
from services.trials.commands.words import Code, Count, Country
from services.trials.projections.enrolment_guards import scope_of
from services.trials.rules import NAMESPACE
from shared.contracts.message import Command
from shared.contracts.trials.enrolment import Dimension
from shared.rules.dates import Day


class Cell(BaseModel):
    """How many of the subjects counted belong to a band of a dimension."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    dimension: Dimension
    band: Band
    n: Count


class RecordSubgroupCounts(Command):
    """Report how many subjects of a trial, or of a country or site, belong to each subgroup so far."""

    type: ClassVar[str] = "trials.record_subgroup_counts.v1"
    report: ClassVar[bool] = True
    trial_id: UUID
    country: Country | None = None
    site_id: UUID | None = None
    as_of: Day
    source: Code
    enrolled: Count
    counts: Annotated[tuple[Cell, ...], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _counts_what_there_is(self) -> Self:
        if self.country and self.site_id:
            raise ValueError("country: a count is of a country or of a site")
        cells = [(cell.dimension, cell.band) for cell in self.counts]
        if len(set(cells)) < len(cells):
            raise ValueError("counts: a band of a dimension is counted once")
        for dimension in {cell.dimension for cell in self.counts}:
            if sum(cell.n for cell in self.counts if cell.dimension == dimension) > self.enrolled:
                raise ValueError(f"counts: the bands of {dimension} are more than all subjects")
        return self

    @property
    def stream_id(self) -> UUID:
        scope = scope_of(self.country, self.site_id)
        return uuid5(NAMESPACE, f"subgroups|{self.trial_id}|{scope}")
