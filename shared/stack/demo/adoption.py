"""First act: the registry's records come in, and a sponsor adopts one of their trials under its programme."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from shared.stack.demo.stage import Stage

RECORDS = Path(__file__).with_name("trials.json")
NCT = "NCT05848687"  # not yet recruiting, phases 1 and 2 combined, under an IND

DATA_MANAGER = "data_manager:d-17"
PROJECT_MANAGER = "project_manager:p-04"


async def play(stage: Stage) -> None:
    """From registry records to a trial with a sponsor's plan."""
    await _import(stage)
    known = await _found(stage)
    await _adopt(stage, known, await _programme(stage, known))


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


async def _found(stage: Stage) -> dict[str, Any]:
    known: dict[str, Any] = await stage.ask("trials", f"/v1/trials/nct/{NCT}")
    stage.story.nct, stage.story.trial = NCT, UUID(known["trial_id"])
    stage.story.correlation = UUID(known["correlation_id"])
    return known


async def _programme(stage: Stage, known: dict[str, Any]) -> UUID:
    """The programme above the trial, in phase I; begun once, however often the story is played."""
    programme = uuid5(stage.story.trial, "programme")
    about, done = {"programme_id": programme}, stage.today - timedelta(days=90)
    async with stage.step("the sponsor's programme: preclinical work is done, phase I is decided", 15):
        stage.timeline.follow(stage.story.correlation, stage.watch.events)
        plan = {"product": "Combined therapy", "indication": known["title"], "sponsor": known["sponsor_name"]}
        await stage.act(PROJECT_MANAGER, "trials", "begin-programme", **about, **plan)
        for kind in ("toxicology", "laboratory"):
            milestone = {"milestone_id": uuid5(programme, kind), "kind": kind, "completed_on": done}
            report = {"document_ref": f"etmf/{kind}"}
            await stage.act(
                PROJECT_MANAGER, "trials", "record-preclinical-milestone", **about, **milestone, **report
            )
        decided = {"phase": "I", "evidence": [{"document_ref": "etmf/minutes"}], "decided_on": done}
        await stage.act(
            PROJECT_MANAGER, "trials", "decide-programme-phase", **about, **decided, meaning="approval"
        )
    return programme


async def _adopt(stage: Stage, known: dict[str, Any], programme: UUID) -> None:
    async with stage.step(f"a project lead adopts {NCT} as its sponsor's plan", 15):
        stage.timeline.say(f"{'':9}{known['title']}; registry status {known['registry_status']}")
        await stage.act(
            PROJECT_MANAGER,
            "trials",
            "register-trial",
            title=known["title"],
            phases=known["phases"],
            identifiers=known["identifiers"],
            sponsor=known["sponsor_name"],
            study_type=known["study_type"],
            programme_id=programme,
        )
