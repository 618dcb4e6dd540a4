"""The case as it is shown: receipt, opinions, determination, clocks, what waits and what was sent."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.deadline import Clock, Obligation
from shared.contracts.safety import CaseAssessed


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case. `clocks` are provisional, `obligations` follow from signed determinations.

    `seriousness` is what was reported, `assessment` what a physician signed. `status`: received, reportable,
    not_reportable or acknowledged; `correlation_id` finds its chain.
    """

    table: ClassVar[str] = "safety_case"
    key: ClassVar[tuple[str, ...]] = ("case_id",)
    case_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    subject_id: UUID | None = None
    sponsor_id: UUID | None = None
    correlation_id: UUID | None = None
    status: str | None = None
    version: int = 0
    received_on: date | None = None
    zone: str | None = None
    new_info_on: date | None = None
    seriousness: tuple[str, ...] = ()
    serious: bool = False
    fatal_or_life_threatening: bool = False
    causality_excluded: bool = False
    term_code: str | None = None
    dictionary: str | None = None
    assessment: CaseAssessed | None = None
    determination_on: date | None = None
    clocks: tuple[Clock, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    followup_id: UUID | None = None
    waiting: tuple[UUID, ...] = ()
    filed: tuple[UUID, ...] = ()
    acknowledged: tuple[UUID, ...] = ()
    searches: int = 0
    corrections: int = 0
    breaks: tuple[str, ...] = ()
    opened_at: datetime | None = None
    changed_at: datetime | None = None
