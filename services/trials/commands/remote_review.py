"""Commands on remote reviews: access granted and withdrawn, and what was read meanwhile."""

from typing import ClassVar, Self
from uuid import UUID

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.monitoring import FindingFound, Person, Sdv
from services.trials.commands.words import DocumentRef, Sha256
from services.trials.projections.guards import SiteGuard
from shared.contracts.message import Command, Need, Value
from shared.rules.dates import Day


class DocumentRead(Value):
    """A redacted copy as it was read."""

    document_ref: DocumentRef
    sha256: Sha256


class OfReview(Command):
    """A command on a remote review's stream, decided with what is known of the site."""

    review_id: UUID
    trial_id: UUID
    site_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.review_id

    def needs(self) -> tuple[Need, ...]:
        return (Need(SiteGuard, (self.site_id,)),)


class GrantRemoteAccess(OfReview):
    """Let a person read redacted documents of a site from one local day to another, both inclusive."""

    type: ClassVar[str] = "trials.grant_remote_access.v1"
    review_id: UUID = Field(default_factory=uuid7)
    reader: Person
    valid_from: Day
    valid_to: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to < self.valid_from:
            raise ValueError("valid_to: before valid_from")
        return self


class ReportRemoteReview(OfReview):
    """Report which redacted documents were read on a local day, and what was found and compared."""

    type: ClassVar[str] = "trials.report_remote_review.v1"
    report: ClassVar[bool] = True
    session_id: UUID = Field(default_factory=uuid7)
    reviewed_on: Day
    documents: tuple[DocumentRead, ...] = Field(min_length=1, max_length=500)
    findings: tuple[FindingFound, ...] = Field(default=(), max_length=200)
    sdv: Sdv | None = None


class WithdrawRemoteAccess(OfReview):
    """Say that the access ended on a local day."""

    type: ClassVar[str] = "trials.withdraw_remote_access.v1"
    withdrawn_on: Day
