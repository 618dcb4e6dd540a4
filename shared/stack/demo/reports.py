"""Seventh act: a serious adverse event, its clocks, the signed determination, and the reports it opens."""

from __future__ import annotations

from datetime import timedelta

from shared.stack.demo.stage import ZONE, Stage
from shared.stack.demo.watch import Seen

COORDINATOR = "site_coordinator:c-31"
PHYSICIAN = "safety_physician:m-08"
REGULATORY = "regulatory_affairs:r-11"
GATEWAY = "authority_gateway:g-01"
AUTHORITY, INVESTIGATORS = "FDA", "investigators"


async def event_to_request(stage: Stage) -> Seen:
    """From the adverse event to the record request, which is returned."""
    await _received(stage)
    await _nobody_signed(stage)
    return await _determined(stage)


async def _received(stage: Stage) -> None:
    story = stage.story
    async with stage.step("a coordinator reports a life-threatening adverse event", 15):
        await stage.act(
            COORDINATOR,
            "safety",
            "report-adverse-event",
            case_id=story.case,
            trial_id=story.trial,
            site_id=story.site,
            subject_id=story.subjects[0],
            received_on=stage.today - timedelta(days=1),
            zone=ZONE,
            seriousness=["hospitalisation", "life_threatening"],
        )
        armed = await stage.come("regulatory.deadline.armed", 2, subject_id=story.case, provisional=True)
        if (days := sorted(seen.data["clock"]["days"] for seen in armed)) != [7, 15]:
            stage.fail(f"provisional clocks of {days} days, not of 7 and 15")


async def _nobody_signed(stage: Stage) -> None:
    async with stage.step("nobody has signed: the clocks run, and there is no report", 10):
        found = await stage.ask("regulatory", "/v1/reports", case=str(stage.story.case))
        if found["items"]:
            stage.fail(f"{len(found['items'])} reports without a signature")


async def _determined(stage: Stage) -> Seen:
    story = stage.story
    async with stage.step("a physician signs seriousness, causality, expectedness and the determination", 20):
        await stage.act(
            PHYSICIAN,
            "safety",
            "assess-case",
            case_id=story.case,
            meaning="medical determination",
            seriousness=["hospitalisation", "life_threatening"],
            causality_investigator="related",
            causality_sponsor="related",
            expected=False,
            rsi_version="IB-3",
            evidence_category="A",
            determination="reportable",
        )
        reports = await stage.come("regulatory.report.opened", 3, case_id=story.case, kind="initial")
        for report in reports:
            await stage.come("regulatory.deadline.armed", 2, subject_id=report.data["report_id"])
        (request,) = await stage.come("retrieval.request.opened", case_id=story.case)
        return request


async def file(stage: Stage, kind: str, count: int) -> None:
    """Release the reports of this kind; the authority states its receipt date, and that meets deadlines."""
    opened = await stage.come("regulatory.report.opened", count, case_id=stage.story.case, kind=kind)
    async with stage.step(f"regulatory affairs releases the {kind.replace('_', '-')} reports", 20):
        for report in opened:
            await stage.act(
                REGULATORY,
                "regulatory",
                "file-safety-report",
                report_id=report.data["report_id"],
                meaning="released for submission",
                message_ref=_message(report),
            )
    async with stage.step("the authority acknowledges and states the date on which it received them", 20):
        for report in opened:
            if report.data["destination"] != INVESTIGATORS:
                await stage.act(
                    GATEWAY,
                    "regulatory",
                    "record-acknowledgement",
                    report_id=report.data["report_id"],
                    ack_code="accepted",
                    receipt_on=stage.today,
                    message_ref=_message(report),
                )
        for report in opened:
            for deadline in report.data["deadlines"]:
                await stage.come("regulatory.deadline.met", deadline_id=deadline)


def _message(report: Seen) -> str:
    return f"message-{report.data['report_id'][:8]}"
