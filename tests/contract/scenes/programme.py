"""A programme with its authorisations and decisions, a trial in a country, and duties that are released."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from shared.stack.demo.stage import Stage
from tests.e2e.desk import LEAD, REGULATORY

FILED = {"meaning": "filed as the authority decided"}


async def play(stage: Stage) -> None:
    """Development of a product, its trial in the Netherlands, and what the registry is not owed."""
    await _programme(stage)
    await _country(stage)
    await _registry(stage)


async def _programme(stage: Stage) -> None:
    programme = {"programme_id": uuid4()}
    day = stage.today - timedelta(days=30)
    async with stage.step("a programme begins, its preclinical work is done, and it moves to phase I", 20):
        plan = {"product": "P-1", "comparators": ["placebo"], "indication": "asthma"}
        await stage.act(LEAD, "trials", "begin-programme", **programme, **plan, sponsor="Sponsor")
        for kind in ("toxicology", "laboratory"):
            study = {"kind": kind, "completed_on": day, "document_ref": f"etmf/{kind}", "sha256": "a" * 64}
            await stage.act(LEAD, "trials", "record-preclinical-milestone", **programme, **study)
        evidence = [{"document_ref": "etmf/minutes", "sha256": "b" * 64}]
        decided = {"phase": "I", "evidence": evidence, "decided_on": day, "meaning": "approval"}
        await stage.act(LEAD, "trials", "decide-programme-phase", **programme, **decided)
    async with stage.step("a trial is registered under it, and its IND is recorded", 20):
        trial = uuid4()
        plan_of_trial = {"title": "First in human", "sponsor": "Sponsor", "phases": ["PHASE1"]}
        await stage.act(LEAD, "trials", "register-trial", trial_id=trial, **plan_of_trial, **programme)
        await stage.come("trials.programme.trial_added", trial_id=trial)
        ind = {"kind": "ind", "number": "IND 100001", "country": "US", "in_effect_on": day, "covers": [trial]}
        await stage.act(REGULATORY, "trials", "record-programme-authorisation", **programme, **ind, **FILED)


async def _country(stage: Stage) -> None:
    of: dict[str, Any] = {"trial_id": stage.story.trial, "country": "NL"}
    day = stage.today - timedelta(days=10)
    async with stage.step("the authority of a country asks, is answered, and authorises", 20):
        zone = {"zone": "Europe/Amsterdam", "open_on": stage.today}
        await stage.act(LEAD, "trials", "plan-country", **of, **zone)
        await stage.act(LEAD, "trials", "submit-country", **of, submitted_on=day)
        question = {"request_id": uuid4()}
        asked = {"asked_on": day, "due_on": stage.today + timedelta(days=2)}
        await stage.act(REGULATORY, "trials", "record-information-request", **of, **question, **asked)
        await stage.act(REGULATORY, "trials", "answer-information-request", **of, **question, answered_on=day)
        word = {"decision": "authorised", "decided_on": day, **FILED}
        await stage.act(REGULATORY, "trials", "record-country-decision", **of, **word)
        await stage.come("trials.trial.authorised", trial_id=stage.story.trial, country="NL")
        await stage.act(LEAD, "trials", "open-country", **of, opened_on=day)


async def _registry(stage: Stage) -> None:
    about = {"trial_id": stage.story.trial}
    async with stage.step("the trial proves to be no applicable clinical trial", 20):
        release = {"reason": "not_an_applicable_trial", "meaning": "registry duty not owed"}
        await stage.act(REGULATORY, "regulatory", "release-registry-duties", **about, **release)
        await stage.come("regulatory.registry.duties_released", trial_id=stage.story.trial)
