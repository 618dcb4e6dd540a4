"""Data of a trial as its capture system counts them: no value of a subject."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.message import Event


class DataCountsRecorded(Event):
    """How far a site's data are on the local day `as_of`, as totals since the trial began.

    Forms: those that visits so far ask for, those entered, those verified against the source (SDV). Queries:
    raised, and of these answered and closed; `oldest_open_days` is the age of the oldest one not closed.
    """

    type: ClassVar[str] = "trials.data.counts_recorded.v1"
    trial_id: UUID
    site_id: UUID
    as_of: date
    source: str
    forms_expected: int
    forms_entered: int
    forms_verified: int
    queries_opened: int
    queries_answered: int
    queries_closed: int
    oldest_open_days: int | None = None
