"""An authority says yes before day 30, imposes a hold and lifts it; a committee's hold was an error."""

from datetime import timedelta
from uuid import uuid4

from shared.stack.demo.stage import Stage
from tests.contract.scenes.reviews import act
from tests.e2e.desk import LEAD


async def play(stage: Stage) -> None:
    """An early notice, a second authorisation, a clinical hold and its lift, and a hold that is annulled."""
    story = stage.story
    async with stage.step("the authority writes before day 30", 20):
        about = {"ind_id": uuid4(), "trial_ids": [story.trial]}
        received = stage.today - timedelta(days=5)
        await act(stage, "record-ind-receipt", **about, receipt_on=received)
        notice = {"notice_on": stage.today, "letter_ref": "letters/notice-1"}
        await act(stage, "record-ind-early-notice", ind_id=about["ind_id"], **notice)
    async with stage.step("another country's authority lets the trial begin there", 20):
        consent = {"country": "DE", "effective_on": stage.today, "authorisation": uuid4()}
        await stage.act(LEAD, "trials", "record-authorisation", trial_id=story.trial, **consent)
    async with stage.step("a clinical hold closes the site's gate, its lift opens it again", 30):
        hold = {"hold_id": uuid4()}
        imposed = {"kind": "full", "received_on": stage.today, "authority": "FDA"}
        await act(stage, "impose-clinical-hold", **hold, trial_ids=[story.trial], **imposed)
        await stage.come("trials.site.gate_revoked", site_id=story.site, gate="ha_ok")
        await stage.come("trials.site.suspended", site_id=story.site)
        lifted = {"lifted_on": stage.today, "letter_ref": "letters/lift-1"}
        await act(stage, "lift-clinical-hold", **hold, **lifted)
        await stage.come("trials.hold.lifted", source="clinical_hold")
        await stage.come("trials.site.resumed", site_id=story.site)
    async with stage.step("a committee's hold rested on an error and is annulled", 20):
        wrong = {"hold_id": uuid4(), "trial_id": story.trial, "source": "dsmb"}
        scope = {"scope_kind": "trial", "scope_id": story.trial}
        await stage.act(LEAD, "trials", "apply-hold", **wrong, **scope)
        await stage.come("trials.site.suspended", 2, site_id=story.site)
        await stage.act(LEAD, "trials", "annul-hold", **wrong, reason="letter meant for another trial")
        await stage.come("trials.site.resumed", 2, site_id=story.site)
