"""Rows of recruitment: campaigns with what they cost, support requests, retention risk."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar, assert_never
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.recruitment import (
    CampaignEnded,
    CampaignEvent,
    CampaignPlanned,
    CampaignResultsRecorded,
    CampaignStarted,
    RetentionRiskAssessed,
    RiskFactor,
    SupportAnswered,
    SupportClosed,
    SupportEvent,
    SupportOverdue,
    SupportRequested,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """One campaign; amounts in minor units of `currency`, results as totals by the end of `as_of`."""

    table: ClassVar[str] = "campaign"
    key: ClassVar[tuple[str, ...]] = ("campaign_id",)
    campaign_id: UUID
    trial_id: UUID | None = None
    name: str | None = None
    channel: str | None = None
    status: str | None = None
    countries: tuple[str, ...] = ()
    begins_on: date | None = None
    ends_on: date | None = None
    currency: str | None = None
    budget: int | None = None
    spend: int | None = None
    spend_currency: str | None = None
    as_of: date | None = None
    referrals: int = 0
    screened: int = 0
    consented: int = 0
    enrolled: int = 0
    breaks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SupportRow:
    """One request for support."""

    table: ClassVar[str] = "support_request"
    key: ClassVar[tuple[str, ...]] = ("request_id",)
    request_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    kind: str | None = None
    status: str | None = None
    requested_on: date | None = None
    needed_by: date | None = None
    answered_on: date | None = None
    reason: str | None = None
    overdue: bool = False
    closed_on: date | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class RetentionRiskRow:
    """The latest assessment of one subject."""

    table: ClassVar[str] = "retention_risk"
    key: ClassVar[tuple[str, ...]] = ("trial_id", "site_id", "subject_id")
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    assessed_on: date | None = None
    factors: tuple[RiskFactor, ...] = ()
    score: int = 0
    level: str | None = None
    action: str | None = None


def campaign_keys(message: Recorded[CampaignEvent]) -> tuple[Key, ...]:
    return ((message.data.campaign_id,),)


def fold_campaign(row: CampaignRow | None, message: Recorded[Any], key: Key) -> CampaignRow:
    told: CampaignEvent = message.data
    campaign = row or CampaignRow(key[0], told.trial_id)
    match told:
        case CampaignPlanned(budget=budget) as event:
            given = event.model_dump(include={"name", "channel", "countries", "begins_on", "ends_on"})
            planned = replace(campaign, **given, status="planned")
            return replace(planned, budget=budget.amount, currency=budget.currency)
        case CampaignStarted():
            return replace(campaign, status="running")
        case CampaignResultsRecorded(spend=spend) as event:
            given = event.model_dump(include={"as_of", "referrals", "screened", "consented", "enrolled"})
            counted = replace(campaign, **given, breaks=event.breaks)
            return replace(counted, spend=spend.amount, spend_currency=spend.currency)
        case CampaignEnded():
            return replace(campaign, status="ended")
        case _:
            assert_never(told)


def support_keys(message: Recorded[SupportEvent]) -> tuple[Key, ...]:
    return ((message.data.request_id,),)


def fold_support(row: SupportRow | None, message: Recorded[Any], key: Key) -> SupportRow:
    told: SupportEvent = message.data
    support = row or SupportRow(key[0], told.trial_id, told.site_id)
    match told:
        case SupportRequested() as event:
            given = event.model_dump(include={"kind", "requested_on", "needed_by"})
            return replace(support, **given, status="requested")
        case SupportAnswered(accepted=accepted) as event:
            status = "accepted" if accepted else "declined"
            return replace(support, status=status, answered_on=event.answered_on, reason=event.reason)
        case SupportOverdue():
            return replace(support, overdue=True)
        case SupportClosed(outcome=outcome, closed_on=day):
            return replace(support, status="closed", outcome=outcome, closed_on=day)
        case _:
            assert_never(told)


def retention_risk_keys(message: Recorded[RetentionRiskAssessed]) -> tuple[Key, ...]:
    return ((message.data.trial_id, message.data.site_id, message.data.subject_id),)


def fold_retention_risk(row: RetentionRiskRow | None, message: Recorded[Any], key: Key) -> RetentionRiskRow:
    event = message.data
    return RetentionRiskRow(**event.model_dump(exclude={"factors", "breaks"}), factors=event.factors)
