"""Sites that are asked, qualified, refused and closed; contracts and people with trainings that end."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.stack.demo.stage import ZONE, Stage
from tests.e2e.desk import LEAD, REGULATORY

START_UP, PRINCIPAL, MONITOR = "start_up_specialist:s-01", "principal_investigator:i-01", "monitor:m-01"
DAY = timedelta(days=1)
QUESTIONS = [
    {"code": "coordinator", "kind": "yes_no", "weight": 30},
    {"code": "patients", "kind": "number", "weight": 30, "target": 12},
]


async def play(stage: Stage) -> None:
    """A site goes its whole way beside the story's own; others are declined, not taken, ended."""
    await _qualified(stage)
    await _not_taken(stage)
    await _renamed(stage)
    await _contracts(stage)
    await _people(stage)
    await _notices(stage)
    await _closed(stage)


async def silent(stage: Stage) -> UUID:
    """A site that leaves its questionnaire unanswered; its id."""
    about = await _identified(stage)
    await _asked(stage, about, days=5)
    return UUID(str(about["site_id"]))


async def _act(stage: Stage, who: str, command: str, about: dict[str, Any], **more: Any) -> None:
    await stage.act(who, "trials", command, **about, **more)


async def _identified(stage: Stage) -> dict[str, Any]:
    about = {"trial_id": stage.story.trial, "site_id": uuid4()}
    where = {"city": "Springfield", "country": "US", "zone": ZONE}
    await _act(
        stage, START_UP, "identify-site", about, name=f"A hospital {str(about['site_id'])[:4]}", **where
    )
    return about


async def _renamed(stage: Stage) -> None:
    """A site that is identified again, by the name it has now."""
    about = await _identified(stage)
    await _act(stage, START_UP, "identify-site", about, name="Springfield General Hospital")


async def _asked(stage: Stage, about: dict[str, Any], days: int = 14) -> dict[str, Any]:
    form = {"questionnaire_id": uuid4()}
    due = stage.today + days * DAY
    await _act(
        stage,
        START_UP,
        "send-feasibility",
        about,
        **form,
        questions=QUESTIONS,
        capacity="patients",
        due_on=due,
    )
    return form


async def _answered(stage: Stage, about: dict[str, Any], outcome: str) -> None:
    form = await _asked(stage, about)
    said = [{"code": "coordinator", "value": True}, {"code": "patients", "value": 9}]
    await _act(stage, PRINCIPAL, "answer-feasibility", about, **form, answers=said)
    await _act(stage, START_UP, "complete-feasibility", about, outcome=outcome)


async def _qualified(stage: Stage) -> None:
    async with stage.step("a site answers, is visited, and is selected without a waiver", 30):
        about = await _identified(stage)
        await _answered(stage, about, "suitable")
        await _act(stage, START_UP, "schedule-qualification", about, visit_on=stage.today)
        report = {"visited_on": stage.today, "report_ref": "etmf/pssv-1"}
        await _act(stage, MONITOR, "qualify-site", about, **report)
        await _act(stage, START_UP, "select-site", about, zone=ZONE, country="US")
    async with stage.step("its part is ended during its start-up", 30):
        paper = {"gate": "lab_cert", "valid_from": stage.today - DAY}
        await _act(stage, START_UP, "record-gate-evidence", about, **paper)
        await _act(stage, LEAD, "terminate-site", about, reason="no_staff")


async def _not_taken(stage: Stage) -> None:
    async with stage.step("one site declines, another is not taken", 30):
        await _act(stage, PRINCIPAL, "decline-site", await _identified(stage), reason="no_interest")
        about = await _identified(stage)
        await _answered(stage, about, "unsuitable")
        await _act(stage, START_UP, "reject-site", about, reason="too_few_patients")


