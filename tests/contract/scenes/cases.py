"""Cases that are corrected, late, not reportable after all; a report that the authority's gateway rejects."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.stack.demo.reports import GATEWAY, PHYSICIAN
from shared.stack.demo.stage import ZONE, Stage
from tests.e2e.desk import COORDINATOR, REGULATORY, about

REVIEWER = "safety_reviewer:v-12"


async def play(stage: Stage) -> None:
    """A corrected case, one near its due date, one past it, and information judged too late."""
    await _corrected(stage)
    await _fatal_again(stage)
    await _at_risk(stage)
    await _late(stage)
    await _information(stage)


async def reported(stage: Stage, days_ago: int) -> dict[str, Any]:
    """A serious adverse event, received so long ago; its case as commands name it."""
    case = {"case_id": uuid4()}
    await stage.act(COORDINATOR, "safety", "report-adverse-event", **case, **told(stage, days_ago))
    await stage.come("regulatory.deadline.armed", subject_id=case["case_id"], provisional=True)
    return case


def told(stage: Stage, days_ago: int) -> dict[str, Any]:
    """What a coordinator tells of a serious adverse event."""
    received = stage.today - timedelta(days=days_ago)
    return {**about(stage), "received_on": received, "zone": ZONE, "seriousness": ["hospitalisation"]}


async def assess(stage: Stage, case: dict[str, Any], **more: Any) -> None:
    """A physician's signed determination: reportable, unless something else is said."""
    opinion = {
        "meaning": "medical determination",
        "seriousness": ["hospitalisation"],
        "causality_investigator": "related",
        "causality_sponsor": "related",
        "expected": False,
        "rsi_version": "IB-3",
        "evidence_category": "A",
        "determination": "reportable",
    }
    await stage.act(PHYSICIAN, "safety", "assess-case", **case, **{**opinion, **more})


async def _corrected(stage: Stage) -> None:
    async with stage.step("a corrected receipt moves the reports; then nothing is owed after all", 30):
        case = await reported(stage, 1)
        (first,) = await stage.come("safety.ae.received", **case)
        await assess(stage, case)
        await stage.come("regulatory.report.opened", 2, **case)
        wrong = {"corrects": first.id, "reason": "receipt_misdated"}
        await stage.act(COORDINATOR, "safety", "correct-adverse-event", **case, **told(stage, 2), **wrong)
        await stage.come("regulatory.report.reanchored", 2, **case)
        expected = {"expected": True, "determination": "not_reportable"}
        await assess(stage, case, **expected)
        await stage.come("regulatory.report.not_required", 2, **case)


async def _fatal_again(stage: Stage) -> None:
    fatal = {"seriousness": ["death"]}
    async with stage.step("a report that is owed again after it was taken back has deadlines again", 30):
        case = await reported(stage, 1)
        await assess(stage, case, **fatal)
        await stage.come("regulatory.report.opened", 3, **case)
        await assess(stage, case)
        (gone,) = await stage.come("regulatory.report.not_required", **case)
        report = gone.data["report_id"]
        await stage.come("regulatory.deadline.cancelled", deadline_id=gone.data["deadlines"][0])
        await assess(stage, case, **fatal)
        await stage.come("regulatory.report.opened", 2, report_id=report)
        await stage.come("regulatory.deadline.armed", 4, subject_id=report)


async def _at_risk(stage: Stage) -> None:
    async with stage.step("a due date is near; the physician says expected, and nothing is owed", 30):
        case = await reported(stage, 12)
        (armed,) = await stage.come("regulatory.deadline.armed", subject_id=case["case_id"])
        deadline = {"deadline_id": armed.data["deadline_id"]}
        await stage.come("regulatory.deadline.at_risk", **deadline)
        await assess(stage, case, expected=True, determination="not_reportable")
        await stage.come("regulatory.deadline.cancelled", **deadline)


async def _late(stage: Stage) -> None:
    async with stage.step("a case is told after its due date: a deviation, and reports that come late", 30):
        case = await reported(stage, 20)
        await stage.come("regulatory.deadline.missed", subject_id=case["case_id"])
        await stage.come("trials.deviation.reported", category="deadline_missed")
        await assess(stage, case)
        reports = await stage.come("regulatory.report.opened", 2, **case)
    async with stage.step("the authority's gateway rejects the report, then takes it", 30):
        report = next(one for one in reports if one.data["destination"] == "FDA")
        await _answered(stage, UUID(report.data["report_id"]), "rejected")
        await _answered(stage, UUID(report.data["report_id"]), "accepted")
        await stage.come("regulatory.deadline.met_late")


async def _answered(stage: Stage, report: UUID, code: str) -> None:
    message = {"report_id": report, "message_ref": f"message-{code}"}
    released = {**message, "meaning": "released for submission"}
    await stage.act(REGULATORY, "regulatory", "file-safety-report", **released)
    answer = {"ack_code": code, "receipt_on": stage.today}
    await stage.act(GATEWAY, "regulatory", "record-acknowledgement", **message, **answer)


async def _information(stage: Stage) -> None:
    async with stage.step("information is judged days after it came", 30):
        case = await reported(stage, 1)
        info = {"info_id": uuid4(), "source": "site", "zone": ZONE, "trial_id": stage.story.trial}
        received = stage.today - timedelta(days=10)
        await stage.act(COORDINATOR, "safety", "record-new-information", **case, **info, received_on=received)
        await stage.come("safety.deadline.missed", subject_id=case["case_id"])
        judged = {"meaning": "significance review", "significant": False}
        await stage.act(REVIEWER, "safety", "review-new-information", **case, **judged)
        await stage.come("safety.deadline.met_late")
