"""Structured criteria, and candidates held against them."""

import json

from shared.stack.demo.stage import Stage
from tests.contract.scenes.subjects import DATA_MANAGER
from tests.e2e.desk import COORDINATOR


async def play(stage: Stage) -> None:
    """One candidate passes, of another the age is not known."""
    trial, site = stage.story.trial, stage.story.site
    async with stage.step("candidates are held against the trial's criteria", 20):
        age = {"code": "I1", "kind": "inclusion", "attribute": "age", "low": 18, "high": 75}
        sex = {"code": "E1", "kind": "exclusion", "attribute": "condition", "codes": ["I21"]}
        recorded = {"trial_id": trial, "protocol_version": "1.0", "criteria": [age, sex]}
        await stage.act(DATA_MANAGER, "trials", "record-criteria", **recorded)
        candidates = [
            {"code": "C-1", "attributes": {"age": 54, "condition": ["E11"]}},
            {"code": "C-2", "attributes": {"condition": ["I21"]}},
        ]
        answer = await stage.web.post(
            f"{stage.found.services['trials']}/v1/matching",
            params={"trial": str(trial), "site": str(site)},
            content=json.dumps({"candidates": candidates}),
            headers=stage.issuer.headers(COORDINATOR) | {"Content-Type": "application/json"},
        )
        outcomes = [one["outcome"] for one in answer.json()["matches"]]
        if outcomes != ["eligible", "ineligible"]:
            stage.fail(f"{answer.status_code} {answer.text[:400]}")
        await stage.come("trials.matching.run", site_id=site)
