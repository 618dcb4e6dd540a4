"""Plays every scene on a running stack, clock at last moved forward: `python -m tests.contract.scenes`."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from shared.stack.api import StackAddresses, start_stack
from shared.stack.demo.stage import Stage
from shared.stack.home import Home
from tests.contract.scenes import (
    approvals,
    authority,
    cases,
    data,
    discards,
    engagements,
    enrolment,
    feeds,
    matching,
    money,
    monitoring,
    passing,
    programme,
    protocol,
    records,
    recruitment,
    refusals,
    reviews,
    sites,
    subjects,
    vaults,
)
from tests.e2e.desk import desk, enrolling_trial

Scene = Callable[[Stage], Awaitable[None]]
SCENES: tuple[Scene, ...] = (
    reviews.play,
    approvals.play,
    authority.play,
    subjects.play,
    sites.play,
    cases.play,
    records.play,
    vaults.play,
    discards.play,
    feeds.play,
    matching.play,
    recruitment.play,
    enrolment.play,
    programme.play,
    protocol.play,
    engagements.play,
    monitoring.play,
    money.play,
    data.play,
)


async def play(home: Home, found: StackAddresses) -> None:
    """Each scene on a trial of its own; StepFailedError says where one does not come true."""
    for scene in SCENES:
        began = time.monotonic()
        async with desk(found, home.root) as stage:
            await enrolling_trial(stage)
            await scene(stage)
        print(f"{time.monotonic() - began:5.1f} s  {scene.__module__}")
    async with desk(found, home.root) as stage:
        await enrolling_trial(stage)
        await refusals.play(stage, home)
    async with desk(found, home.root) as stage:
        await enrolling_trial(stage, approved_for=timedelta(days=1))
        await passing.play(stage, home)


if __name__ == "__main__":
    at = Home.at(os.environ.get("TRIALWIRE_HOME"))
    asyncio.run(play(at, start_stack(at, only_stack=False, say=print)))
