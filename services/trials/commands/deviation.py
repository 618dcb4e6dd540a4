"""Reports of deviations, and what quality makes of them."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field
from uuid_utils.compat import uuid7

from services.trials.commands.words import DocumentRef, Text, Word
from services.trials.projections.capa import CapaRow
from services.trials.projections.holds import DeviationRow
from shared.contracts.message import Command, Need
from shared.contracts.trials.deviation import DeviationSeverity
from shared.rules.dates import Day


class ReportDeviation(Command):
    """Report that a rule was broken or a date was missed."""

    type: ClassVar[str] = "trials.report_deviation.v1"
    report: ClassVar[bool] = True
    deviation_id: UUID = Field(default_factory=uuid7)
    trial_id: UUID
    site_id: UUID | None = None
    subject_id: UUID | None = None
    category: Word
    rules: tuple[Word, ...] = Field(max_length=100)
    holds: tuple[UUID, ...] = Field(default=(), max_length=1000)
    citation: Text | None = None
    occurred_on: Day
    cause: UUID | None = None

    @property
    def stream_id(self) -> UUID:
        return self.deviation_id

    def needs(self) -> tuple[Need, ...]:
        return (Need(DeviationRow, (self.deviation_id,)),)


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

    def needs(self) -> tuple[Need, ...]:
        return (Need(DeviationRow, (self.deviation_id,)),)


class OnDeviation(Command):
    """What quality says of a deviation; the stream that told of it may be another, its row knows it."""

    deviation_id: UUID
    trial_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.deviation_id

    def needs(self) -> tuple[Need, ...]:
        return (Need(DeviationRow, (self.deviation_id,)),)


class AssessDeviation(OnDeviation):
    """Say how grave a deviation is and whether it is an important one; again until it is resolved."""

    type: ClassVar[str] = "trials.assess_deviation.v1"
    severity: DeviationSeverity
    important: bool
    assessed_on: Day


class MarkSeriousBreach(OnDeviation):
    """Hold an assessed deviation to be a serious breach, known to the sponsor since a local day."""

    type: ClassVar[str] = "trials.mark_serious_breach.v1"
    aware_on: Day


class ResolveDeviation(OnDeviation):
    """Say that what an assessed deviation asked for is done; by which action, where there was one."""

    type: ClassVar[str] = "trials.resolve_deviation.v1"
    resolved_on: Day
    capa_id: UUID | None = None
    document_ref: DocumentRef | None = None

    def needs(self) -> tuple[Need, ...]:
        of_capa = (Need(CapaRow, (self.capa_id,)),) if self.capa_id else ()
        return (*super().needs(), *of_capa)
