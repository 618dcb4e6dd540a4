"""A desk from which end-to-end tests act: a stage of the demonstration with a trial of its own."""

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.stack import clock
from shared.stack.access import OBSERVER
from shared.stack.api import StackAddresses
from shared.stack.demo import start_up
from shared.stack.demo.stage import Stage
from shared.stack.demo.timeline import Timeline
from shared.stack.demo.watch import Watch
from shared.stack.home import Home
from shared.stack.issuer import EmbeddedIssuer

LEAD = "project_manager:p-01"
COORDINATOR = "site_coordinator:c-01"
REGULATORY = "regulatory_affairs:r-01"


@contextlib.asynccontextmanager
async def desk(found: StackAddresses, home: Path) -> AsyncIterator[Stage]:
    """A stage on the running stack, with its watch on."""
    watch, timeline = Watch(lambda _: None), Timeline(quiet=True)
    async with watch.on(found.broker(OBSERVER)), httpx.AsyncClient(timeout=30, trust_env=False) as web:
        here = Home.at(home)
        yield Stage(found, EmbeddedIssuer.at(here), web, watch, timeline, clock.ahead(here))


async def enrolling_trial(stage: Stage, approved_for: timedelta = timedelta(days=300)) -> None:
    """A new trial with one active site and three subjects; the board's approval lasts for so long."""
    stage.story.correlation = uuid4()
    async with stage.step("a trial is registered", 20):
        told = await stage.act(
            LEAD, "trials", "register-trial", title="A trial of the tests", sponsor="Sponsor"
        )
        stage.story.trial = UUID(told["stream_id"])
        for status in ("in_review", "approved"):
            await stage.act(LEAD, "trials", "change-trial-status", trial_id=stage.story.trial, status=status)
    await start_up.play(stage, approved_for)


def about(stage: Stage, subject: UUID | None = None) -> dict[str, Any]:
    """The ids that commands about a subject name: of the first one, unless another is given."""
    story = stage.story
    return {
        "trial_id": story.trial,
        "site_id": story.site,
        "subject_id": subject or story.subjects[0],
    }


async def permissions(stage: Stage) -> dict[str, list[str]]:
    """Each effect with the holds that forbid it at the site now."""
    story = stage.story
    answer = await stage.ask("trials", f"/v1/trials/{story.trial}/permissions", site=str(story.site))
    told: dict[str, list[str]] = answer["permissions"]
    return told
