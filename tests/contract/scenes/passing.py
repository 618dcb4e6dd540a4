"""What time alone does: an approval lapses, a custodian stays silent, due dates come near and pass."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.rules.packs import pack
from shared.stack import clock
from shared.stack.demo.records import CUSTODIAN
from shared.stack.demo.stage import ZONE, Stage
from shared.stack.home import Home
from tests.contract.scenes import cases, sites
from tests.contract.scenes.legs import About, act, received, released, request, sent
from tests.contract.scenes.reviews import act as board
from tests.contract.scenes.reviews import approve, submitted
from tests.e2e.desk import COORDINATOR, LEAD, REGULATORY

STATED = "corrected to what the letter states"
REVIEW = pack("internal").find("significance_review_1_day", "operational")


async def play(stage: Stage, home: Home) -> None:
    """Twelve days, then five more; the board's approval ends on the first of them."""
    async with stage.step("a custodian is asked", 30):
        leg = await sent(stage, await request(stage, "safety_followup"))
        silent = await sites.silent(stage)
        asked = await _asked(stage)
        (begun,) = await stage.come("regulatory.irb.approval_activated", trial_id=stage.story.trial)
    approval = {"approval_id": begun.data["approval_id"]}
    await _lapse(stage, home, approval, leg, silent)
    await _answered(stage, asked)
    await _annulled(stage, approval, begun.id)
    await _silence(stage, home, leg)
    await _renewed(stage, approval)
    await _one_working_day(stage, home)


async def _asked(stage: Stage) -> dict[str, Any]:
    """A country whose authority waits for an answer."""
    of: dict[str, Any] = {"trial_id": stage.story.trial, "country": "NL"}
    asked = {"request_id": uuid4(), "asked_on": stage.today, "due_on": stage.today + timedelta(days=5)}
    await stage.act(LEAD, "trials", "plan-country", **of, zone="Europe/Amsterdam")
    await stage.act(LEAD, "trials", "submit-country", **of, submitted_on=stage.today)
    await stage.act(REGULATORY, "trials", "record-information-request", **of, **asked)
    return of | {"request_id": asked["request_id"], "answered_on": stage.today}


async def _answered(stage: Stage, answer: dict[str, Any]) -> None:
    async with stage.step("an answer given in time is entered late: the application has not lapsed", 30):
        await stage.act(REGULATORY, "trials", "answer-information-request", **answer)
        await stage.come("trials.country.lapse_annulled", country="NL", trial_id=stage.story.trial)


def advance(stage: Stage, home: Home, days: int) -> None:
    """Set business time forward, as `trialwire clock advance` does."""
    clock.put_forward(home, timedelta(days=days))
    stage.today += timedelta(days=days)


async def _lapse(stage: Stage, home: Home, approval: dict[str, Any], leg: About, silent: UUID) -> None:
    advance(stage, home, 12)
    async with stage.step("the approval lapses, and research at the site stops", 30):
        await stage.come("regulatory.irb.approval_lapsed", **approval)
        await stage.come("trials.hold.applied", source="irb_lapse", scope_id=stage.story.site)
        await stage.come("trials.site.suspended", site_id=stage.story.site)
        await stage.come("retrieval.deadline.at_risk")
        await stage.come("retrieval.leg.follow_up_due", leg_id=leg["leg_id"])
        await stage.come("trials.site.feasibility_overdue", site_id=silent)


async def _annulled(stage: Stage, approval: dict[str, Any], corrects: Any) -> None:
    async with stage.step("the letter had a later date: there was no lapse", 30):
        dates = {
            "effective_on": stage.today - timedelta(days=19),
            "expires_on": stage.today + timedelta(days=2),
        }
        wrong = {"corrects": corrects, "zone": ZONE, "reason": "date_misread"}
        await board(stage, "correct-approval", **approval, **dates, **wrong, meaning=STATED)
        await stage.come("regulatory.irb.lapse_annulled", **approval)
        await stage.come("trials.hold.annulled", source="irb_lapse")
        await stage.come("trials.site.resumed", site_id=stage.story.site)


async def _silence(stage: Stage, home: Home, leg: About) -> None:
    advance(stage, home, 5)
    async with stage.step("the custodian's silence is escalated, the service level is missed", 30):
        await stage.come("retrieval.leg.escalated", leg_id=leg["leg_id"])
        await stage.come("retrieval.deadline.missed", subject_id=leg["leg_id"])
        await stage.come("trials.hold.applied", 2, source="irb_lapse", scope_id=stage.story.site)
    async with stage.step("the records come late", 30):
        await act(stage, "acknowledge-leg", CUSTODIAN, **leg, acknowledged_on=stage.today)
        await received(stage, leg)
        await released(stage, leg)
        await act(stage, "deliver-records", **leg, recipient="safety-desk")
        await stage.come("retrieval.deadline.met_late")


async def _renewed(stage: Stage, approval: dict[str, Any]) -> None:
    async with stage.step("the board renews", 30):
        about = await submitted(stage, kind="continuing", renews=approval["approval_id"])
        await approve(stage, about, 364)
        await stage.come("regulatory.irb.renewal_recorded", **approval)
        await stage.come("regulatory.irb.approval_renewed", **approval)
        await stage.come("trials.hold.lifted", source="irb_lapse")
        await stage.come("trials.site.resumed", 2, site_id=stage.story.site)


async def _one_working_day(stage: Stage, home: Home) -> None:
    while (back := _due_today(stage)) is None:
        advance(stage, home, 1)
    async with stage.step("information waits on the last day for judging it", 30):
        case = await cases.reported(stage, 1)
        info = {"info_id": uuid4(), "source": "site", "zone": ZONE, "trial_id": stage.story.trial}
        received_on = stage.today - timedelta(days=back)
        about = {**case, **info, "received_on": received_on}
        await stage.act(COORDINATOR, "safety", "record-new-information", **about)
        await stage.come("safety.deadline.at_risk")


def _due_today(stage: Stage) -> int | None:
    """How many days ago information came whose review is due today; None on a day that is no working day."""
    ago = (
        n for n in range(1, 7) if REVIEW.clock(stage.today - timedelta(days=n), ZONE).due_on == stage.today
    )
    return next(ago, None)
