"""Subjects on their way, their consent given again, declined, waived and overdue, targets and subgroups."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from shared.stack.demo.stage import ZONE, Stage
from tests.contract.scenes.legs import act
from tests.e2e.desk import COORDINATOR, LEAD, REGULATORY, about

INVESTIGATOR = "principal_investigator:i-03"
DATA_MANAGER = "data_manager:d-17"


async def play(stage: Stage) -> None:
    """Three candidates of the story's site; one enrols, one declines, one is spared the new signature."""
    first, second, third = (about(stage, uuid4()) for _ in range(3))
    await _screening(stage, first)
    await _consent_again(stage, first, second, third)
    await _targets(stage)
    async with stage.step("a subject dies while records of theirs are asked for", 20):
        request: dict[str, Any] = {"request_id": uuid4()}
        await act(stage, "open-request", **request, **first, purpose="chart_review", zone=ZONE)
        await stage.act(COORDINATOR, "trials", "report-death", **first, died_on=stage.today)
        await stage.come("trials.subject.status_changed", subject_id=first["subject_id"], after="off-study")
        await stage.come("retrieval.request.subject_died", **request)


async def _screening(stage: Stage, subject: dict[str, Any]) -> None:
    async with stage.step(
        "a candidate consents, is screened, found eligible, enrols and comes to a visit", 20
    ):
        today, month_ago = stage.today, stage.today - timedelta(days=30)
        code = {"subject_code": "S-NEW"}
        await stage.act(
            COORDINATOR, "trials", "identify-candidate", **subject, **code, identified_on=month_ago
        )
        candidate = {"status": "candidate", "changed_on": month_ago}
        await stage.act(COORDINATOR, "trials", "change-subject-status", **subject, **candidate)
        signed = {"version": "1.0", "language": "en", "signed_on": month_ago}
        await stage.act(COORDINATOR, "trials", "record-consent", **subject, **signed)
        await stage.act(COORDINATOR, "trials", "start-screening", **subject, screened_on=today)
        decided = {"eligible": True, "decided_on": today}
        await stage.act(INVESTIGATOR, "trials", "decide-eligibility", **subject, **decided)
        await stage.act(COORDINATOR, "trials", "enrol-subject", **subject, **code, enrolled_on=today)
        await stage.act(COORDINATOR, "trials", "record-visit", **subject, visit="V1", done_on=today)
        await stage.act(COORDINATOR, "trials", "record-dose", **subject, dosed_on=today)


async def _consent_again(stage: Stage, *subjects: dict[str, Any]) -> None:
    today = stage.today
    async with stage.step("a new version of the consent asks for new signatures", 20):
        for n, subject in enumerate(subjects[1:], 2):
            signed = {"version": "1.0", "language": "en", "signed_on": today, "subject_code": f"S-NEW-{n}"}
            await stage.act(COORDINATOR, "trials", "record-consent", **subject, **signed)
        site = {"trial_id": stage.story.trial, "site_id": stage.story.site}
        version = {"version": "2.0", "language": "en", "released_on": today}
        asks = {
            "requires_reconsent": "all_active",
            "due_in_days": 14,
            "meaning": "filed as the board decided",
        }
        await stage.act(LEAD, "trials", "record-consent-version", **site, **version, **asks)
        for subject in subjects:
            await stage.come("trials.subject.reconsent_required", subject_id=subject["subject_id"])
    first, second, third = subjects
    async with stage.step("one subject signs, one declines, one is spared by the board; one is late", 20):
        again = {"version": "2.0", "language": "en"}
        await stage.act(COORDINATOR, "trials", "record-consent", **first, **again, signed_on=today)
        await stage.act(COORDINATOR, "trials", "decline-reconsent", **second, **again, declined_on=today)
        letter = {"document_ref": "etmf/letter-7", "meaning": "filed as the board decided"}
        await stage.act(REGULATORY, "trials", "waive-reconsent", **third, **again, **letter, waived_on=today)
        late = {"version": "2.1", "language": "es", "released_on": today - timedelta(days=30)}
        other = about(stage, uuid4())
        signed = {"version": "1.0", "language": "es", "signed_on": today - timedelta(days=60)}
        await stage.act(COORDINATOR, "trials", "record-consent", **other, **signed, subject_code="S-NEW-4")
        asks = {"requires_reconsent": "all_active", "due_in_days": 7, "meaning": "filed as the board decided"}
        site = {"trial_id": stage.story.trial, "site_id": stage.story.site}
        await stage.act(LEAD, "trials", "record-consent-version", **site, **late, **asks)
        await stage.come("trials.subject.reconsent_overdue", subject_id=other["subject_id"])


async def _targets(stage: Stage) -> None:
    trial = {"trial_id": stage.story.trial}
    async with stage.step("targets are planned, one is reached already; subgroups are counted", 20):
        planned = {"level": "country", "country": "US", "target": 3, "last_on": stage.today}
        await stage.act(LEAD, "trials", "set-enrolment-target", **trial, **planned)
        await stage.come("trials.enrolment.target_reached", trial_id=stage.story.trial)
        goal = {"dimension": "sex", "band": "F", "share": 0.5}
        await stage.act(LEAD, "trials", "set-subgroup-target", **trial, **goal)
        cells = [{"dimension": "sex", "band": "F", "n": 2}, {"dimension": "sex", "band": "M", "n": 9}]
        counted = {"as_of": stage.today, "source": "edc", "enrolled": 11, "counts": cells}
        await stage.act(DATA_MANAGER, "trials", "record-subgroup-counts", **trial, **counted)
