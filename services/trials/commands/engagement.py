"""Commands on engagements: an organisation is considered, asked, chosen by signature, tried, engaged."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.words import Code, Country, DocumentRef, Named, Sha256, SponsorName, Text
from shared.contracts.message import Command, Signed
from shared.contracts.trials.engagement import (
    CriterionOutcome,
    DeclineReason,
    EndReason,
    EngagementModel,
    SuccessCriterion,
)
from shared.rules.dates import Day

Codes = Annotated[tuple[Code, ...], Field(max_length=100)]
Target = Annotated[Text, Field(max_length=300)]
_SCOPE: dict[EngagementModel, str] = {
    "functional": "functions",
    "therapeutic_area": "therapeutic_areas",
    "regional": "countries",
}


class ConsiderOrganisation(Command):
    """Consider an organisation for a trial, or for a programme of `sponsor`.

    `name` is the organisation's. A functional engagement names its functions, one by therapeutic area its
    areas, a regional one its countries (ISO 3166 alpha-2).
    """

    type: ClassVar[str] = "trials.consider_organisation.v1"
    engagement_id: UUID = Field(default_factory=uuid7)
    programme_id: UUID | None = None
    sponsor: SponsorName | None = None
    organisation_id: UUID
    name: Annotated[Text, Field(max_length=200)]
    identifiers: tuple[Named, ...] = Field(default=(), max_length=100)
    model: EngagementModel
    functions: Codes = ()
    therapeutic_areas: Codes = ()
    countries: Annotated[tuple[Country, ...], Field(max_length=250)] = ()

    @model_validator(mode="after")
    def _of_one_thing_and_in_its_scope(self) -> Self:
        if (self.trial_id is None) == (self.programme_id is None):
            raise ValueError("an engagement is for a trial or for a programme, and for one of them")
        if (self.programme_id is None) != (self.sponsor is None):
            raise ValueError("sponsor: given with a programme, and with it only")
        if (scope := _SCOPE.get(self.model)) and not getattr(self, scope):
            raise ValueError(f"{scope}: named where the engagement is {self.model}")
        return self

    @property
    def stream_id(self) -> UUID:
        return self.engagement_id

    def sponsor_name(self) -> str | None:
        return self.sponsor


class OfEngagement(Command):
    """A command on an engagement's stream; `trial_id` is that of the engagement, where it has one."""

    engagement_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.engagement_id


class InviteOrganisation(OfEngagement):
    """Ask the organisation for a proposal."""

    type: ClassVar[str] = "trials.invite_organisation.v1"
    invited_on: Day
    document_ref: DocumentRef | None = None


class RecordProposal(OfEngagement):
    """Note the organisation's proposal."""

    type: ClassVar[str] = "trials.record_proposal.v1"
    received_on: Day
    document_ref: DocumentRef
    sha256: Sha256


class SelectOrganisation(OfEngagement, Signed):
    """Choose the organisation; `reason` is a code."""

    type: ClassVar[str] = "trials.select_organisation.v1"
    meaning: Literal["organisation selected"] = "organisation selected"
    selected_on: Day
    reason: Code


class PilotTarget(SuccessCriterion):
    """What a pilot has to show."""

    code: Code
    target: Target


class StartPilot(OfEngagement):
    """Begin a bounded engagement under a contract: its first and last day, and what it has to show."""

    type: ClassVar[str] = "trials.start_pilot.v1"
    since: Day
    until: Day
    criteria: Annotated[tuple[PilotTarget, ...], Field(min_length=1, max_length=50)]
    contract_ref: DocumentRef
    sha256: Sha256

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.until < self.since:
            raise ValueError("until: the last day of a pilot is not before its first")
        if len({one.code for one in self.criteria}) < len(self.criteria):
            raise ValueError("criteria: a code stands twice")
        return self


class PilotOutcome(CriterionOutcome):
    """What a pilot showed of one criterion."""

    code: Code
    document_ref: DocumentRef | None = None


class EvaluatePilot(OfEngagement):
    """Judge the pilot, each criterion once."""

    type: ClassVar[str] = "trials.evaluate_pilot.v1"
    evaluated_on: Day
    outcomes: Annotated[tuple[PilotOutcome, ...], Field(min_length=1, max_length=50)]


class EngageOrganisation(OfEngagement):
    """The contract is executed: the organisation begins its work, or a pilot is widened."""

    type: ClassVar[str] = "trials.engage_organisation.v1"
    executed_on: Day
    contract_ref: DocumentRef
    sha256: Sha256


class EndEngagement(OfEngagement):
    """End the engagement or the pilot with this last day."""

    type: ClassVar[str] = "trials.end_engagement.v1"
    ended_on: Day
    reason: EndReason


class DeclineEngagement(OfEngagement):
    """The sponsor, or the organisation itself, declines before any contract."""

    type: ClassVar[str] = "trials.decline_engagement.v1"
    declined_on: Day
    by: Literal["sponsor", "organisation"]
    reason: DeclineReason
