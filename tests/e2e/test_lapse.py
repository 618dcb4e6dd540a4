"""An ethics approval runs out by time alone: enrolment stops at its sites, and renewal lets them go on."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx

from shared.stack.api import StackAddresses
from shared.stack.demo.stage import Stage
from tests.e2e.conftest import Trialwire
from tests.e2e.desk import COORDINATOR, REGULATORY, about, desk, enrolling_trial, permissions


async def _randomise(stage: Stage) -> httpx.Response:
    fields = about(stage, stage.story.subjects[1]) | {"randomised_on": stage.today}
    return await stage.post(COORDINATOR, "trials", "randomise-subject", **fields)


async def test_a_lapsed_approval_stops_enrolment_until_it_is_renewed(
    stack: StackAddresses, home: Path, trialwire: Trialwire
) -> None:
    async with desk(stack, home) as stage:
        await enrolling_trial(stage, approved_for=timedelta(days=1))
        (approved,) = await stage.come("regulatory.irb.approval_activated", trial_id=stage.story.trial)
        assert approved.data["expires_on"] == str(stage.today + timedelta(days=1))

        advanced = trialwire("clock", "advance", "3d")
        assert advanced.returncode == 0
        assert "SIMULATED TIME" in advanced.stderr
        stage.today += timedelta(days=3)
        async with stage.step("the approval lapses", 30):
            await stage.come("regulatory.irb.approval_lapsed", approval_id=approved.data["approval_id"])
            (hold,) = await stage.come("trials.hold.applied", scope_id=stage.story.site, source="irb_lapse")
            await stage.come("trials.site.suspended", site_id=stage.story.site)

        forbidden = await permissions(stage)
        assert all(holds == [hold.data["hold_id"]] for holds in forbidden.values())
        refused = await _randomise(stage)
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:trialwire:problem:hold.randomise"

        late = uuid4()
        async with stage.step("an enrolment that happened all the same is kept, marked and a deviation", 20):
            fields = {"subject_code": "LATE-1", "enrolled_on": stage.today}
            await stage.act(COORDINATOR, "trials", "enrol-subject", **about(stage, late), **fields)
            (enrolled,) = await stage.come("trials.subject.enrolled", subject_id=late)
            (deviation,) = await stage.come("trials.deviation.reported", subject_id=late)
        assert "enrolment.under_hold" in enrolled.data["breaks"]
        assert deviation.data["holds"] == [hold.data["hold_id"]]

        async with stage.step("the board renews its approval", 30):
            review = uuid4()
            await stage.act(
                REGULATORY,
                "regulatory",
                "open-review",
                review_id=review,
                trial_id=stage.story.trial,
                site_ids=[stage.story.site],
                kind="continuing",
                zone=approved.data["zone"],
                renews=approved.data["approval_id"],
            )
            of_review = {"review_id": review}
            submitted = {"protocol_version": "1.0", "submitted_on": stage.today}
            await stage.act(REGULATORY, "regulatory", "submit-review", **of_review, **submitted)
            await stage.act(
                REGULATORY,
                "regulatory",
                "determine-review",
                **of_review,
                outcome="approved",
                meaning="filed as the board decided",
                decided_on=stage.today,
                effective_on=stage.today,
                expires_on=stage.today + timedelta(days=364),
            )
            await stage.come("trials.hold.lifted", hold_id=hold.data["hold_id"])
            await stage.come("trials.site.resumed", site_id=stage.story.site)
        assert not any((await permissions(stage)).values())
        assert (await _randomise(stage)).status_code == 201


def test_up_says_that_time_is_simulated(trialwire: Trialwire, stack: StackAddresses) -> None:
    assert trialwire("clock", "advance", "1s").returncode == 0
    assert "SIMULATED TIME" in trialwire("up").stderr


def test_a_span_that_is_none_is_told_so(trialwire: Trialwire, stack: StackAddresses) -> None:
    done = trialwire("clock", "advance", "a while")
    assert done.returncode == 1
    assert "no span of time" in done.stderr
