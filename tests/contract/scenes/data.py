"""Data on their way: a form, counts, cleaning, two locks, and the trial's completion."""

from typing import Any

from shared.stack.demo.stage import Stage
from tests.e2e.desk import LEAD

DATA_MANAGER = "data_manager:d-17"
CLEAN = {
    "forms_expected": 30,
    "forms_entered": 30,
    "forms_verified": 24,
    "queries_opened": 8,
    "queries_answered": 8,
    "queries_closed": 8,
}


async def play(stage: Stage) -> None:
    """The data of the story's trial, until the trial is completed."""
    await _collected(stage)
    await _locked(stage)
    await _completed(stage)


async def _collected(stage: Stage) -> None:
    trial = {"trial_id": stage.story.trial}
    async with stage.step("a form is released and a site's data are counted", 20):
        form = {"form": "DM", "version": "1.0", "protocol_version": "1.0", "effective_from": stage.today}
        await stage.act(DATA_MANAGER, "trials", "release-crf", **trial, **form, document_ref="crf-dm-1")
        counted = {"site_id": stage.story.site, "as_of": stage.today, "source": "EDC"}
        await stage.act(DATA_MANAGER, "trials", "record-data-counts", **trial, **counted, **CLEAN)
        await stage.act(DATA_MANAGER, "trials", "record-last-visit", **trial, visited_on=stage.today)


async def _locked(stage: Stage) -> None:
    trial: dict[str, Any] = {"trial_id": stage.story.trial}
    attested = [
        {"precondition": name, "document_ref": f"doc-{name}"}
        for name in ("sdv_done", "coding_done", "sae_reconciled", "sap_approved")
    ]
    async with stage.step("the database is locked, opened for an error, and locked again", 20):
        await stage.act(DATA_MANAGER, "trials", "start-cleaning", **trial)
        await stage.act(DATA_MANAGER, "trials", "soft-lock-data", **trial)
        await stage.act(DATA_MANAGER, "trials", "lock-database", **trial, attested=attested)
        await stage.act(DATA_MANAGER, "trials", "unlock-database", **trial, reason="data_error")
        await stage.act(DATA_MANAGER, "trials", "lock-database", **trial, attested=attested)


async def _completed(stage: Stage) -> None:
    trial = {"trial_id": stage.story.trial}
    async with stage.step("the trial is completed once its master file is", 20):
        review = {"completed_on": stage.today, "document_ref": "tmf-review-1"}
        await stage.act(LEAD, "trials", "record-tmf-complete", **trial, **review)
        for status in ("closed_accrual", "completed"):
            await stage.act(LEAD, "trials", "change-trial-status", **trial, status=status)
