"""The outreach campaign: planned, started with approved materials, its results, ended."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from services.trials.commands.recruitment import (
    EndCampaign,
    PlanCampaign,
    RecordCampaignResults,
    StartCampaign,
)
from services.trials.domain.lifecycle import finished
from services.trials.projections.guards import TrialGuard
from services.trials.rules.recruitment import MATERIALS_RULE
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.recruitment import (
    CampaignEnded,
    CampaignEvent,
    CampaignPlanned,
    CampaignResultsRecorded,
    CampaignStarted,
    Money,
)

CampaignCommand = PlanCampaign | StartCampaign | RecordCampaignResults | EndCampaign


@dataclass(frozen=True)
class Campaign:
    """What decisions need of a campaign; `results` are the latest totals."""

    planned: CampaignPlanned | None = None
    started: CampaignStarted | None = None
    results: CampaignResultsRecorded | None = None
    ended: CampaignEnded | None = None

    @property
    def status(self) -> str | None:
        named = (("ended", self.ended), ("running", self.started), ("planned", self.planned))
        return next((name for name, event in named if event), None)


def decide(
    campaign: Campaign, command: CampaignCommand | Wake, facts: Facts, now: datetime
) -> list[CampaignEvent] | Refusal:
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


def evolve(campaign: Campaign, event: CampaignEvent) -> Campaign:
    match event:
        case CampaignPlanned():
            return replace(campaign, planned=event)
        case CampaignStarted():
            return replace(campaign, started=event)
        case CampaignResultsRecorded():
            return replace(campaign, results=event)
        case CampaignEnded():
            return replace(campaign, ended=event)
        case _:
            assert_never(event)


def _plan(campaign: Campaign, command: PlanCampaign, facts: Facts) -> list[CampaignEvent] | Refusal:
    budget = Money(**command.budget.model_dump())
    planned = CampaignPlanned(**command.model_dump(exclude={"budget"}), budget=budget)
    if campaign.planned == planned:
        return []
    if campaign.planned:
        return Refusal("campaign.already_planned", "the campaign was planned otherwise", campaign.status)
    return finished(facts.get(TrialGuard, command.trial_id)) or [planned]


def _start(campaign: Campaign, command: StartCampaign, facts: Facts) -> list[CampaignEvent] | Refusal:
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


def _results(campaign: Campaign, command: RecordCampaignResults) -> list[CampaignEvent]:
    spend, known = Money(**command.spend.model_dump()), campaign.results
    budget = campaign.planned.budget if campaign.planned else spend
    breaks = {
        "campaign.not_started": campaign.started is None or command.as_of < campaign.started.started_on,
        "campaign.other_currency": budget.currency != spend.currency,
        "campaign.over_budget": budget.amount < spend.amount,
        "campaign.totals_fell": known is not None and known.as_of <= command.as_of and _fell(known, command),
        "campaign.more_than_referred": command.enrolled > command.referrals,
    }
    broken = tuple(rule for rule, found in breaks.items() if found)
    told = CampaignResultsRecorded(**command.model_dump(exclude={"spend"}), spend=spend, breaks=broken)
    same = known and known.model_copy(update={"breaks": broken}) == told
    return [] if same else [told]


def _fell(known: CampaignResultsRecorded, command: RecordCampaignResults) -> bool:
    totals = ("referrals", "screened", "consented", "enrolled")
    fell = any(getattr(command, name) < getattr(known, name) for name in totals)
    return fell or command.spend.amount < known.spend.amount


def _end(campaign: Campaign, command: EndCampaign) -> list[CampaignEvent] | Refusal:
    if campaign.planned is None:
        return Refusal("campaign.unknown", "there is no such campaign", None, "campaign_id")
    if campaign.ended:
        return []
    began = campaign.started.started_on if campaign.started else None
    if began and command.ended_on < began:
        return Refusal("campaign.ends_before_it_begins", f"it began on {began}", campaign.status, "ended_on")
    return [CampaignEnded(**command.model_dump())]
