"""First act: the registry's records come in, and a sponsor adopts one of their trials."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

from shared.stack.demo.stage import Stage

RECORDS = Path(__file__).with_name("trials.json")
NCT = "NCT05848687"  # not yet recruiting, phases 1 and 2 combined, under an IND

DATA_MANAGER = "data_manager:d-17"
PROJECT_MANAGER = "project_manager:p-04"


async def play(stage: Stage) -> None:
    """From registry records to a trial with a sponsor's plan."""
    await _import(stage)
    await _adopt(stage)


async def _import(stage: Stage) -> None:
    async with stage.step("a data manager imports the registry's records", 20):
        answer = await stage.web.post(
            f"{stage.found.services['trials']}/v1/imports/ctgov",
            content=RECORDS.read_bytes(),
            headers=stage.issuer.headers(DATA_MANAGER),
        )
        told = answer.raise_for_status().json()
        if told["rejected"] or told["imported"] + told["unchanged"] != told["read"]:
            stage.fail(f"the import says {json.dumps(told)}")
        stage.timeline.say(
            f"{'':9}read {told['read']}, imported {told['imported']}, unchanged {told['unchanged']}"
        )


async def _adopt(stage: Stage) -> None:
    async with stage.step(f"a project lead adopts {NCT} as its sponsor's plan", 15):
        known = await stage.ask("trials", f"/v1/trials/nct/{NCT}")
        stage.story.nct, stage.story.trial = NCT, UUID(known["trial_id"])
        stage.story.correlation = UUID(known["correlation_id"])
        stage.timeline.say(f"{'':9}{known['title']}; registry status {known['registry_status']}")
        stage.timeline.follow(stage.story.correlation, stage.watch.events)
        await stage.act(
            PROJECT_MANAGER,
            "trials",
            "register-trial",
            title=known["title"],
            phases=known["phases"],
            identifiers=known["identifiers"],
            sponsor=known["sponsor_name"],
            study_type=known["study_type"],
        )
