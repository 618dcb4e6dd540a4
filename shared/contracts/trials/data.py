"""Data of a trial as its capture system counts them, and their lock: no value of a subject."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Value

DataStatus = Literal["open", "cleaning", "soft_locked", "locked", "unlocked"]
LockPrecondition = Literal[
    "sites_counted",
    "forms_entered",
    "queries_closed",
    "sdv_done",
    "coding_done",
    "sae_reconciled",
    "sap_approved",
]


class DataCountsRecorded(Event):
    """How far a site's data are on the local day `as_of`, as totals since the trial began.

    Forms: those that visits so far ask for, those entered, those verified against the source (SDV). Queries:
    raised, and of these answered and closed; `oldest_open_days` is the age of the oldest one not closed.
    `breaks` names what is wrong with them: a total that fell, figures that disagree, a day to come. A day is
    told again with the same figures where a total falls to it because of what came late of an earlier day.
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
    breaks: tuple[str, ...] = ()


class CrfReleased(Event):
    """A version of a case report form may be used, for a version of the protocol, from that day (UTC) on."""

    type: ClassVar[str] = "trials.data.crf_released.v1"
    trial_id: UUID
    form: str
    version: str
    protocol_version: str
    effective_from: date
    document_ref: str | None = None
    sha256: str | None = None


class CleaningStarted(Event):
    """The data of the trial are being cleaned for a lock."""

    type: ClassVar[str] = "trials.data.cleaning_started.v1"
    trial_id: UUID
    started_on: date


class DataSoftLocked(Event):
    """No site changes its data any more; data management still may."""

    type: ClassVar[str] = "trials.data.soft_locked.v1"
    trial_id: UUID
    soft_locked_on: date


class Precondition(Value):
    """What a lock asks for: whether it is met, how many are missing where they are counted.

    `document_ref` is what attests to it where this service cannot know.
    """

    name: LockPrecondition
    met: bool
    missing: int | None = None
    document_ref: str | None = None
    sha256: str | None = None


class DatabaseLocked(Event):
    """The database was locked by signature, each precondition being met; `lock` counts from 1."""

    type: ClassVar[str] = "trials.data.locked.v1"
    trial_id: UUID
    lock: int
    locked_on: date
    preconditions: tuple[Precondition, ...]


class DatabaseUnlocked(Event):
    """A lock, soft or not, was opened by signature; `reason` is a code."""

    type: ClassVar[str] = "trials.data.unlocked.v1"
    trial_id: UUID
    unlocked_on: date
    reason: str


class LastVisitRecorded(Event):
    """The last visit of the last subject was that local day; the latest such report counts."""

    type: ClassVar[str] = "trials.trial.last_visit_recorded.v1"
    trial_id: UUID
    visited_on: date
    breaks: tuple[str, ...] = ()


class TmfCompleted(Event):
    """The trial master file was found complete; `document_ref` is the record of that review."""

    type: ClassVar[str] = "trials.trial.tmf_completed.v1"
    trial_id: UUID
    completed_on: date
    document_ref: str
    sha256: str | None = None
    breaks: tuple[str, ...] = ()


DataEvent = (
    CrfReleased
    | CleaningStarted
    | DataSoftLocked
    | DatabaseLocked
    | DatabaseUnlocked
    | LastVisitRecorded
    | TmfCompleted
)
