"""Commands about a whole record request: open it, make it more urgent, freeze it, end it."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field
from uuid_utils.compat import uuid7

from services.retrieval.commands.fields import Code, OfRequest
from services.retrieval.projections.guards import ScopeHolds, SubjectAccess
from shared.contracts.message import Need
from shared.contracts.retrieval import Priority, Purpose
from shared.rules.dates import Day, ZoneName


def needs_to_open(trial_id: UUID, site_id: UUID | None, subject_id: UUID) -> tuple[Need, ...]:
    """What opening a request goes by: the subject's access, and the holds on all that it is about."""
    scopes = [scope for scope in (trial_id, site_id, subject_id) if scope]
    return (Need(SubjectAccess, (subject_id,)), *(Need(ScopeHolds, (scope,)) for scope in scopes))


class OpenRequest(OfRequest):
    """Records of a subject are needed, by two days before the earlier of both due dates."""

    type: ClassVar[str] = "retrieval.open_request.v1"
    request_id: UUID = Field(default_factory=uuid7)
    trial_id: UUID
    site_id: UUID | None = None
    subject_id: UUID
    case_id: UUID | None = None
    followup_id: UUID | None = None
    purpose: Purpose
    priority: Priority = "routine"
    legal_due: Day | None = None
    operational_due: Day | None = None
    questions: tuple[Code, ...] = Field(default=(), max_length=100)
    zone: ZoneName = "UTC"

    def needs(self) -> tuple[Need, ...]:
        return needs_to_open(self.trial_id, self.site_id, self.subject_id)


class ReprioritiseRequest(OfRequest):
    """A clock of the case changed: records are never needed later than they were, and only more urgently."""

    type: ClassVar[str] = "retrieval.reprioritise_request.v1"
    followup_id: UUID | None = None
    priority: Priority = "routine"
    legal_due: Day | None = None
    operational_due: Day | None = None
    questions: tuple[Code, ...] = Field(default=(), max_length=100)


class CancelRequest(OfRequest):
    """Nobody needs the records any more: open legs end, records in hand are sealed."""

    type: ClassVar[str] = "retrieval.cancel_request.v1"
    reason: Code


class NoteWithdrawal(OfRequest):
    """The subject withdrew from access to records."""

    type: ClassVar[str] = "retrieval.note_withdrawal.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True


class NoteDeath(OfRequest):
    """The subject died on a local day."""

    type: ClassVar[str] = "retrieval.note_death.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    died_on: Day


class FreezeRequest(OfRequest):
    """A hold forbids retrieving records for research in the request's scope."""

    type: ClassVar[str] = "retrieval.freeze_request.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    hold_id: UUID


class ThawRequest(OfRequest):
    """That hold does not forbid it any more."""

    type: ClassVar[str] = "retrieval.thaw_request.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    hold_id: UUID
