"""The outreach campaign: planned, started with approved materials, its results, ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import assert_never

from services.trials.commands.recruitment import (
    EndCampaign,
    PlanCampaign,
    RecordCampaignResults,
    StartCampaign,
)
from services.trials.domain.broken import deviation, rules_of
from services.trials.domain.lifecycle import finished
from services.trials.projections.guards import TrialGuard
from services.trials.rules.recruitment import MATERIALS_RULE
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.recruitment import (
    CampaignEnded,
    CampaignEvent,
    CampaignPlanned,
    CampaignResultsRecorded,
    CampaignStarted,
    Money,
)

CampaignCommand = PlanCampaign | StartCampaign | RecordCampaignResults | EndCampaign
Told = CampaignEvent | DeviationReported


@dataclass(frozen=True)
class Campaign:
    """What decisions need of a campaign; `results`: totals told last of each day, `broken`: their rules."""

    planned: CampaignPlanned | None = None
    started: CampaignStarted | None = None
    results: Mapping[date, CampaignResultsRecorded] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    ended: CampaignEnded | None = None

    @property
    def status(self) -> str | None:
        named = (("ended", self.ended), ("running", self.started), ("planned", self.planned))
        return next((name for name, event in named if event), None)


def decide(
    campaign: Campaign, command: CampaignCommand | Wake, facts: Facts, now: datetime
) -> list[Told] | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case PlanCampaign():
            return _plan(campaign, command, facts)
        case StartCampaign():
            return _start(campaign, command, facts)
        case RecordCampaignResults():
            return _results(campaign, command)
        case EndCampaign():
            return _end(campaign, command)
        case Wake():
            return []
        case _:
            assert_never(command)


def evolve(campaign: Campaign, event: Told) -> Campaign:
    match event:
        case CampaignPlanned():
            return replace(campaign, planned=event)
        case CampaignStarted():
            return replace(campaign, started=event)
        case CampaignResultsRecorded(as_of=day, breaks=breaks):
            told = {**campaign.results, day: event}
            return replace(campaign, results=told, broken=campaign.broken | {*breaks})
        case CampaignEnded():
            return replace(campaign, ended=event)
        case DeviationReported():
            return campaign
        case _:
            assert_never(event)


def _plan(campaign: Campaign, command: PlanCampaign, facts: Facts) -> list[Told] | Refusal:
    budget = Money(**command.budget.model_dump())
    planned = CampaignPlanned(**command.model_dump(exclude={"budget"}), budget=budget)
    if campaign.planned == planned:
        return []
    if campaign.planned:
        return Refusal("campaign.already_planned", "the campaign was planned otherwise", campaign.status)
    return finished(facts.get(TrialGuard, command.trial_id)) or [planned]


def _start(campaign: Campaign, command: StartCampaign, facts: Facts) -> list[Told] | Refusal:
    if campaign.started:
        return []
    if campaign.planned is None or campaign.ended:
        return Refusal("campaign.transition", "only a planned campaign starts", campaign.status)
    if command.approval is None:
        detail = f"no board's decision on the materials is named ({MATERIALS_RULE})"
        return Refusal("campaign.materials_not_approved", detail, campaign.status, "approval")
    if command.started_on < campaign.planned.begins_on:
        detail = f"it is planned from {campaign.planned.begins_on} on"
        return Refusal("campaign.too_early", detail, campaign.status, "started_on")
    started = CampaignStarted(**command.model_dump(exclude={"approval"}), approval=command.approval)
    return finished(facts.get(TrialGuard, command.trial_id)) or [started]


def _results(campaign: Campaign, command: RecordCampaignResults) -> list[Told]:
    """The totals as told; a rule that they break is a deviation of the campaign once."""
    spend, day = Money(**command.spend.model_dump()), command.as_of
    before = campaign.results.get(max((known for known in campaign.results if known <= day), default=day))
    budget = campaign.planned.budget if campaign.planned else spend
    breaks = {
        "campaign.not_started": campaign.started is None or command.as_of < campaign.started.started_on,
        "campaign.other_currency": budget.currency != spend.currency,
        "campaign.over_budget": budget.amount < spend.amount,
        "campaign.totals_fell": before is not None and _fell(before, command),
        "campaign.more_than_referred": command.enrolled > command.referrals,
    }
    broken = rules_of(breaks)
    told = CampaignResultsRecorded(**command.model_dump(exclude={"spend"}), spend=spend, breaks=broken)
    known = campaign.results.get(day)
    if known and known.model_copy(update={"breaks": broken}) == told:
        return []
    fresh = tuple(rule for rule in broken if rule not in campaign.broken)
    name = f"{command.campaign_id}|{'|'.join(fresh)}"
    return [told, *deviation(command.trial_id, "campaign", name, fresh, day)]


def _fell(known: CampaignResultsRecorded, command: RecordCampaignResults) -> bool:
    totals = ("referrals", "screened", "consented", "enrolled")
    fell = any(getattr(command, name) < getattr(known, name) for name in totals)
    return fell or command.spend.amount < known.spend.amount


def _end(campaign: Campaign, command: EndCampaign) -> list[Told] | Refusal:
    if campaign.planned is None:
        return Refusal("campaign.unknown", "there is no such campaign", None, "campaign_id")
    if campaign.ended:
        return []
    began = campaign.started.started_on if campaign.started else None
    if began and command.ended_on < began:
        return Refusal("campaign.ends_before_it_begins", f"it began on {began}", campaign.status, "ended_on")
    return [CampaignEnded(**command.model_dump())]
