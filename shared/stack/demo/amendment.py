"""Fourth act: the protocol is amended, and each site follows the new version once its board has approved."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.stack.demo.stage import ZONE, Stage

PROJECT_MANAGER = "project_manager:p-04"
REGULATORY = "regulatory_affairs:r-11"
FIRST = "1.0"  # what the boards approve at the start-up of their sites


async def play(stage: Stage) -> None:
    """From the version in force to the next one at both sites, which the registry is told of."""
    sites = (stage.story.site, stage.story.second_site)
    trial = {"trial_id": stage.story.trial}
    before, after = await _versions(stage, trial)
    async with stage.step(f"an amendment is drafted and released to the authority: version {after}", 15):
        drafted = {"version": after, "amends": before, "sections": ["6.1"], "reason": "dose reduction"}
        dated = {"dated_on": stage.today, "document_ref": f"etmf/protocol-{after}", "countries": ["US"]}
        await stage.act(PROJECT_MANAGER, "trials", "draft-protocol-version", **trial, **drafted, **dated)
        await _submitted(stage, trial, after, stage.today)
    async with stage.step("the boards of both sites approve it: it is in force there", 20):
        for site in sites:
            await _approved(stage, trial, site, after)
        for site in sites:
            await stage.come("trials.protocol.version_effective", site_id=site, version=after)


async def _versions(stage: Stage, trial: dict[str, Any]) -> tuple[str, str]:
    """The version in force and the next one; the first is drafted where nobody has done so."""
    found = await stage.ask("trials", f"/v1/trials/{trial['trial_id']}/protocol")
    # A version without a status is known from its boards alone.
    if drafted := [row for row in found["items"] if row["status"]]:
        return max(drafted, key=lambda row: row["ordinal"])["version"], f"{len(drafted) + 1}.0"
    day = stage.today - timedelta(days=45)
    async with stage.step(f"version {FIRST} of the protocol, which the boards approved, is in force", 15):
        first = {"version": FIRST, "dated_on": day, "document_ref": "etmf/protocol", "countries": ["US"]}
        await stage.act(PROJECT_MANAGER, "trials", "draft-protocol-version", **trial, **first)
        await _submitted(stage, trial, FIRST, day)
        for site in (stage.story.site, stage.story.second_site):
            await stage.come("trials.protocol.version_effective", site_id=site, version=FIRST)
    return FIRST, "2.0"


async def _submitted(stage: Stage, trial: dict[str, Any], version: str, day: date) -> None:
    released = {"version": version, "country": "US", "submission": f"serial {version}", "submitted_on": day}
    meaning = "submission released"
    await stage.act(REGULATORY, "trials", "record-protocol-submission", **trial, **released, meaning=meaning)


async def _approved(stage: Stage, trial: dict[str, Any], site: UUID, version: str) -> None:
    review, today = {"review_id": uuid4()}, stage.today
    opened = {"site_ids": [site], "kind": "amendment", "zone": ZONE}
    await stage.act(REGULATORY, "regulatory", "open-review", **review, **trial, **opened)
    sent = {"protocol_version": version, "submitted_on": today}
    await stage.act(REGULATORY, "regulatory", "submit-review", **review, **sent)
    await stage.act(REGULATORY, "regulatory", "start-pre-review", **review)
    await stage.act(REGULATORY, "regulatory", "start-review", **review, path="convened")
    decided = {"outcome": "approved", "decided_on": today, "effective_on": today}
    until = {"expires_on": today + timedelta(days=357), "meaning": "filed as the board decided"}
    await stage.act(REGULATORY, "regulatory", "determine-review", **review, **decided, **until)
