"""Commands on recruitment: campaigns, support for sites, retention risk."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID, uuid5

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.words import Code, Count, Country, Currency, Text
from services.trials.projections.guards import SiteGuard, TrialGuard
from services.trials.rules import NAMESPACE
from services.trials.rules.recruitment import FACTORS
from shared.contracts.message import Command, Need, Value
from shared.contracts.trials.recruitment import Channel, SupportKind
from shared.rules.dates import Day


class GivenMoney(Value):
    """An amount in minor units of an ISO 4217 currency."""

    amount: Annotated[int, Field(ge=0, le=10**12)]
    currency: Currency


class OfCampaign(Command):
    """A command on a campaign."""

    campaign_id: UUID
    trial_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.campaign_id

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialGuard, (self.trial_id,)),)


class PlanCampaign(OfCampaign):
    """Plan an outreach campaign."""

    type: ClassVar[str] = "trials.plan_campaign.v1"
    campaign_id: UUID = Field(default_factory=uuid7)
    name: Code
    channel: Channel
    budget: GivenMoney
    countries: Annotated[tuple[Country, ...], Field(min_length=1, max_length=250)]
    begins_on: Day
    ends_on: Day

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.ends_on < self.begins_on:
            raise ValueError("ends_on: is before begins_on")
        return self


class StartCampaign(OfCampaign):
    """Let a campaign begin; `approval` names the board's decision on its materials."""

    type: ClassVar[str] = "trials.start_campaign.v1"
    started_on: Day
    materials_ref: Text
    approval: Text | None = None


class RecordCampaignResults(OfCampaign):
    """Report what a campaign has come to by the end of a day, as totals."""

    type: ClassVar[str] = "trials.record_campaign_results.v1"
    report: ClassVar[bool] = True
    as_of: Day
    spend: GivenMoney
    referrals: Count
    screened: Count
    consented: Count
    enrolled: Count


class EndCampaign(OfCampaign):
    """End a campaign."""

    type: ClassVar[str] = "trials.end_campaign.v1"
    ended_on: Day
    reason: Code


class OfSupport(Command):
    """A command on a site's request for support."""

    request_id: UUID
    trial_id: UUID
    site_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.request_id

    def needs(self) -> tuple[Need, ...]:
        return (Need(SiteGuard, (self.site_id,)),)


class RequestSupport(OfSupport):
    """Ask for support at a site."""

    type: ClassVar[str] = "trials.request_support.v1"
    request_id: UUID = Field(default_factory=uuid7)
    kind: SupportKind
    requested_on: Day
    needed_by: Day | None = None

    @model_validator(mode="after")
    def _needed_after_it_is_asked(self) -> Self:
        if self.needed_by and self.needed_by < self.requested_on:
            raise ValueError("needed_by: is before requested_on")
        return self


class AnswerSupport(OfSupport):
    """Say whether the support is given; a refusal needs a reason."""

    type: ClassVar[str] = "trials.answer_support.v1"
    accepted: bool
    reason: Code | None = None
    answered_on: Day

    @model_validator(mode="after")
    def _a_refusal_has_a_reason(self) -> Self:
        if not self.accepted and not self.reason:
            raise ValueError("reason: is needed where the support is not given")
        return self


class CloseSupport(OfSupport):
    """Say that the support was given, or that the site takes its request back."""

    type: ClassVar[str] = "trials.close_support.v1"
    outcome: Literal["given", "withdrawn"]
    closed_on: Day


class AssessRetentionRisk(Command):
    """Report why a subject may leave, by factors, and what is done about it."""

    type: ClassVar[str] = "trials.assess_retention_risk.v1"
    report: ClassVar[bool] = True
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    assessed_on: Day
    factors: Annotated[tuple[Code, ...], Field(max_length=len(FACTORS))]
    action: Code | None = None

    @model_validator(mode="after")
    def _known_factors_once(self) -> Self:
        if unknown := set(self.factors) - FACTORS.keys():
            raise ValueError(f"factors: {len(unknown)} are none of {', '.join(FACTORS)}")
        if len(set(self.factors)) < len(self.factors):
            raise ValueError("factors: each stands once")
        return self

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"retention_risk|{self.trial_id}|{self.site_id}|{self.subject_id}")

    def needs(self) -> tuple[Need, ...]:
        return (Need(SiteGuard, (self.site_id,)),)
