"""A protocol from its first version to an amendment made against a hazard, its design, its statistics."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from shared.stack.demo.stage import Stage
from tests.e2e.desk import LEAD, REGULATORY

STATISTICIAN = "statistician:b-01"


async def play(stage: Stage) -> None:
    """The protocol of the story's trial, whose board has approved version 1.0."""
    trial = {"trial_id": stage.story.trial}
    await _first(stage, trial)
    await _planned(stage, trial)
    await _hazard(stage, trial)
    await _given_up(stage, trial)
    await _analysed(stage, trial)


async def _first(stage: Stage, trial: dict[str, Any]) -> None:
    async with stage.step("the version that the board approved is submitted and comes in force", 20):
        drafted = {"version": "1.0", "dated_on": stage.today - timedelta(days=60), "document_ref": "tmf/p-1"}
        await stage.act(LEAD, "trials", "draft-protocol-version", **trial, **drafted, countries=["US"])
        released = {"version": "1.0", "country": "US", "submission": "serial 0001"}
        day = stage.today - timedelta(days=45)
        await stage.act(
            REGULATORY, "trials", "record-protocol-submission", **trial, **released, submitted_on=day
        )
        await stage.come("trials.protocol.version_effective", site_id=stage.story.site, version="1.0")


async def _planned(stage: Stage, trial: dict[str, Any]) -> None:
    async with stage.step("a statistician records the design and signs the sample size", 20):
        arms = [
            {"code": "A", "title": "The product", "kind": "experimental"},
            {"code": "B", "title": "Placebo", "kind": "placebo_comparator"},
        ]
        design = {
            "version": "1.0",
            "arms": arms,
            "epochs": [{"code": "TRT", "title": "Treatment"}],
            "encounters": [{"code": "V1", "title": "First visit", "epoch": "TRT", "day": 1, "late": 2}],
            "masking": "double",
            "masked": ["participant", "investigator"],
            "assignment": "randomised",
            "model": "parallel",
        }
        await stage.act(STATISTICIAN, "trials", "record-design", **trial, **design)
        signed = {
            "version": "1.0",
            "endpoint": "change of the score at week 12",
            "hypothesis": "superiority",
            "effect": {"kind": "means", "difference": 5, "standard_deviation": 10},
            "alpha": 0.05,
            "sides": 2,
            "power": 0.8,
            "drop_out": 0.1,
            "method": "two-sample t test",
            "software": "R",
            "software_version": "4.4.1",
            "arms": [{"arm": "A", "size": 72}, {"arm": "B", "size": 72}],
            "total": 144,
        }
        await stage.act(STATISTICIAN, "trials", "sign-design-input", **trial, **signed)


async def _hazard(stage: Stage, trial: dict[str, Any]) -> None:
    amended = {"version": "2.0", "amends": "1.0", "sections": ["6.1"], "reason": "dose reduction"}
    async with stage.step("an amendment is followed at once against a hazard, and the board is told", 20):
        await stage.act(
            LEAD,
            "trials",
            "draft-protocol-version",
            **trial,
            **amended,
            dated_on=stage.today,
            countries=["US"],
        )
        change = uuid4()
        made = {"change_id": change, "version": "2.0", "site_ids": [stage.story.site], "country": "US"}
        since = {"zone": "America/New_York", "implemented_on": stage.today, "reason": "hazard"}
        await stage.act(LEAD, "trials", "report-urgent-change", **trial, **made, **since)
        await stage.come("trials.protocol.version_superseded", trial_id=stage.story.trial, version="1.0")
        told = {"change_id": change, "version": "2.0", "told_on": stage.today, "reference": "letter 7"}
        await stage.act(LEAD, "trials", "record-urgent-notice", **trial, **told, whom="board")
        decided = {
            "version": "2.0",
            "country": "US",
            "authorisation": "letter 8",
            "authorised_on": stage.today,
        }
        released = {"version": "2.0", "country": "US", "submission": "serial 0002"}
        await stage.act(
            REGULATORY, "trials", "record-protocol-submission", **trial, **released, submitted_on=stage.today
        )
        await stage.act(REGULATORY, "trials", "record-protocol-authorisation", **trial, **decided)


async def _given_up(stage: Stage, trial: dict[str, Any]) -> None:
    async with stage.step("a submitted version is withdrawn, a draft abandoned", 20):
        amended = {"amends": "2.0", "sections": ["5.1"], "reason": "eligibility", "dated_on": stage.today}
        await stage.act(LEAD, "trials", "draft-protocol-version", **trial, **amended, version="3.0")
        released = {"version": "3.0", "country": "US", "submission": "serial 0003"}
        await stage.act(
            REGULATORY, "trials", "record-protocol-submission", **trial, **released, submitted_on=stage.today
        )
        gone = {"version": "3.0", "withdrawn_on": stage.today, "reason": "redesign"}
        await stage.act(REGULATORY, "trials", "withdraw-protocol-version", **trial, **gone)
        await stage.act(LEAD, "trials", "draft-protocol-version", **trial, **amended, version="3.1")
        left = {"version": "3.1", "reason": "redesign"}
        await stage.act(LEAD, "trials", "abandon-protocol-version", **trial, **left)


async def _analysed(stage: Stage, trial: dict[str, Any]) -> None:
    async with stage.step("an analysis plan is approved before the lock, a draft of it given up", 20):
        plan = {"version": "2.0", "dated_on": stage.today, "document_ref": "tmf/sap"}
        await stage.act(STATISTICIAN, "trials", "draft-analysis-plan", **trial, **plan, plan="1.0")
        await stage.act(
            STATISTICIAN, "trials", "approve-analysis-plan", **trial, plan="1.0", approved_on=stage.today
        )
        await stage.act(
            STATISTICIAN, "trials", "draft-analysis-plan", **trial, **plan, plan="1.1", reason="blind review"
        )
        await stage.act(
            STATISTICIAN, "trials", "abandon-analysis-plan", **trial, plan="1.1", reason="not needed"
        )
        locked = {"milestone": "database_lock", "reached_on": stage.today}
        await stage.act(LEAD, "trials", "record-analysis-milestone", **trial, **locked)
