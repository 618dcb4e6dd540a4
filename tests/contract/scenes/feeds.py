"""Readings of a wearable: due, told, missing, at an end."""

from datetime import timedelta

from shared.stack.demo.stage import Stage
from tests.contract.scenes.subjects import DATA_MANAGER
from tests.e2e.desk import about


async def play(stage: Stage) -> None:
    """Due since four days; one day is told late, the others are missing."""
    first = stage.today - timedelta(days=4)
    feed = {**about(stage), "source_system": "wrist-1"}
    async with stage.step("readings of a wearable are due, and the first day comes late", 20):
        due = {"kind": "wearable", "begins_on": first, "zone": "UTC", "late_after": 1}
        measures = [{"code": "heart_rate", "expected_a_day": 24}]
        await stage.act(DATA_MANAGER, "trials", "start-feed", **feed, **due, measures=measures)
        await stage.come("trials.feed.day_missing", 3, trial_id=stage.story.trial)
        told = {"day": first, "measure": "heart_rate", "received": 22, "raw_data_ref": "readings/1"}
        sent = {**feed, **told, "sha256": "a" * 64}
        await stage.act("system:wrist-prod", "trials", "record-daily-summary", **sent)
        await stage.act(DATA_MANAGER, "trials", "end-feed", **feed, ended_on=stage.today, reason="completed")