async def _contracts(stage: Stage) -> None:
    about = {"trial_id": stage.story.trial, "site_id": stage.story.site}
    async with stage.step("a contract is negotiated and executed, another one is given up", 30):
        agreed, given_up = ({"contract_id": uuid4()} for _ in range(2))
        steps = ("draft_sent", "comments", "budget_agreed", "legal_review", "signed_by_site")
        for number, step in enumerate(steps):
            day = stage.today - (len(steps) - number) * DAY
            await _act(stage, START_UP, "take-contract-step", about, **agreed, step=step, on=day)
        done = {"executed_on": stage.today, "document_ref": "etmf/cta-1"}
        await _act(stage, START_UP, "execute-contract", about, **agreed, **done)
        await _act(
            stage, START_UP, "take-contract-step", about, **given_up, step="draft_sent", on=stage.today
        )
        await _act(
            stage, START_UP, "abandon-contract", about, **given_up, reason="no_agreement", on=stage.today
        )
        await stage.come("trials.site.gate_evidence_recorded", site_id=about["site_id"], gate="contract")


async def _people(stage: Stage) -> None:
    about = {"trial_id": stage.story.trial, "site_id": stage.story.site}
    async with stage.step("a person is trained and has tasks; one training ends soon, one has ended", 30):
        person = {**about, "investigator_id": uuid4()}
        number = [{"system": "npi", "value": "1234567893"}]
        begun = stage.today - 400 * DAY
        add = {"role": "principal", "identifiers": number, "from_on": begun}
        await _act(stage, START_UP, "add-investigator", person, **add)
        for kind, ends in (("licence", 900), ("protocol_training", 900), ("gcp_training", 20), ("cv", -1)):
            valid = {"valid_from": begun, "valid_to": stage.today + ends * DAY}
            await _act(stage, START_UP, "record-qualification", person, kind=kind, **valid)
        tasks = {"tasks": ["consent", "dosing"], "from_on": stage.today}
        await _act(stage, PRINCIPAL, "delegate-tasks", person, **tasks)
        await stage.come("trials.training.expiring", investigator_id=person["investigator_id"])
        await stage.come("trials.training.expired", investigator_id=person["investigator_id"])
        await stage.come("trials.site.gate_evidence_recorded", site_id=about["site_id"], gate="training")
    async with stage.step("somebody else leaves the site", 30):
        other = {**about, "investigator_id": uuid4()}
        add = {"role": "sub", "identifiers": [{"system": "staff", "value": "s-17"}], "from_on": begun}
        await _act(stage, START_UP, "add-investigator", other, **add)
        await _act(stage, PRINCIPAL, "end-investigator", other, until=stage.today)


async def _notices(stage: Stage) -> None:
    trial = {"trial_id": stage.story.trial}
    number = [{"system": "npi", "value": "1234567893"}]
    told, named = [{**await _identified(stage), "investigator_id": uuid4()} for _ in range(2)]
    async with stage.step("FDA receives the notice of one new investigator; the IND named the other", 30):
        for person in (told, named):
            add = {"role": "principal", "identifiers": number, "from_on": stage.today}
            await _act(stage, START_UP, "add-investigator", person, **add)
            await stage.come("regulatory.investigator_notice.owed", investigator_id=person["investigator_id"])
        receipt = {"investigators": [told["investigator_id"]], "receipt_on": stage.today}
        of = {**trial, "submission_ref": "0007"}
        await stage.act(REGULATORY, "regulatory", "record-investigator-notice", **of, **receipt)
        await stage.come("regulatory.deadline.met", code="ind_new_investigator_30_day")
        reason = {"reason": "named_in_ind", "meaning": "notice not owed", "document_ref": "etmf/ind-1"}
        waived = {"investigators": [named["investigator_id"]], **reason}
        await stage.act(REGULATORY, "regulatory", "waive-investigator-notices", **trial, **waived)
        await stage.come("regulatory.deadline.cancelled", code="ind_new_investigator_30_day")


async def _closed(stage: Stage) -> None:
    about = {"trial_id": stage.story.trial, "site_id": stage.story.site}
    async with stage.step("the site takes no new subjects, and is closed", 30):
        await _act(stage, LEAD, "close-site-enrolment", about, closed_on=stage.today)
        await _act(stage, LEAD, "begin-site-closing", about)
        done = {"ip_reconciled_on": stage.today, "documents_filed_on": stage.today}
        visit = {"visited_on": stage.today, "report_ref": "etmf/cov-1"}
        await _act(stage, LEAD, "close-site", about, **visit, **done)
