"""Fifth act: a board stops the second site and lets it go on, and a randomisation system of others obeys."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from shared.stack.demo.randomisation import RandomisationSystem
from shared.stack.demo.stage import Stage
from shared.stack.demo.timeline import short
from shared.stack.demo.watch import Seen

COORDINATOR = "site_coordinator:c-32"
REGULATORY = "regulatory_affairs:r-11"
SYSTEM = "randomisation_system"
FILED = {"meaning": "filed as the board decided"}
STATUS_CHANGES = 3  # the site recruits, is suspended, recruits again
About = dict[str, Any]


async def play(stage: Stage, subject: UUID) -> None:
    """The subject is refused while the second site is suspended, and randomised once it goes on."""
    trial, site = stage.story.trial, stage.story.second_site
    about = {"trial_id": trial, "site_id": site, "subject_id": subject, "randomised_on": stage.today}
    approvals = await stage.come("regulatory.irb.approval_activated", site_ids=[str(site)])
    approval = {"approval_id": approvals[-1].data["approval_id"]}
    token = stage.issuer.token("irt-1", [SYSTEM], sponsors=(), trials=[trial])
    with tempfile.TemporaryDirectory(prefix="trialwire-randomiser-") as folder:
        async with contextlib.AsyncExitStack() as running:
            async with stage.step("a randomisation system of others starts, and reads the topic", 15):
                system = RandomisationSystem(stage.found, token, Path(folder))
                await running.enter_async_context(system)
            hold = await _suspended(stage, about, approval)
            await _refused(stage, system, about, hold)
            await _resumed(stage, about, approval, hold)
            await _randomised(stage, system, about)
    await _registry(stage)


async def _suspended(stage: Stage, about: About, approval: About) -> str:
    async with stage.step("the second site's board suspends its approval: the site stops", 15):
        told = {"suspended_on": stage.today, "reason": "consent_process"}
        await stage.act(REGULATORY, "regulatory", "suspend-approval", **approval, **told, **FILED)
        site = about["site_id"]
        (hold,) = await stage.come("trials.hold.applied", scope_id=site, source="irb_suspension")
        await stage.come("trials.permissions.changed", scope_id=site)
        await stage.come("trials.site.suspended", site_id=site)
        return str(hold.data["hold_id"])


async def _refused(stage: Stage, system: RandomisationSystem, about: About, hold: str) -> None:
    async with stage.step("the randomisation system refuses, and so does the service", 15):
        said = await system.randomise(**about)
        if said != {"answer": "refused", "rule": "hold.randomise", "holds": [hold]}:
            stage.fail(f"the randomisation system says {said}")
        answer = await stage.post(COORDINATOR, "trials", "randomise-subject", **about)
        if answer.status_code != 409 or hold not in answer.text:
            stage.fail(f"the service says {answer.status_code} {answer.text[:200]}")
        stage.timeline.say(f"{'':9}both name the hold {hold}")


async def _resumed(stage: Stage, about: About, approval: About, hold: str) -> None:
    async with stage.step("the board takes its suspension back: the site goes on", 15):
        back = {"reinstated_on": stage.today}
        await stage.act(REGULATORY, "regulatory", "reinstate-approval", **approval, **back, **FILED)
        await stage.come("trials.hold.lifted", hold_id=hold)
        await stage.come("trials.permissions.changed", 2, scope_id=about["site_id"])
        await stage.come("trials.site.resumed", site_id=about["site_id"])


async def _randomised(stage: Stage, system: RandomisationSystem, about: About) -> None:
    async with stage.step(
        "the randomisation system allocates in its own file, and reports the fact alone", 15
    ):
        said = await system.randomise(**about)
        if said["answer"] != "randomised":
            stage.fail(f"the randomisation system says {said}")
        await stage.come("trials.subject.randomised", subject_id=about["subject_id"])
        stage.timeline.say(f"{'':9}number {said['number']}; which arm it means is in no event")


async def _registry(stage: Stage) -> None:
    """What the second site did, and the amendment, stand on the registry before their days."""
    trial, site = stage.story.trial, stage.story.second_site
    async with stage.step("regulatory affairs tells the registry of the second site and the amendment", 15):
        await stage.come("regulatory.registry.duty_arisen", STATUS_CHANGES, subject_id=site)
        await stage.watch.until(lambda: any(_of_amendment(seen) for seen in stage.ours()))
        told = {"trial_id": trial, "act": "update", "updated_on": stage.today}
        await stage.act(REGULATORY, "regulatory", "record-registry-update", **told)
        await stage.come("regulatory.registry.updated", 2, trial_id=trial)


def _of_amendment(seen: Seen) -> bool:
    duty = short(seen.type) == "registry.duty_arisen"
    return duty and bool(seen.data["clock"]["code"] == "registry_protocol_change_30_day")
