"""Holds over HTTP: what they forbid, that only their own end ends them, and that no request slips past."""

import asyncio
from pathlib import Path
from uuid import uuid4

import httpx

from shared.stack.api import StackAddresses
from tests.e2e.desk import COORDINATOR, LEAD, REGULATORY, about, desk, enrolling_trial, permissions

FORBIDDEN = ("screen", "consent", "enrol", "randomise")
AT_ONCE = 32


async def test_a_clinical_hold_stops_enrolment_and_dosing_until_it_and_only_it_is_lifted(
    stack: StackAddresses, home: Path
) -> None:
    async with desk(stack, home) as stage:
        await enrolling_trial(stage)
        trial, subject = stage.story.trial, about(stage)
        assert not any((await permissions(stage)).values())
        clinical = str(uuid4())
        async with stage.step("an authority imposes a hold, a committee another", 20):
            told = {"trial_ids": [trial], "kind": "full", "received_on": stage.today, "authority": "FDA"}
            await stage.act(REGULATORY, "regulatory", "impose-clinical-hold", hold_id=clinical, **told)
            (applied,) = await stage.come("trials.hold.applied", trial_id=trial, source="clinical_hold")
            await stage.come("trials.permissions.changed", scope_id=trial)
        async with stage.step("a committee stops new subjects as well", 20):
            scope = {"trial_id": trial, "scope_kind": "trial", "scope_id": trial}
            board = await stage.act(LEAD, "trials", "apply-hold", source="dsmb", **scope)
        both = await permissions(stage)
        assert all(len(both[effect]) == 2 for effect in FORBIDDEN)
        assert both["dose"] == [applied.data["hold_id"]]
        assert not both["collect_data"]
        for command, day in (("randomise-subject", "randomised_on"), ("dose-subject", "dose_on")):
            answer = await stage.post(
                COORDINATOR,
                "trials",
                command,
                **about(stage, stage.story.subjects[1]),
                **{day: stage.today},
            )
            assert answer.status_code == 409
            assert answer.json()["type"].endswith(f"hold.{command.partition('-')[0]}")
        early = await stage.post(
            LEAD,
            "trials",
            "lift-hold",
            hold_id=applied.data["hold_id"],
            trial_id=trial,
            source="clinical_hold",
            evidence="a hope",
        )
        assert early.status_code == 409
        async with stage.step("the authority lifts its hold", 20):
            lifted = {"hold_id": clinical, "lifted_on": stage.today, "letter_ref": "letter-1"}
            await stage.act(REGULATORY, "regulatory", "lift-clinical-hold", **lifted)
            await stage.come("trials.hold.lifted", hold_id=applied.data["hold_id"])
        one = await permissions(stage)
        assert one["enrol"] == one["randomise"] == [board["stream_id"]]
        assert not one["dose"]
        dosed = await stage.post(COORDINATOR, "trials", "dose-subject", **subject, dose_on=stage.today)
        assert dosed.is_success
        still = await stage.post(
            COORDINATOR,
            "trials",
            "randomise-subject",
            **about(stage, stage.story.subjects[1]),
            randomised_on=stage.today,
        )
        assert still.status_code == 409


async def test_no_randomisation_comes_after_the_hold_that_races_it(stack: StackAddresses, home: Path) -> None:
    async with desk(stack, home) as stage:
        await enrolling_trial(stage)
        trial, subjects = stage.story.trial, [uuid4() for _ in range(AT_ONCE)]
        async with stage.step("subjects enrol", 40):
            for number, subject in enumerate(subjects):
                fields = {"subject_code": f"R-{number:03}", "enrolled_on": stage.today}
                await stage.act(COORDINATOR, "trials", "enrol-subject", **about(stage, subject), **fields)

        async def randomise(subject: object) -> httpx.Response:
            return await stage.post(
                COORDINATOR,
                "trials",
                "randomise-subject",
                **about(stage, subject),  # type: ignore[arg-type]
                randomised_on=stage.today,
            )

        async def hold() -> httpx.Response:
            scope = {"trial_id": trial, "scope_kind": "trial", "scope_id": trial}
            return await stage.post(LEAD, "trials", "apply-hold", source="urgent_safety", **scope)

        first, last = subjects[: AT_ONCE // 2], subjects[AT_ONCE // 2 :]
        answers = await asyncio.gather(*map(randomise, first), hold(), *map(randomise, last))
        held = answers.pop(len(first))
        assert held.status_code == 201
        done = sum(answer.status_code == 201 for answer in answers)
        refused = [answer for answer in answers if answer.status_code == 409]
        assert done + len(refused) == AT_ONCE
        assert all(answer.json()["type"].endswith("hold.randomise") for answer in refused)

        log = await stage.ask("trials", "/v1/events", trial_id=str(trial), limit=500)
        events = log["events"]
        (stop,) = (event["pos"] for event in events if event["type"] == "trials.hold.applied.v1")
        went = [
            event["pos"]
            for event in events
            if event["type"] == "trials.subject.randomised.v1"
            and event["data"]["subject_id"] in set(map(str, subjects))
        ]
        assert len(went) == done
        assert all(pos < stop for pos in went)
