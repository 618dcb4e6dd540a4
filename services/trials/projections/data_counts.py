"""The rows of data management behind its pages: each site's latest counts, and the forms released."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from services.trials.rules.other_trial import misplaced
from shared.contracts.message import Recorded
from shared.contracts.trials.data import CrfReleased, DataCountsRecorded

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class DataCounts:
    """What a system told of a site's latest day."""

    table: ClassVar[str] = "data_counts"
    key: ClassVar[tuple[str, ...]] = ("site_id", "source")
    site_id: UUID
    source: str
    trial_id: UUID | None = None
    as_of: date | None = None
    forms_expected: int = 0
    forms_entered: int = 0
    forms_verified: int = 0
    queries_opened: int = 0
    queries_answered: int = 0
    queries_closed: int = 0
    oldest_open_days: int | None = None
    breaks: tuple[str, ...] = ()


def data_counts_keys(message: Recorded[DataCountsRecorded]) -> tuple[Key, ...]:
    return () if misplaced(message.data) else ((message.data.site_id, message.data.source),)


def fold_data_counts(row: DataCounts | None, message: Recorded[Any], key: Key) -> DataCounts:
    """The counts of the latest day; what is told late of an earlier one changes nothing."""
    event: DataCountsRecorded = message.data
    if row and row.as_of and row.as_of > event.as_of:
        return row
    return DataCounts(**event.model_dump())


@dataclass(frozen=True, slots=True)
class CrfVersion:
    """One version of a case report form, in use from a day (UTC) on."""

    form: str
    version: str
    protocol_version: str
    effective_from: date
    document_ref: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class TrialForms:
    """The case report forms of a trial, every version in the order of its release."""

    table: ClassVar[str] = "trial_forms"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    forms: tuple[CrfVersion, ...] = ()


def trial_forms_keys(message: Recorded[CrfReleased]) -> tuple[Key, ...]:
    return ((message.data.trial_id,),)


def fold_trial_forms(row: TrialForms | None, message: Recorded[Any], key: Key) -> TrialForms:
    """The forms with the one released."""
    known = row.forms if row else ()
    return TrialForms(key[0], (*known, CrfVersion(**message.data.model_dump(exclude={"trial_id"}))))
