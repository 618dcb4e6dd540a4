"""Commands on a trial's protocol: versions drafted, submitted, authorised, used at once, taken back."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID, uuid5

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.words import Code, Country, Sha256, Text
from services.trials.projections.guards import TrialGuard, TrialSites
from services.trials.rules import NAMESPACE
from shared.contracts.message import Command, Need, Signed
from shared.contracts.trials.protocol import Told
from shared.rules.dates import Day, ZoneName

Reference = Annotated[Text, Field(max_length=200)]
Sites = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=5000)]


class OfProtocol(Command):
    """A command on a trial's protocol, decided with the trial's route and its sites' countries."""

    trial_id: UUID

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"protocol/{self.trial_id}")

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialGuard, (self.trial_id,)), Need(TrialSites, (self.trial_id,)))


class DraftProtocolVersion(OfProtocol):
    """Draft a version; all but the first name the version that they amend, why, and the sections changed."""

    type: ClassVar[str] = "trials.draft_protocol_version.v1"
    version: Code
    dated_on: Day
    amends: Code | None = None
    substantial: bool = True
    countries: tuple[Country, ...] = Field(default=(), max_length=200)
    sections: tuple[Code, ...] = Field(default=(), max_length=500)
    reason: Code | None = None
    document_ref: Reference | None = None
    sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _an_amendment_says_what_it_changes(self) -> Self:
        if self.amends and not (self.sections and self.reason):
            raise ValueError("sections, reason: an amendment says what it changes and why")
        if self.sha256 and not self.document_ref:
            raise ValueError("document_ref: named where its sha256 is")
        return self


class RecordProtocolSubmission(OfProtocol, Signed):
    """Report that a version was released to a country's authority."""

    type: ClassVar[str] = "trials.record_protocol_submission.v1"
    report: ClassVar[bool] = True
    meaning: Literal["submission released"] = "submission released"
    version: Code
    country: Country
    submission: Reference
    submitted_on: Day


class RecordProtocolAuthorisation(OfProtocol, Signed):
    """Report that a country's authority decided that a version may be used."""

    type: ClassVar[str] = "trials.record_protocol_authorisation.v1"
    report: ClassVar[bool] = True
    meaning: Literal["filed as the authority decided"] = "filed as the authority decided"
    version: Code
    country: Country
    authorisation: Reference
    authorised_on: Day


class RecordProtocolApproval(OfProtocol):
    """Report what a board approved; without `version` or `effective_on`, these stay as they are known."""

    type: ClassVar[str] = "trials.record_protocol_approval.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    version: Code | None = None
    approval_id: UUID
    site_ids: tuple[UUID, ...]
    effective_on: Day | None = None
    expires_on: Day


class ReportUrgentChange(OfProtocol):
    """Report that sites of one country follow a version at once, against an immediate hazard to subjects."""

    type: ClassVar[str] = "trials.report_urgent_change.v1"
    report: ClassVar[bool] = True
    change_id: UUID = Field(default_factory=uuid7)
    version: Code
    site_ids: Sites
    country: Country
    zone: ZoneName
    implemented_on: Day
    reason: Code


class RecordUrgentNotice(OfProtocol):
    """Report that the board or the authority was told of an urgent change.

    `site_ids`: the sites whose board was told; of a change at several sites a board's notice names them.
    """

    type: ClassVar[str] = "trials.record_urgent_notice.v1"
    report: ClassVar[bool] = True
    change_id: UUID
    version: Code
    whom: Told
    told_on: Day
    reference: Reference
    site_ids: Annotated[tuple[UUID, ...], Field(max_length=5000)] = ()


class WithdrawProtocolVersion(OfProtocol):
    """Take a submitted version back that no site uses."""

    type: ClassVar[str] = "trials.withdraw_protocol_version.v1"
    version: Code
    withdrawn_on: Day
    reason: Code


class AbandonProtocolVersion(OfProtocol):
    """Give a draft up."""

    type: ClassVar[str] = "trials.abandon_protocol_version.v1"
    version: Code
    reason: Code


class ReviewProtocol(OfProtocol):
    """Look at what versions are in force where, now that more is known of a site."""

    type: ClassVar[str] = "trials.review_protocol.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
