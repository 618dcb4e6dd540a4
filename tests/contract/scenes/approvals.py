"""A board suspends its approval, takes that back, and ends it in the end."""

from shared.stack.demo.stage import Stage
from tests.contract.scenes.reviews import act


async def play(stage: Stage) -> None:
    """Suspended and reinstated, then terminated: the site stops, goes on, and stops."""
    site = stage.story.site
    async with stage.step("a suspended approval stops its site until it is reinstated", 30):
        (begun,) = await stage.come("regulatory.irb.approval_activated", trial_id=stage.story.trial)
        about = {"approval_id": begun.data["approval_id"]}
        reason = {"reason": "continuing_noncompliance"}
        await act(stage, "suspend-approval", **about, suspended_on=stage.today, **reason)
        await stage.come("trials.site.suspended", site_id=site)
        await act(stage, "reinstate-approval", **about, reinstated_on=stage.today)
        await stage.come("trials.site.resumed", site_id=site)
    async with stage.step("a terminated approval stops it for good", 30):
        await act(stage, "terminate-approval", **about, terminated_on=stage.today, **reason)
        await stage.come("trials.site.suspended", 2, site_id=site)
