"""A board asks, wants changes, puts off, says no; a submitter withdraws; a file is closed."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from shared.stack.demo.stage import ZONE, Stage
from tests.e2e.desk import REGULATORY


async def play(stage: Stage) -> None:
    """Three reviews: one approved after questions and changes, one disapproved, one withdrawn."""
    async with stage.step("a review with a question and changes ends in an approval", 30):
        await _approved(stage)
    async with stage.step("a deferred review is disapproved", 20):
        await _disapproved(stage)
    async with stage.step("a review is withdrawn", 20):
        await act(stage, "withdraw-review", **await opened(stage), reason="protocol_redesigned")


async def opened(stage: Stage, **more: Any) -> dict[str, Any]:
    """A draft review of the story's site; its id as commands name it."""
    about = {"review_id": uuid4()}
    story = stage.story
    fields = {"kind": "amendment", "zone": ZONE, **more}
    await act(stage, "open-review", **about, trial_id=story.trial, site_ids=[story.site], **fields)
    return about


async def act(stage: Stage, command: str, **fields: Any) -> None:
    """An act of regulatory affairs."""
    await stage.act(REGULATORY, "regulatory", command, **fields)


async def submitted(stage: Stage, **more: Any) -> dict[str, Any]:
    """A review that lies with the board."""
    about = await opened(stage, **more)
    await act(stage, "submit-review", **about, protocol_version="2.0", submitted_on=stage.today)
    return about


async def approve(stage: Stage, about: dict[str, Any], days: int) -> None:
    """The board's approval, valid from today for so many days."""
    last = stage.today + timedelta(days=days)
    dates = {"decided_on": stage.today, "effective_on": stage.today, "expires_on": last}
    await act(stage, "determine-review", **about, outcome="approved", **dates)


async def _approved(stage: Stage) -> None:
    about = await submitted(stage)
    await act(stage, "start-pre-review", **about)
    await act(stage, "request-clarification", **about, requested_on=stage.today)
    await act(stage, "answer-clarification", **about)
    await act(stage, "start-review", **about)
    await act(stage, "request-modifications", **about, decided_on=stage.today)
    await act(stage, "submit-modifications", **about, protocol_version="2.1", submitted_on=stage.today)
    await approve(stage, about, days=40)
    (begun,) = await stage.come("regulatory.irb.approval_activated", review_id=about["review_id"])
    approval = {"approval_id": begun.data["approval_id"]}
    await stage.come("regulatory.irb.approval_expiring", **approval, days_left=40)
    await act(stage, "close-approval", **approval, closed_on=stage.today)


async def _disapproved(stage: Stage) -> None:
    about = await submitted(stage)
    await act(stage, "start-pre-review", **about)
    await act(stage, "start-review", **about)
    await act(stage, "defer-review", **about, decided_on=stage.today)
    await act(stage, "start-review", **about)
    decided = {"outcome": "disapproved", "decided_on": stage.today, "reason": "risk_not_minimised"}
    await act(stage, "determine-review", **about, **decided)
