"""Organisations are chosen, tried, engaged and judged; obligations go to one and come back with deadlines."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from shared.stack.demo.stage import ZONE, Stage
from tests.contract.scenes import cases
from tests.contract.scenes.legs import request, sent

SPONSOR = "sponsor:o-01"
SHA256 = "70a0" * 16
WRITTEN: dict[str, Any] = {"document_ref": "toro:1", "sha256": SHA256}
OBLIGATIONS = ("safety_reporting", "record_retrieval")


async def play(stage: Stage) -> None:
    """One organisation all the way, another that declines, then the ledger of the story's trial."""
    await _engaged(stage)
    await _declined(stage)
    await _obligations(stage)


async def _considered(stage: Stage, name: str) -> dict[str, Any]:
    of = {"engagement_id": uuid4()}
    about = {"trial_id": stage.story.trial, "organisation_id": uuid4(), "name": name, "model": "full_service"}
    await stage.act(SPONSOR, "trials", "consider-organisation", **of, **about)
    return of


async def _engaged(stage: Stage) -> None:
    day = stage.today
    contract = {"contract_ref": "contract:1", "sha256": SHA256}
    async with stage.step("an organisation is asked, chosen, tried and engaged", 30):
        of = await _considered(stage, "CRO of the scenes")
        await stage.act(SPONSOR, "trials", "invite-organisation", **of, invited_on=day - timedelta(days=90))
        proposal = {"received_on": day - timedelta(days=80), "document_ref": "proposal:1", "sha256": SHA256}
        await stage.act(SPONSOR, "trials", "record-proposal", **of, **proposal)
        score = {"criterion": "technology", "points": 80, "source": "rfp_answers", "as_of": day}
        await stage.act(SPONSOR, "trials", "enter-score", **of, **score)
        weights = [{"criterion": "technology", "weight": 30}, {"criterion": "on_time_delivery", "weight": 70}]
        await stage.act(SPONSOR, "trials", "weigh-scorecard", **of, weights=weights, reason="pilot_first")
        chosen = {"selected_on": day - timedelta(days=70), "reason": "best_score"}
        await stage.act(SPONSOR, "trials", "select-organisation", **of, **chosen)
        bounds = {"since": day - timedelta(days=60), "until": day}
        criteria = [{"code": "first_site", "target": "first site active within 60 days"}]
        await stage.act(SPONSOR, "trials", "start-pilot", **of, **bounds, criteria=criteria, **contract)
        shown = [{"code": "first_site", "met": True}]
        await stage.act(SPONSOR, "trials", "evaluate-pilot", **of, evaluated_on=day, outcomes=shown)
        await stage.act(SPONSOR, "trials", "engage-organisation", **of, executed_on=day, **contract)
        ended = {"ended_on": day, "reason": "work_completed"}
        await stage.act(SPONSOR, "trials", "end-engagement", **of, **ended)


async def _declined(stage: Stage) -> None:
    async with stage.step("another organisation declines", 20):
        of = await _considered(stage, "Another CRO of the scenes")
        answer = {"declined_on": stage.today, "by": "organisation", "reason": "capacity"}
        await stage.act(SPONSOR, "trials", "decline-engagement", **of, **answer)


async def _obligations(stage: Stage) -> None:
    """Deadlines of three services go to the organisation, and back."""
    async with stage.step("a report, a judgement of information and a leg have their deadlines", 30):
        case = await cases.reported(stage, 1)
        await cases.assess(stage, case)
        await stage.come("regulatory.report.opened", 2, **case)
        info = {"source": "site", "received_on": stage.today, "zone": ZONE, "info_id": uuid4()}
        told = case | info | {"trial_id": stage.story.trial}
        await stage.act(cases.REVIEWER, "safety", "record-new-information", **told)
        await stage.come("safety.deadline.armed", subject_id=case["case_id"])
        leg = await sent(stage, await request(stage))
        await stage.come("retrieval.deadline.armed", subject_id=leg["leg_id"])
    of: dict[str, Any] = {"trial_id": stage.story.trial, "obligations": OBLIGATIONS}
    async with stage.step("two obligations are transferred in writing", 30):
        to = {"organisation_id": uuid4(), "since": stage.today - timedelta(days=10)}
        await stage.act(SPONSOR, "trials", "transfer-obligations", **of, **to, **WRITTEN)
        for service in ("regulatory", "safety", "retrieval"):
            await stage.come(f"{service}.deadline.assigned", organisation_id=to["organisation_id"])
        await stage.come("regulatory.report.assigned", organisation_id=to["organisation_id"])
    async with stage.step("and taken back", 30):
        await stage.act(SPONSOR, "trials", "return-obligations", **of, since=stage.today, **WRITTEN)
        for service in ("regulatory", "safety", "retrieval"):
            await stage.come(f"{service}.deadline.returned")
