"""Third act: another hospital is asked, scored, visited, chosen and activated, under a board of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.stack.demo import start_up
from shared.stack.demo.stage import ZONE, Stage

START_UP = "start_up_specialist:s-22"
INVESTIGATOR = "principal_investigator:i-14"
MONITOR = "monitor:m-41"
COORDINATOR = "site_coordinator:c-32"

QUESTIONS = [
    {"code": "study_coordinator", "kind": "yes_no", "weight": 40},
    {"code": "patients_a_year", "kind": "number", "weight": 60, "target": 12},
]
ANSWERS = [{"code": "study_coordinator", "value": True}, {"code": "patients_a_year", "value": 9}]


async def play(stage: Stage) -> UUID:
    """From a questionnaire to an active site; the id of its first subject, who is not randomised yet."""
    about = {"trial_id": stage.story.trial, "site_id": stage.story.second_site}
    await _asked(stage, about)
    await _qualified(stage, about)
    await start_up.ethics(stage, stage.story.second_site)
    await start_up.papers(stage, stage.story.second_site)
    await start_up.activate(stage, stage.story.second_site)
    return await _enrol(stage, about)


async def _asked(stage: Stage, about: dict[str, Any]) -> None:
    async with stage.step("a second hospital answers the feasibility questionnaire; its score is fixed", 15):
        name = f"Second demonstration site {str(about['site_id'])[:4]}"
        where = {"city": "Springfield", "country": "US", "zone": ZONE}
        await stage.act(START_UP, "trials", "identify-site", **about, name=name, **where)
        form = {"questionnaire_id": uuid4()}
        due = {"capacity": "patients_a_year", "due_on": stage.today + timedelta(days=14)}
        await stage.act(START_UP, "trials", "send-feasibility", **about, **form, **due, questions=QUESTIONS)
        await stage.act(INVESTIGATOR, "trials", "answer-feasibility", **about, **form, answers=ANSWERS)
        await stage.act(START_UP, "trials", "complete-feasibility", **about, outcome="suitable")
        (scored,) = await stage.come("trials.site.feasibility_completed", site_id=about["site_id"])
        if not 0 < scored.data["score"] <= 100:
            stage.fail(f"a score of {scored.data['score']}")


async def _qualified(stage: Stage, about: dict[str, Any]) -> None:
    async with stage.step("a monitor's visit finds it able, and it is selected", 15):
        await stage.act(START_UP, "trials", "schedule-qualification", **about, visit_on=stage.today)
        visit = {"visited_on": stage.today, "report_ref": "etmf/qualification-visit"}
        await stage.act(MONITOR, "trials", "qualify-site", **about, **visit)
        chosen = {"irb": "local board", "zone": ZONE, "country": "US"}
        await stage.act(START_UP, "trials", "select-site", **about, **chosen)
        await stage.come("trials.site.selected", site_id=about["site_id"])


async def _enrol(stage: Stage, about: dict[str, Any]) -> UUID:
    subject = uuid4()
    async with stage.step("a subject enrols there", 15):
        told = {"subject_code": f"{str(about['site_id'])[:4]}-001", "enrolled_on": stage.today}
        await stage.act(COORDINATOR, "trials", "enrol-subject", **about, subject_id=subject, **told)
        (enrolled,) = await stage.come("trials.subject.enrolled", subject_id=subject)
        if broken := enrolled.data.get("breaks"):
            stage.fail(f"the enrolment broke {broken}")
        await stage.come("trials.site.enrolment_started", site_id=about["site_id"])
    return subject
