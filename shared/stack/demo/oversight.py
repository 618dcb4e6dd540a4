"""Sixth act: a run of the risk indicators finds a site outside its limits, which asks for a visit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from shared.stack.demo.stage import ZONE, Stage

PROJECT_MANAGER = "project_manager:p-04"
DATA_MANAGER = "data_manager:d-17"
MONITOR = "monitor:m-41"
# The oldest open query in days: the limits are 30 and 60.
AGES = (4, 45)
KRI = "query_ageing"


async def play(stage: Stage) -> None:
    """From a plan and the sites' data counts to the targeted visit at the second site."""
    trial: dict[str, Any] = {"trial_id": stage.story.trial}
    async with stage.step("a monitoring plan is made; both sites' forms and queries are counted", 15):
        plan = {"visit_interval_days": 42, "zone": ZONE}
        await stage.act(PROJECT_MANAGER, "trials", "plan-monitoring", **trial, **plan)
        for site, age in zip((stage.story.site, stage.story.second_site), AGES, strict=True):
            forms = {"forms_expected": 40, "forms_entered": 30, "forms_verified": 24}
            queries = {"queries_opened": 9, "queries_answered": 6, "queries_closed": 5}
            counted = {"site_id": site, "as_of": stage.today, "source": "EDC", "oldest_open_days": age}
            await stage.act(
                DATA_MANAGER, "trials", "record-data-counts", **trial, **counted, **forms, **queries
            )
    async with stage.step("a monitor runs the indicators: one is breached, and a visit is asked for", 20):
        run, site = uuid4(), stage.story.second_site
        await stage.act(MONITOR, "trials", "run-indicators", **trial, run_id=run)
        await stage.come("trials.kri.run_completed", run_id=run)
        breached = await stage.come("trials.kri.breached", run_id=run, site_id=site)
        if KRI not in [seen.data["found"]["kri"] for seen in breached]:
            stage.fail(f"{KRI} is within its limits")
        (visit,) = await stage.come("trials.monitoring_visit.scheduled", site_id=site, kri=KRI)
        if visit.data["planned_on"] > str(stage.today + timedelta(days=14)):
            stage.fail(f"the visit is planned for {visit.data['planned_on']}")
