"""An outreach campaign, support that sites ask for, a subject who may leave."""

from datetime import timedelta
from uuid import uuid4

from shared.stack.demo.stage import Stage
from tests.e2e.desk import COORDINATOR, LEAD, about


async def play(stage: Stage) -> None:
    """All of it at the story's trial and site."""
    campaign = {"campaign_id": uuid4(), "trial_id": stage.story.trial}
    async with stage.step("a campaign is planned, runs, brings subjects and ends", 20):
        money = {"amount": 2_500_000, "currency": "USD"}
        planned = {"name": "spring", "channel": "search", "budget": money, "countries": ["US"]}
        days = {"begins_on": stage.today, "ends_on": stage.today + timedelta(days=30)}
        await stage.act(LEAD, "trials", "plan-campaign", **campaign, **planned, **days)
        begun = {"started_on": stage.today, "materials_ref": "ad-1", "approval": "IRB-2026-7"}
        await stage.act(LEAD, "trials", "start-campaign", **campaign, **begun)
        totals = {"referrals": 40, "screened": 12, "consented": 6, "enrolled": 3}
        spent = {"as_of": stage.today, "spend": {"amount": 310_000, "currency": "USD"}}
        await stage.act(LEAD, "trials", "record-campaign-results", **campaign, **spent, **totals)
        await stage.act(
            LEAD, "trials", "end-campaign", **campaign, ended_on=stage.today, reason="target_reached"
        )
    site = {"trial_id": stage.story.trial, "site_id": stage.story.site}
    async with stage.step("a site asks for support: once it gets it, once too late", 20):
        request = {"request_id": uuid4(), **site}
        asked = {"kind": "travel", "requested_on": stage.today}
        await stage.act(COORDINATOR, "trials", "request-support", **request, **asked)
        await stage.act(LEAD, "trials", "answer-support", **request, accepted=True, answered_on=stage.today)
        done = {"outcome": "given", "closed_on": stage.today}
        await stage.act(COORDINATOR, "trials", "close-support", **request, **done)
        past = {"requested_on": stage.today - timedelta(days=9), "needed_by": stage.today - timedelta(days=2)}
        late = {"request_id": uuid4(), **site}
        await stage.act(COORDINATOR, "trials", "request-support", **late, kind="staffing", **past)
        await stage.come("trials.support.overdue", request_id=late["request_id"])
    async with stage.step("a subject may leave", 20):
        factors = {"assessed_on": stage.today, "factors": ["missed_visit", "travel_burden"], "action": "taxi"}
        await stage.act(COORDINATOR, "trials", "assess-retention-risk", **about(stage), **factors)
