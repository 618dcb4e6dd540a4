"""Enrolments and what is corrected of them, deviations, a closed accrual, and a registry that changes."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from shared.stack.demo.stage import Stage
from tests.e2e.desk import COORDINATOR, LEAD, about

DATA_MANAGER = "data_manager:d-17"
# Of an invented record, another one in each run: the registry's own numbers begin above 100.
NCT = f"NCT{uuid4().int % 100:08}"


async def play(stage: Stage) -> None:
    """Subjects of the story's trial, then the record of an invented one."""
    await _enrolments(stage)
    await _accrual(stage)
    await _registry(stage)


async def _enrolments(stage: Stage) -> None:
    subject = about(stage, uuid4())
    async with stage.step("an enrolment before the site's activation was told wrongly", 20):
        early = {"subject_code": "S-EARLY", "enrolled_on": stage.today - timedelta(days=30)}
        await stage.act(COORDINATOR, "trials", "enrol-subject", **subject, **early)
        (told,) = await stage.come("trials.subject.enrolled", subject_id=subject["subject_id"])
        await stage.come("trials.deviation.reported", subject_id=subject["subject_id"])
        right = {"subject_code": "S-EARLY", "enrolled_on": stage.today, "corrects": told.id}
        await stage.act(COORDINATOR, "trials", "correct-enrolment", **subject, **right, reason="typing error")
        await stage.come("trials.deviation.annulled", trial_id=stage.story.trial)
    async with stage.step("a deviation is reported, and a subject withdraws", 20):
        rule = {"category": "consent", "rules": ["consent.outdated"], "occurred_on": stage.today}
        await stage.act(COORDINATOR, "trials", "report-deviation", **subject, **rule)
        left = {"withdrawn_on": stage.today, "scopes": ["intervention", "samples"]}
        await stage.act(COORDINATOR, "trials", "withdraw-subject", **subject, **left)


async def _accrual(stage: Stage) -> None:
    trial = {"trial_id": stage.story.trial}
    async with stage.step("accrual is closed and opened again by signature", 20):
        await stage.act(LEAD, "trials", "change-trial-status", **trial, status="closed_accrual")
        signed = {"reason": "two subjects replaced", "meaning": "approval"}
        await stage.act(LEAD, "trials", "reopen-accrual", **trial, **signed)


async def _registry(stage: Stage) -> None:
    async with stage.step("a registry's record says something else a month later", 20):
        site = {"site_id": str(uuid4()), "name": "A site of the scenes", "country": "United States"}
        month_ago = stage.today - timedelta(days=30)
        for status, enrolment, day in (("RECRUITING", 40, month_ago), ("SUSPENDED", 60, stage.today)):
            said = {"facts": _facts(status, enrolment), "sites": [{**site, "status": status}]}
            updated = {"text": str(day), "precision": "day"}
            await stage.act(DATA_MANAGER, "trials", "record-registry-entry", nct=NCT, **said, updated=updated)
            await stage.come("trials.site.identified", site_id=site["site_id"])
        await stage.come("trials.site.registry_status_changed", site_id=site["site_id"])


def _facts(status: str, enrolment: int) -> dict[str, Any]:
    return {
        "status": status,
        "title": "A trial invented for these scenes",
        "sponsor_name": "Sponsor",
        "study_type": "INTERVENTIONAL",
        "enrolment": enrolment,
    }
