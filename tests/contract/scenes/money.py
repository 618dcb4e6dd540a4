"""A site's budget that pays what was before it, an invoice to its payment, the sponsor's own budget."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from shared.stack.demo.stage import Stage
from tests.e2e.desk import LEAD

FINANCE = "finance:f-01"
SPONSOR = "sponsor:s-01"
_VISIT = {"unit": "visit", "currency": "USD", "planned": 20}
LINES: list[dict[str, Any]] = [
    {
        "code": "START",
        "title": "Start-up",
        "unit": "start_up",
        "amount_minor": 250_000,
        "currency": "USD",
        "planned": 1,
        "due_on": "site_activated",
    },
    {**_VISIT, "code": "V1", "title": "Visit 1", "amount_minor": 90_000, "due_on": "subject_enrolled"},
    {
        **_VISIT,
        "code": "V2",
        "title": "Visit 2",
        "amount_minor": 80_000,
        "due_on": "visit_done",
        "item": "VISIT 2",
    },
]


async def play(stage: Stage) -> None:
    """Money of the story's site and trial."""
    await _budget(stage)
    await _invoice(stage)
    await _sponsors_budget(stage)


async def _budget(stage: Stage) -> None:
    site = {"trial_id": stage.story.trial, "site_id": stage.story.site}
    async with stage.step("what was reached without a budget is due once one is agreed", 30):
        waiting = await stage.come("trials.payment.milestone_unpriced", 4, site_id=site["site_id"])
        since = stage.today - timedelta(days=60)
        await stage.act(SPONSOR, "trials", "agree-budget", **site, effective_from=since, lines=LINES)
        await stage.come("trials.payment.milestone_reached", len(waiting), site_id=site["site_id"])
        done = {"milestone": "visit_done", "item": "VISIT 2", "reached_on": stage.today}
        subject = {"subject_id": stage.story.subjects[0], "cause": uuid4()}
        await stage.act(LEAD, "trials", "report-payable", **site, **done, **subject)


async def _invoice(stage: Stage) -> None:
    invoice = {
        "trial_id": stage.story.trial,
        "site_id": stage.story.site,
        "invoice_id": uuid4(),
        "amount_minor": 340_000,
        "currency": "USD",
    }
    async with stage.step("an invoice is received, approved and paid", 20):
        bill = {"number": "2026-7", "invoiced_on": stage.today, "document_ref": "invoice-7"}
        await stage.act(FINANCE, "trials", "report-invoice", **invoice, **bill)
        await stage.act(SPONSOR, "trials", "report-invoice-approval", **invoice, approved_on=stage.today)
        await stage.act(FINANCE, "trials", "report-payment", **invoice, paid_on=stage.today)


async def _sponsors_budget(stage: Stage) -> None:
    trial = {"trial_id": stage.story.trial}
    async with stage.step("the sponsor agrees to a budget of the trial, and a cost is reported", 20):
        planned = [{"category": "monitoring", "amount_minor": 5_000_000, "currency": "USD"}]
        await stage.act(
            SPONSOR, "trials", "agree-trial-budget", **trial, effective_from=stage.today, lines=planned
        )
        cost = {"category": "monitoring", "amount_minor": 120_000, "currency": "USD"}
        await stage.act(FINANCE, "trials", "report-cost", **trial, **cost, incurred_on=stage.today)
