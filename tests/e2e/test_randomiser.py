"""The sample randomisation system beside a running stack: it obeys holds, keeps its secret, fails closed."""

import json
import time
from pathlib import Path
from uuid import uuid4

from shared.stack.api import StackAddresses
from shared.stack.demo.randomisation import RandomisationSystem
from shared.stack.demo.stage import Stage
from shared.stack.home import Home
from shared.stack.state import load
from tests.e2e.desk import COORDINATOR, LEAD, about, desk, enrolling_trial

AT_ONCE = 1.0  # seconds from the hold's event to the refusal


def system(stage: Stage, folder: Path) -> RandomisationSystem:
    """The program with a token that reaches the story's trial alone."""
    token = stage.issuer.token("irt-9", ["randomisation_system"], sponsors=(), trials=[stage.story.trial])
    return RandomisationSystem(stage.found, token, folder)


async def test_it_refuses_within_a_second_of_a_hold_also_when_restarted_and_goes_on_after(
    stack: StackAddresses, home: Path, tmp_path: Path
) -> None:
    async with desk(stack, home) as stage:
        await enrolling_trial(stage)
        asked = about(stage, stage.story.subjects[1]) | {"randomised_on": stage.today}
        async with system(stage, tmp_path) as running:
            async with stage.step("a committee stops new subjects", 20):
                scope = {"trial_id": stage.story.trial, "scope_kind": "trial", "scope_id": stage.story.trial}
                hold = (await stage.act(LEAD, "trials", "apply-hold", source="dsmb", **scope))["stream_id"]
                await stage.come("trials.hold.applied", hold_id=hold)
            refused = {"answer": "refused", "rule": "hold.randomise", "holds": [hold]}
            began = time.monotonic()
            # Before the topic has it, the service refuses: nobody is randomised in between.
            while (said := await running.randomise(**asked)) != refused:
                assert said == refused | {"holds": []}
            assert time.monotonic() - began < AT_ONCE
        async with system(stage, tmp_path) as running:
            assert await running.randomise(**asked) == refused
            answer = await stage.post(COORDINATOR, "trials", "randomise-subject", **asked)
            assert answer.status_code == 409
            assert answer.json()["type"] == "urn:trialwire:problem:hold.randomise"
            assert not running.allocations.exists()
            async with stage.step("the committee lets the trial go on", 20):
                lifted = {"hold_id": hold, "trial_id": stage.story.trial, "source": "dsmb"}
                await stage.act(LEAD, "trials", "lift-hold", **lifted, evidence="letter 3")
                await stage.come("trials.permissions.changed", 2, scope_id=stage.story.site)
                await stage.come("trials.permissions.changed", 2, scope_id=stage.story.trial)
            assert (await running.randomise(**asked))["answer"] == "randomised"


async def test_it_refuses_while_an_arm_is_held_and_while_the_intervention_is_paused(
    stack: StackAddresses, home: Path, tmp_path: Path
) -> None:
    async with desk(stack, home) as stage:
        await enrolling_trial(stage)
        trial = stage.story.trial
        asked = about(stage, stage.story.subjects[1]) | {"randomised_on": stage.today}
        async with system(stage, tmp_path) as running:
            async with stage.step("a committee stops one arm", 20):
                scope = {"trial_id": trial, "scope_kind": "arm", "scope_id": trial, "arm": "B"}
                hold = (await stage.act(LEAD, "trials", "apply-hold", source="dsmb", **scope))["stream_id"]
                await stage.come("trials.permissions.changed", scope_id=trial)
            refused = {"answer": "refused", "rule": "hold.randomise", "holds": [hold]}
            assert await running.randomise(**asked) == refused
            async with stage.step("the arm goes on, the intervention is paused", 20):
                lifted = {"hold_id": hold, "trial_id": trial, "source": "dsmb", "evidence": "letter 4"}
                await stage.act(LEAD, "trials", "lift-hold", **lifted)
                await stage.come("trials.permissions.changed", 2, scope_id=trial)
                pause = {"status": "temp_closed_accrual_intervention", "reason": "safety look"}
                await stage.act(LEAD, "trials", "change-trial-status", trial_id=trial, **pause)
                await stage.come("trials.permissions.changed", 3, scope_id=trial)
            paused = {"answer": "refused", "rule": "trial.not_active", "holds": []}
            assert await running.randomise(**asked) == paused
            answer = await stage.post(COORDINATOR, "trials", "randomise-subject", **asked)
            assert answer.json()["type"] == "urn:trialwire:problem:trial.not_active"
            async with stage.step("the trial goes on", 20):
                await stage.act(LEAD, "trials", "change-trial-status", trial_id=trial, status="active")
                await stage.come("trials.permissions.changed", 4, scope_id=trial)
            assert (await running.randomise(**asked))["answer"] == "randomised"


async def test_the_allocation_stays_in_its_file_and_is_made_once(
    stack: StackAddresses, home: Path, tmp_path: Path
) -> None:
    async with desk(stack, home) as stage:
        await enrolling_trial(stage)
        subject = stage.story.subjects[1]
        asked = about(stage, subject) | {"randomised_on": stage.today}
        async with system(stage, tmp_path) as running:
            first = await running.randomise(**asked)
        async with system(stage, tmp_path) as running:
            assert await running.randomise(**asked) == first
        assert first == {"answer": "randomised", "number": "R-0001"}
        assert running.allocations.stat().st_mode & 0o777 == 0o600
        (line,) = running.allocations.read_text(encoding="utf-8").splitlines()
        assert json.loads(line)["arm"] in ("A", "B")
        (told,) = await stage.come("trials.subject.randomised", subject_id=subject)
        assert set(told.data) == {"trial_id", "site_id", "subject_id", "randomised_on", "breaks"}


async def test_what_it_knows_nothing_of_and_what_it_cannot_read_it_refuses(
    stack: StackAddresses, home: Path, tmp_path: Path
) -> None:
    async with desk(stack, home) as stage:
        await enrolling_trial(stage)
        asked = about(stage, stage.story.subjects[1]) | {"randomised_on": stage.today}
        async with system(stage, tmp_path) as running:
            elsewhere = await running.randomise(**asked | {"site_id": uuid4()})
            assert elsewhere == {"answer": "refused", "rule": "site.not_active", "holds": []}
            unknown = await running.randomise(**asked | {"subject_id": uuid4()})
            assert unknown["answer"] == "refused"
            kafka = load(Home.at(home)).alive("kafka")
            assert kafka
            broker = kafka.process()
            assert broker
            broker.suspend()
            try:
                silent = await running.randomise(**asked)
            finally:
                broker.resume()
            assert silent == {"answer": "refused", "rule": "topic.not_read", "holds": []}
            assert not running.allocations.exists()
            assert (await running.randomise(**asked))["answer"] == "randomised"
