"""Second act: a site of the trial is chosen, approved, made ready, activated and used."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from shared.stack.demo.stage import ZONE, Stage

SUBJECTS = 3

PROJECT_MANAGER = "project_manager:p-04"
START_UP = "start_up_specialist:s-22"
REGULATORY = "regulatory_affairs:r-11"
COORDINATOR = "site_coordinator:c-31"

# What the site shows on paper; the board's approval and the authority's word come by events.
PAPERS = (
    "contract",
    "form_1572",
    "financial_disclosure",
    "delegation_log",
    "training",
    "lab_cert",
    "ip_on_site",
    "ib_receipt",
    "siv_done",
    "consent_version_released",
)


async def play(stage: Stage, approved_for: timedelta = timedelta(days=357)) -> None:
    """From a chosen site to enrolled subjects; the board's approval lasts for so long from today."""
    site = stage.story.site
    await _choose_a_site(stage)
    await ethics(stage, site, approved_for)
    await _ind(stage)
    await papers(stage, site)
    first = await activate(stage, site)
    await _enrol(stage)
    await _registry(stage, first)


async def _choose_a_site(stage: Stage) -> None:
    story = stage.story
    about = {"trial_id": story.trial, "site_id": story.site}
    async with stage.step("a start-up specialist identifies and selects a site", 15):
        name = f"Demonstration site {_code(story.site)}"
        await stage.act(START_UP, "trials", "identify-site", **about, name=name, country="US", zone=ZONE)
        chosen = {"irb": "central board", "zone": ZONE, "country": "US"}
        await stage.act(
            START_UP, "trials", "select-site", **about, **chosen, qualification_waived="worked_with_before"
        )
        await stage.come("regulatory.irb.review_opened")


async def ethics(stage: Stage, site: UUID, approved_for: timedelta = timedelta(days=357)) -> None:
    """The site's board reviews version 1.0 of the protocol and approves it for so long from today."""
    today = stage.today
    async with stage.step(f"the ethics board of site {_code(site)} takes the review and approves", 15):
        (opened,) = await stage.come("regulatory.irb.review_opened", site_ids=[str(site)], kind="initial")
        review = opened.data["review_id"]
        submitted = today - timedelta(days=21)
        await stage.act(
            REGULATORY,
            "regulatory",
            "submit-review",
            review_id=review,
            protocol_version="1.0",
            submitted_on=submitted,
        )
        await stage.act(REGULATORY, "regulatory", "start-pre-review", review_id=review)
        await stage.act(REGULATORY, "regulatory", "start-review", review_id=review, path="convened")
        await stage.act(
            REGULATORY,
            "regulatory",
            "determine-review",
            review_id=review,
            outcome="approved",
            meaning="filed as the board decided",
            decided_on=today - timedelta(days=7),
            effective_on=today - timedelta(days=7),
            expires_on=today + approved_for,
        )
        await stage.come("trials.site.gate_satisfied", site_id=site, gate="irb_current")


async def _ind(stage: Stage) -> None:
    story, ind = stage.story, uuid4()
    async with stage.step("30 days after the authority's receipt nobody holds the IND: it is in effect", 15):
        received = stage.today - timedelta(days=45)
        about = {"ind_id": ind, "trial_ids": [story.trial]}
        await stage.act(REGULATORY, "regulatory", "record-ind-receipt", **about, receipt_on=received)
        meaning = "no hold received by any means"
        await stage.act(REGULATORY, "regulatory", "confirm-ind-in-effect", **about, meaning=meaning)
        await stage.come("trials.site.gate_satisfied", site_id=story.site, gate="ha_ok")


async def papers(stage: Stage, site: UUID) -> None:
    """What the site shows on paper, until it is ready."""
    async with stage.step(f"the papers of site {_code(site)} open its other gates, one by one", 20):
        for gate in PAPERS:
            await stage.act(
                START_UP,
                "trials",
                "record-gate-evidence",
                trial_id=stage.story.trial,
                site_id=site,
                gate=gate,
                valid_from=stage.today - timedelta(days=10),
                document_ref=f"etmf/{gate}",
            )
        await stage.come("trials.site.ready", site_id=site)


async def activate(stage: Stage, site: UUID) -> bool:
    """Whether it is the trial's first active site, which makes the trial active."""
    story = stage.story
    known = await stage.ask("trials", f"/v1/trials/{story.trial}")
    async with stage.step(f"a project lead signs the activation of site {_code(site)}", 15):
        about = {"trial_id": story.trial, "site_id": site}
        await stage.act(PROJECT_MANAGER, "trials", "activate-site", **about, meaning="approval")
        await stage.come("trials.site.activated", site_id=site)
    return bool(known["status"] == "approved")


async def _enrol(stage: Stage) -> None:
    story = stage.story
    async with stage.step(f"{SUBJECTS} subjects enrol; the first is randomised and dosed", 15):
        for number in range(1, SUBJECTS + 1):
            subject = uuid4()
            story.subjects.append(subject)
            about = {"trial_id": story.trial, "site_id": story.site, "subject_id": subject}
            code = f"{_code(story.site)}-{number:03}"
            await stage.act(
                COORDINATOR, "trials", "enrol-subject", **about, subject_code=code, enrolled_on=stage.today
            )
        about["subject_id"] = story.subjects[0]
        await stage.act(COORDINATOR, "trials", "randomise-subject", **about, randomised_on=stage.today)
        await stage.act(COORDINATOR, "trials", "dose-subject", **about, dose_on=stage.today)
        enrolled = await stage.come("trials.subject.enrolled", SUBJECTS, site_id=story.site)
        if broken := [seen.data["breaks"] for seen in enrolled if seen.data.get("breaks")]:
            stage.fail(f"an enrolment broke {broken}")
        await stage.come("trials.subject.dosing_released", subject_id=story.subjects[0])
        await stage.come("trials.site.enrolment_started", site_id=story.site)


async def _registry(stage: Stage, first: bool) -> None:
    """The site, and with the first one the trial, changed their status: the registry is told of it."""
    story = stage.story
    async with stage.step("regulatory affairs tells the registry that trial and site recruit", 15):
        await stage.come("regulatory.registry.duty_arisen", subject_id=story.site)
        if first:
            await stage.come("regulatory.registry.duty_arisen", subject_id=story.trial, status="RECRUITING")
        told = {"trial_id": story.trial, "act": "update", "updated_on": stage.today}
        await stage.act(REGULATORY, "regulatory", "record-registry-update", **told)
        await stage.come("regulatory.registry.updated", trial_id=story.trial)


def _code(site: UUID) -> str:
    """As it stands in the site's name and in the codes of its subjects."""
    return str(site)[:4]
