"""Visits with their reports and what they ask for, remote reviews, actions, and indicators that breach."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from shared.stack import clock
from shared.stack.demo.stage import ZONE, Stage
from shared.stack.home import Home
from tests.e2e.desk import COORDINATOR, LEAD

MONITOR, QUALITY = "monitor:m-41", "quality:q-02"
DAY = timedelta(days=1)


async def play(stage: Stage) -> None:
    """A plan, visits, a remote review, a deviation that quality follows up, and a trial that ends."""
    await _planned(stage)
    await _visit(stage)
    await _unmade(stage)
    await _remote(stage)
    await _deviation(stage)
    async with stage.step("the trial ends, and nobody watches it any more", 20):
        about = {"trial_id": stage.story.trial, "status": "admin_completed", "reason": "no_funds"}
        await stage.act(LEAD, "trials", "change-trial-status", **about)
        await stage.come("trials.monitoring.ended", trial_id=stage.story.trial)


async def passing(stage: Stage, home: Home) -> None:
    """What time alone does to visits, access, actions and indicators: two days, then three more."""
    await _planned(stage, tolerances=[{"kri": "visits_overdue", "alert": 0, "action": 2}])
    visit = _about(stage, visit_id=uuid4())
    review, capa = uuid4(), {"trial_id": stage.story.trial, "capa_id": uuid4()}
    async with stage.step("a visit, an access and an action are due today", 20):
        today = {"kind": "remote", "planned_on": stage.today}
        await stage.act(LEAD, "trials", "schedule-visit", **visit, **today)
        await _grant(stage, review)
        await _open(stage, capa)
        plan = {"owner": "s-9", "due_on": stage.today, "document_ref": "etmf:capa-plan"}
        await stage.act(LEAD, "trials", "plan-capa", **capa, **plan)
    _advance(stage, home, 2)
    async with stage.step("their day is over", 40):
        await stage.come(
            "trials.monitoring_visit.status_changed", visit_id=visit["visit_id"], after="overdue"
        )
        await stage.come("trials.remote_review.access_not_withdrawn", review_id=review)
        await stage.come("trials.capa.overdue", capa_id=capa["capa_id"])
        await _run(stage)
        (breached,) = await stage.come("trials.kri.breached", site_id=stage.story.site)
        await stage.come("trials.monitoring_visit.scheduled", cause=breached.id)
        other = _about(stage, visit_id=uuid4())
        await stage.act(LEAD, "trials", "schedule-visit", **other, kind="interim", planned_on=stage.today)
    _advance(stage, home, 3)
    async with stage.step("what was an alert calls for action, until the visits have another day", 40):
        await stage.come(
            "trials.monitoring_visit.status_changed", visit_id=other["visit_id"], after="overdue"
        )
        await _run(stage)
        await stage.come("trials.kri.escalated", site_id=stage.story.site)
        later = {"planned_on": stage.today + 9 * DAY, "reason": "site_asked"}
        await stage.act(LEAD, "trials", "reschedule-visit", **visit, **later)
        await stage.act(LEAD, "trials", "reschedule-visit", **other, **later)
        await _run(stage)
        await stage.come("trials.kri.recovered", site_id=stage.story.site)


def _advance(stage: Stage, home: Home, days: int) -> None:
    clock.put_forward(home, timedelta(days=days))
    stage.today += timedelta(days=days)


def _about(stage: Stage, **more: Any) -> dict[str, Any]:
    return {"trial_id": stage.story.trial, "site_id": stage.story.site, **more}


async def _planned(stage: Stage, **more: Any) -> None:
    async with stage.step("the trial gets a monitoring plan, and its first run is made", 30):
        plan = {"trial_id": stage.story.trial, "visit_interval_days": 42, "zone": ZONE, **more}
        await stage.act(LEAD, "trials", "plan-monitoring", **plan)
        await stage.come("trials.monitoring_visit.scheduled", site_id=stage.story.site, kind="interim")
        await _run(stage)


async def _run(stage: Stage) -> None:
    run = {"trial_id": stage.story.trial, "run_id": uuid4(), "data_cut_ref": "edc:extract-1"}
    await stage.act(MONITOR, "trials", "run-indicators", **run)
    await stage.come("trials.kri.computed", run_id=run["run_id"])
    await stage.come("trials.kri.run_completed", run_id=run["run_id"])


async def _visit(stage: Stage) -> None:
    visit, item = _about(stage, visit_id=uuid4()), str(uuid4())
    async with stage.step("a visit is made and reported, sent back, and signed by another person", 30):
        made = {"kind": "interim", "conducted_on": stage.today}
        await stage.act(MONITOR, "trials", "report-visit", **visit, **made)
        finding = {
            "finding_id": str(uuid4()),
            "category": "consent",
            "severity": "major",
            "reference": "4.8.8",
        }
        late = {"item_id": item, "code": "retrain", "owner": "s-9", "due_on": str(stage.today - DAY)}
        report = {
            "document_ref": "etmf:visit-report",
            "sha256": "b" * 64,
            "findings": [finding],
            "action_items": [{**late, "finding_id": finding["finding_id"]}],
            "sdv": {"forms_verified": 12, "fields_verified": 96},
        }
        await stage.act(MONITOR, "trials", "submit-visit-report", **visit, **report)
        await stage.act(LEAD, "trials", "return-visit-report", **visit, reason="incomplete")
        await stage.act(MONITOR, "trials", "submit-visit-report", **visit, **report)
        await stage.act(LEAD, "trials", "approve-visit-report", **visit, meaning="report approved")
    async with stage.step("what it asks for is late, and done", 20):
        await stage.come("trials.monitoring_visit.action_item_overdue", item_id=item)
        done = {"item_id": item, "completed_on": stage.today, "document_ref": "etmf:training"}
        await stage.act(COORDINATOR, "trials", "complete-action-item", **visit, **done)


async def _unmade(stage: Stage) -> None:
    visit = _about(stage, visit_id=uuid4())
    async with stage.step("a visit is planned, planned anew and given up", 20):
        planned = {"kind": "close_out", "planned_on": stage.today + 30 * DAY}
        await stage.act(LEAD, "trials", "schedule-visit", **visit, **planned)
        later = {"planned_on": stage.today + 60 * DAY, "reason": "site_asked"}
        await stage.act(MONITOR, "trials", "reschedule-visit", **visit, **later)
        await stage.act(LEAD, "trials", "cancel-visit", **visit, reason="site_stays_open")


async def _grant(stage: Stage, review: Any) -> None:
    access = {"reader": "m-41", "valid_from": stage.today, "valid_to": stage.today}
    about = _about(stage, review_id=review)
    await stage.act(COORDINATOR, "trials", "grant-remote-access", **about, **access)


async def _remote(stage: Stage) -> None:
    about = _about(stage, review_id=uuid4())
    async with stage.step("a monitor reads redacted copies from afar", 20):
        await _grant(stage, about["review_id"])
        read = {"reviewed_on": stage.today, "documents": [{"document_ref": "copy:7", "sha256": "c" * 64}]}
        found = {"findings": [{"category": "source_missing", "severity": "minor"}]}
        counts = {"sdv": {"forms_verified": 3, "fields_verified": 20}}
        await stage.act(MONITOR, "trials", "report-remote-review", **about, **read, **found, **counts)
        await stage.act(COORDINATOR, "trials", "withdraw-remote-access", **about, withdrawn_on=stage.today)


async def _open(stage: Stage, capa: dict[str, Any], *sources: Any) -> None:
    kind = "deviation" if sources else "finding"
    why = {
        "kind": "both",
        "category": "consent",
        "source_kind": kind,
        "sources": [str(source) for source in sources or (uuid4(),)],
    }
    await stage.act(QUALITY, "trials", "open-capa", **capa, site_id=stage.story.site, **why)


async def _deviation(stage: Stage) -> None:
    deviation = {"trial_id": stage.story.trial, "deviation_id": uuid4()}
    capa = {"trial_id": stage.story.trial, "capa_id": uuid4()}
    async with stage.step("a deviation is a serious breach, and an action resolves it", 30):
        told = {"category": "consent", "rules": ["consent.outdated"], "occurred_on": stage.today}
        about = {**deviation, "site_id": stage.story.site}
        await stage.act(MONITOR, "trials", "report-deviation", **about, **told)
        grave = {"severity": "critical", "important": True, "assessed_on": stage.today}
        await stage.act(QUALITY, "trials", "assess-deviation", **deviation, **grave)
        await stage.act(QUALITY, "trials", "mark-serious-breach", **deviation, aware_on=stage.today)
        await _open(stage, capa, deviation["deviation_id"])
        plan = {"owner": "s-9", "due_on": stage.today + 9 * DAY, "document_ref": "etmf:capa-plan"}
        await stage.act(LEAD, "trials", "plan-capa", **capa, **plan)
        done = {"implemented_on": stage.today, "document_ref": "etmf:capa-proof"}
        await stage.act(COORDINATOR, "trials", "implement-capa", **capa, **done)
        await stage.act(QUALITY, "trials", "check-capa", **capa, effective=True, checked_on=stage.today)
        await stage.act(QUALITY, "trials", "close-capa", **capa)
        done = {"resolved_on": stage.today, "capa_id": capa["capa_id"]}
        await stage.act(QUALITY, "trials", "resolve-deviation", **deviation, **done)
