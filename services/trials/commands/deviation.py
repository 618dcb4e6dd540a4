"""Reports of deviations."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field
from uuid_utils.compat import uuid7

from services.trials.commands.words import Code, Text
from shared.contracts.message import Command
from shared.rules.dates import Day


class ReportDeviation(Command):
    """Report that a rule was broken or a date was missed."""

    type: ClassVar[str] = "trials.report_deviation.v1"
    report: ClassVar[bool] = True
    deviation_id: UUID = Field(default_factory=uuid7)
    trial_id: UUID
    site_id: UUID | None = None
    subject_id: UUID | None = None
    category: Code
    rules: tuple[Text, ...] = Field(max_length=100)
    holds: tuple[UUID, ...] = Field(default=(), max_length=1000)
    citation: Text | None = None
    occurred_on: Day
    cause: UUID | None = None

    @property
    def stream_id(self) -> UUID:
        return self.deviation_id


class AnnulDeviation(Command):
    """Report that a correction left nothing of a deviation."""

    type: ClassVar[str] = "trials.annul_deviation.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    deviation_id: UUID
    trial_id: UUID
    reason: Text

    @property
    def stream_id(self) -> UUID:
        return self.deviation_id
