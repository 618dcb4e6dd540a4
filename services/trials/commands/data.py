"""Commands on a trial's data as a whole: forms released, cleaning and lock, what its completion asks for."""

from typing import ClassVar, Literal, Self
from uuid import UUID, uuid5

from pydantic import Field, model_validator

from services.trials.commands.words import Code, Sha256, Text
from services.trials.projections.enrolment_guards import EnrolmentCount
from services.trials.projections.guards import TrialGuard
from services.trials.projections.trial_data import TrialData
from services.trials.rules import NAMESPACE
from services.trials.rules.data_lock import ATTESTED
from shared.contracts.message import Command, Need, Signed, Value
from shared.contracts.trials.data import LockPrecondition
from shared.rules.dates import Day


class OfData(Command):
    """A command on the stream of a trial's data."""

    trial_id: UUID

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"data/{self.trial_id}")


class ReleaseCrf(OfData):
    """Release a version of a case report form."""

    type: ClassVar[str] = "trials.release_crf.v1"
    form: Code
    version: Code
    protocol_version: Code
    effective_from: Day
    document_ref: Text | None = None
    sha256: Sha256 | None = None


class StartCleaning(OfData):
    """Begin to clean the data for a lock."""

    type: ClassVar[str] = "trials.start_cleaning.v1"


class SoftLockData(OfData):
    """Let no site change its data any more."""

    type: ClassVar[str] = "trials.soft_lock_data.v1"


class Attestation(Value):
    """The document by which a precondition is met that this service cannot see."""

    precondition: LockPrecondition
    document_ref: Text
    sha256: Sha256 | None = None


class LockDatabase(OfData, Signed):
    """Lock the database: a signed act, possible when each precondition is met or attested.

    `interim`: for an analysis before the last visit, which any other lock comes after.
    """

    type: ClassVar[str] = "trials.lock_database.v1"
    meaning: Literal["database locked"] = "database locked"
    attested: tuple[Attestation, ...] = Field(default=(), max_length=20)
    interim: bool = False

    @model_validator(mode="after")
    def _what_can_be_attested(self) -> Self:
        named = [one.precondition for one in self.attested]
        if not {*named} <= {*ATTESTED}:
            raise ValueError(f"attested: only {', '.join(ATTESTED)}; the rest is counted")
        if len({*named}) < len(named):
            raise ValueError("attested: each precondition once")
        return self

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialData, (self.trial_id,), alone=True), Need(EnrolmentCount, (self.trial_id,)))


class UnlockDatabase(OfData, Signed):
    """Open a lock again: a signed act with its reason, a code."""

    type: ClassVar[str] = "trials.unlock_database.v1"
    meaning: Literal["database unlocked"] = "database unlocked"
    reason: Code

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialGuard, (self.trial_id,)),)


class RecordLastVisit(OfData):
    """Report the local day of the last visit of the last subject; a later report takes its place."""

    type: ClassVar[str] = "trials.record_last_visit.v1"
    report: ClassVar[bool] = True
    visited_on: Day


class RecordTmfComplete(OfData):
    """Report that the trial master file was reviewed and found complete."""

    type: ClassVar[str] = "trials.record_tmf_complete.v1"
    report: ClassVar[bool] = True
    completed_on: Day
    document_ref: Text
    sha256: Sha256 | None = None
