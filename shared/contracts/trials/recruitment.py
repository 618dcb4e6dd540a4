"""Recruitment: outreach campaigns, support that sites ask for, and the risk that a subject leaves."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Value

Channel = Literal[
    "search",
    "social_media",
    "display",
    "email",
    "registry",
    "patient_organisation",
    "referral_network",
    "print",
    "radio_tv",
]
SupportKind = Literal[
    "candidate_finding",
    "travel",
    "staffing",
    "translation",
    "training",
    "equipment",
    "materials",
    "data_entry",
]
RiskLevel = Literal["low", "medium", "high"]


class Money(Value):
    """An amount in minor units (cents) of an ISO 4217 currency."""

    amount: int
    currency: str


class CampaignPlanned(Event):
    """An outreach campaign: where, for how much, from when to when."""

    type: ClassVar[str] = "trials.campaign.planned.v1"
    campaign_id: UUID
    trial_id: UUID
    name: str
    channel: Channel
    budget: Money
    countries: tuple[str, ...]
    begins_on: date
    ends_on: date


class CampaignStarted(Event):
    """It runs: its materials were approved by the board's decision that `approval` names."""

    type: ClassVar[str] = "trials.campaign.started.v1"
    campaign_id: UUID
    trial_id: UUID
    started_on: date
    materials_ref: str
    approval: str


class CampaignResultsRecorded(Event):
    """What it has come to by the end of `as_of`, as totals since its start; `breaks` names broken rules."""

    type: ClassVar[str] = "trials.campaign.results_recorded.v1"
    campaign_id: UUID
    trial_id: UUID
    as_of: date
    spend: Money
    referrals: int
    screened: int
    consented: int
    enrolled: int
    breaks: tuple[str, ...] = ()


class CampaignEnded(Event):
    """Nothing more is spent on it."""

    type: ClassVar[str] = "trials.campaign.ended.v1"
    campaign_id: UUID
    trial_id: UUID
    ended_on: date
    reason: str


class SupportRequested(Event):
    """A site asks for support, by a local day in `zone` where one is named."""

    type: ClassVar[str] = "trials.support.requested.v1"
    request_id: UUID
    trial_id: UUID
    site_id: UUID
    kind: SupportKind
    requested_on: date
    needed_by: date | None = None
    zone: str = "UTC"


class SupportAnswered(Event):
    """The sponsor or its CRO gives the support, or does not."""

    type: ClassVar[str] = "trials.support.answered.v1"
    request_id: UUID
    trial_id: UUID
    site_id: UUID
    accepted: bool
    reason: str | None = None
    answered_on: date


class SupportOverdue(Event):
    """The day by which the support was needed is over, and it has not been given."""

    type: ClassVar[str] = "trials.support.overdue.v1"
    request_id: UUID
    trial_id: UUID
    site_id: UUID
    needed_by: date


class SupportClosed(Event):
    """The support was given, or the site takes its request back."""

    type: ClassVar[str] = "trials.support.closed.v1"
    request_id: UUID
    trial_id: UUID
    site_id: UUID
    outcome: Literal["given", "withdrawn"]
    closed_on: date


class RiskFactor(Value):
    """One reason for which a subject may leave, with its weight as it counted then."""

    code: str
    weight: int


class RetentionRiskAssessed(Event):
    """Why a subject may leave: the sum of the factors' weights is the score, `level` its band.

    `breaks` names the rules that the report broke.
    """

    type: ClassVar[str] = "trials.subject.retention_risk_assessed.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    assessed_on: date
    factors: tuple[RiskFactor, ...]
    score: int
    level: RiskLevel
    action: str | None = None
    breaks: tuple[str, ...] = ()


CampaignEvent = CampaignPlanned | CampaignStarted | CampaignResultsRecorded | CampaignEnded
SupportEvent = SupportRequested | SupportAnswered | SupportOverdue | SupportClosed
